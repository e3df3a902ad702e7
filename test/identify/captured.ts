/** The recorded requests of real clients, with the texts put back as far as the recording kept them. Not in the repository: absent elsewhere. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Dialect, Json, JsonObject } from "../../src/exchange.ts"
import type { Sighting } from "../../src/identify/sighting.ts"
import { nodeOf } from "../support/nodes.ts"

const FOLDER = join(import.meta.dir, "../../../shared/clients/captured")

export const haveCaptured = existsSync(FOLDER)
if (!haveCaptured) console.warn(`SKIPPED: the recorded clients are not at ${FOLDER}`)

export interface Captured {
  /** `claude-code/claude-pre#1` */
  id: string
  file: string
  scenario: string
  method: string
  path: string
  headers: Headers
  body: JsonObject | null
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** `<len=409> first="…" lines=["…"]`: the first 90 characters, and the short lines that tell who and where. */
function restoreText(text: string): string {
  const kept = /^<len=\d+>(?: first="(.*?)")?(?: lines=(\[.*\]))?$/s.exec(text)
  if (!kept) return text
  const lines: string[] = kept[2] ? JSON.parse(kept[2]) : []
  const first = kept[1] ?? ""
  if (lines[0] !== first) lines.unshift(first)
  // The recording dropped Gemini CLI's heading, which holds no path: "- **Workspace Directories:**" over "  - /abs".
  const list = first === "<session_context>" ? lines.findIndex((line) => line.startsWith("- /")) : -1
  if (list >= 0) lines.splice(list, 1, "- **Workspace Directories:**", `  ${lines[list]}`)
  return lines.join("\n")
}

function restore(value: Json): Json {
  if (typeof value === "string") return restoreText(value)
  if (Array.isArray(value)) return value.map(restore)
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, restore(each)]))
    : value
}

interface Recorded {
  method?: string
  path?: string
  headers?: Record<string, string> | [string, string][]
  body?: Json
}

function load(file: string): Captured[] {
  const { scenarios }: { scenarios: { scenario: string; requests: Recorded[] }[] } = JSON.parse(
    readFileSync(join(FOLDER, file), "utf8"),
  )
  return scenarios.flatMap(({ scenario, requests }) =>
    requests.flatMap(({ method, path, headers, body }, at) => {
      if (!headers || !path) return []
      const restored = restore(body ?? null)
      return {
        id: `${file.replace(".json", "")}/${scenario}#${at}`,
        file,
        scenario,
        method: method ?? "GET",
        path,
        headers: new Headers(headers),
        body: isObject(restored) ? restored : null,
      }
    }),
  )
}

export const captured: Captured[] = haveCaptured
  ? readdirSync(FOLDER)
      .filter((file) => file.endsWith(".json"))
      .flatMap(load)
  : []

export function dialectOf(path: string): Dialect | null {
  if (path.endsWith("/chat/completions")) return "openai-chat"
  if (path.endsWith("/responses")) return "openai-responses"
  if (path.includes("/messages")) return "anthropic"
  return path.includes(":") ? "gemini" : null
}

export function sightingOf(request: Captured): Sighting {
  return {
    headers: request.headers,
    body: request.body && nodeOf(request.body),
    prefixUser: null,
    prefixProject: /^\/p\/([^/]+)/.exec(request.path)?.[1] ?? null,
    caller: { kind: "open", alias: null, userId: null, subscription: null },
  }
}
