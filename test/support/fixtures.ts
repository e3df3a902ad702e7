/** The recorded provider traffic that lives beside the repository. Where it is absent, tests that need it say so and skip. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Dialect } from "../../src/exchange.ts"
import type { Answer } from "./fake-provider.ts"
import { type Loose, parseLoose } from "./json.ts"

const FIXTURES = resolve(import.meta.dir, "../../../shared/fixtures/open")
export const haveFixtures = existsSync(FIXTURES)
if (!haveFixtures)
  console.warn(`SKIPPED: recorded traffic is not at ${FIXTURES}; every test that replays it is skipped`)

export interface Fixture {
  /** `provider/name` */
  id: string
  provider: string
  name: string
  dir: string
  meta: {
    model: string
    url: string | null
    status: number | null
    stream: boolean | null
    recorded: boolean
    quirk?: string
    features: string[]
    response_headers: Record<string, string>
    request_headers: Record<string, string>
  }
  /** null where the source kept only the answer */
  request: Buffer | null
  /** null for requests recorded alone */
  response: Buffer | null
  isSse: boolean
  /** null for embeddings and count_tokens: they have no generation stream */
  dialect: Dialect | null
}

const dialects: Record<string, Dialect> = {
  "openai-chat": "openai-chat",
  "openai-responses": "openai-responses",
  anthropic: "anthropic",
  gemini: "gemini",
  "gemini-vertex": "gemini",
  "compat-deepseek": "openai-chat",
  "compat-groq": "openai-chat",
  "compat-openrouter": "openai-chat",
}

/** All recordings, or those of the named providers; empty where the folder is absent. */
export function loadFixtures(...providers: string[]): Fixture[] {
  if (!haveFixtures) return []
  const wanted = providers.length ? providers : readdirSync(FIXTURES).sort()
  return wanted.flatMap((provider) =>
    readdirSync(join(FIXTURES, provider))
      .sort()
      .map((name) => loadFixture(provider, name)),
  )
}

export function loadFixture(provider: string, name: string): Fixture {
  const dir = join(FIXTURES, provider, name)
  const read = (file: string) => (existsSync(join(dir, file)) ? readFileSync(join(dir, file)) : null)
  const sse = read("response.sse")
  const meta: Fixture["meta"] = JSON.parse(readFileSync(join(dir, "meta.json"), "utf8"))
  return {
    id: `${provider}/${name}`,
    provider,
    name,
    dir,
    meta,
    request: read("request.json"),
    response: sse ?? read("response.json"),
    isSse: sse !== null,
    dialect: dialects[provider] ?? null,
  }
}

/** The recorded answer, its bytes split as told: into packets of that many bytes, or at the given offsets. */
export function replay(fixture: Fixture, split: { packetBytes?: number; at?: number[] } = {}): Answer {
  if (!fixture.response) throw new Error(`${fixture.id} has no answer`)
  const headers = { ...fixture.meta.response_headers }
  delete headers["transfer-encoding"]
  headers["content-type"] ??= fixture.isSse ? "text/event-stream" : "application/json"
  const status = fixture.meta.status ?? 200
  if (!fixture.isSse && !split.at && !split.packetBytes) return { status, headers, body: fixture.response }
  const offsets = [0, ...(split.at ?? []), fixture.response.length]
  const pieces = offsets.slice(1).map((end, index) => fixture.response!.subarray(offsets[index], end))
  return { status, headers, pieces, packetBytes: split.packetBytes }
}

/** The recorded request's body as a value; null where there is none. */
export const requestOf = (fixture: Fixture): Loose => (fixture.request ? parseLoose(fixture.request.toString()) : null)
