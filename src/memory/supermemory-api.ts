/** One call of Supermemory's HTTP API, cloud or self-hosted. https://supermemory.ai/docs/api-reference; shapes as in its npm client 4.25.4. */
import type { Json, JsonObject, Secret } from "../exchange.ts"
import { MemoryFailure } from "./engine.ts"

export interface SupermemoryAccess {
  key: Secret | null
  /** without trailing slash */
  base: string
}

/** Recall bodies are small; more is a mistake, or an attack on our memory. */
const MOST_CHARS = 1 << 20

export type Call =
  | "POST /v4/profile"
  | "POST /v4/search"
  | "POST /v4/conversations"
  | "POST /v4/memories"
  | "POST /v4/memories/list"
  | "DELETE /v4/memories"

/**
 * The answer's JSON object.
 * @throws MemoryFailure `no-key`, `timeout`, `network`, `http-401` …, `bad-answer`; never with the key or a body in it
 */
export async function callSupermemory(
  { key, base }: SupermemoryAccess,
  call: Call,
  body: JsonObject,
  timeoutMs: number,
): Promise<JsonObject> {
  if (!key) throw new MemoryFailure("no-key", "Supermemory needs a key: set SUPERMEMORY_API_KEY")
  const [method = "", path = ""] = call.split(" ")
  const signal = AbortSignal.timeout(Math.max(1, Math.floor(timeoutMs)))
  try {
    const response = await fetch(base + path, {
      method,
      headers: {
        authorization: `Bearer ${key.reveal()}`,
        "content-type": "application/json",
        "x-sm-source": "memproxy",
      },
      body: JSON.stringify(body),
      redirect: "error",
      signal,
    })
    const text = await response.text()
    if (!response.ok) throw httpFailure(path, response)
    return parseAnswer(path, text)
  } catch (error) {
    if (error instanceof MemoryFailure) throw error
    if (signal.aborted) throw new MemoryFailure("timeout", `Supermemory's ${path} took longer than ${timeoutMs} ms`)
    throw new MemoryFailure("network", `Supermemory's ${path} cannot be reached at ${base}`, error)
  }
}

/** An answer that asks to come again later: how long, in ms; null: it does not say. */
export class SupermemoryRefusal extends MemoryFailure {
  readonly status: number
  readonly retryAfterMs: number | null
  constructor(path: string, status: number, retryAfterMs: number | null) {
    super(`http-${status}`, `Supermemory's ${path} answered ${status}`)
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

function httpFailure(path: string, { status, headers }: Response): SupermemoryRefusal {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN)
  return new SupermemoryRefusal(path, status, Number.isFinite(seconds) ? seconds * 1000 : null)
}

function parseAnswer(path: string, text: string): JsonObject {
  const bad = (cause?: unknown) =>
    new MemoryFailure("bad-answer", `Supermemory's ${path} answered no JSON object`, cause)
  if (text.length > MOST_CHARS) throw bad()
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (error) {
    throw bad(error)
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad()
  return value
}
