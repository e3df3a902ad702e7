/** A month of made-up traffic in a real ledger: several clients, models and projects, errors, memory, ratings, and names full of HTML. The same each time. */
import type { LedgerRow } from "../../src/exchange.ts"
import { openStore } from "../../src/store/open.ts"
import { scoreOf } from "../../src/usage/quality-score.ts"
import { detailOf, rowAt } from "../store/sample.ts"

export const HOSTILE = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`
export const REMEMBERED = `<memproxy-memory>The staging server is called ${HOSTILE}.</memproxy-memory>`
const asked = (...said: string[]) =>
  JSON.stringify({ model: "m", messages: [{ role: "user", content: said.join("\n") }] })
const BODIES = { request: asked("Where do we deploy?"), sent: asked("Where do we deploy?", REMEMBERED) }
const DAY = 86_400_000
const DAYS = 34

/** mulberry32: small, and the same numbers everywhere. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function numbers(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Kind = Pick<
  LedgerRow,
  "client" | "client_version" | "model" | "upstream_model" | "provider" | "dialect_in" | "dialect_out"
> & { price: number }

const KINDS: readonly Kind[] = [
  {
    client: "claude-code",
    client_version: "2.1.197",
    model: "claude-sonnet-4.5",
    upstream_model: "claude-sonnet-4-5-20250929",
    provider: "anthropic",
    dialect_in: "anthropic",
    dialect_out: "anthropic",
    price: 3,
  },
  {
    client: "claude-code",
    client_version: "2.1.188",
    model: "claude-opus-4.5",
    upstream_model: "claude-opus-4-5",
    provider: "anthropic",
    dialect_in: "anthropic",
    dialect_out: "anthropic",
    price: 5,
  },
  {
    client: "codex",
    client_version: "0.169.0",
    model: "gpt-5.4",
    upstream_model: "gpt-5.4",
    provider: "openai",
    dialect_in: "openai-responses",
    dialect_out: "openai-responses",
    price: 1.75,
  },
  {
    client: "gemini-cli",
    client_version: "0.40.1",
    model: "gemini-3-pro",
    upstream_model: "gemini-3-pro",
    provider: "gemini",
    dialect_in: "gemini",
    dialect_out: "gemini",
    price: 2,
  },
  {
    client: "jetbrains-ai",
    client_version: null,
    model: "qwen3-coder",
    upstream_model: "qwen3-coder:30b",
    provider: "ollama",
    dialect_in: "openai-chat",
    dialect_out: "openai-chat",
    price: 0,
  },
]
const PROJECTS = ["acme/shop", "acme/infrastructure", "notes", null]
const USERS = ["ada", "grace", "linus"]

/** `now`: epoch milliseconds; the rows end there. */
export async function seedDemo(dataDir: string, now: number): Promise<void> {
  const store = openStore(dataDir, { warn: console.error, scoreOf })
  const random = numbers(7)
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!
  for (let day = DAYS; day >= 0; day--) {
    const sessions = 2 + Math.floor(random() * 4)
    for (let session = 0; session < sessions; session++) {
      const kind = pick(KINDS)
      const whose = { user_id: pick(USERS), project: pick(PROJECTS), session_id: `s-${day}-${session}` }
      const begun = now - day * DAY - Math.floor(random() * DAY * 0.5) - 60_000
      const turns = 2 + Math.floor(random() * 9)
      for (let turn = 0; turn < turns; turn++)
        append(kind, whose, Math.min(begun + turn * 95_000, now - 1000 * (turns - turn)), turn)
    }
  }
  const hostile = rowAt(now - 500, {
    model: HOSTILE,
    user_id: HOSTILE,
    project: HOSTILE,
    session_id: HOSTILE,
    client: null,
  })
  store.ledger.append(hostile, detailOf())
  store.bodies.put(hostile.id, now, () => ({ ...BODIES, answer: "data: {}", truncated: false }))
  await store.close()

  function append(kind: Kind, whose: Partial<LedgerRow>, at: number, turn: number): void {
    const { price, ...names } = kind
    const input = Math.round(9_000 + turn * 4_200 + random() * 3_000)
    const cached = turn === 0 ? 0 : Math.round(input * (0.7 + random() * 0.2))
    const output = Math.round(120 + random() * 1_100)
    const luck = random()
    const failed =
      luck < 0.03
        ? ({ outcome: "upstream-failed", status: 529, error_type: "overloaded" } as const)
        : luck < 0.05
          ? ({ outcome: "rejected", status: 404, error_type: "not_found" } as const)
          : null
    const left = luck > 0.97 ? ({ outcome: "client-left", status: 200 } as const) : null
    const ttft = Math.round(350 + random() * 1_400)
    const memories = turn === 0 && random() > 0.4 ? Math.ceil(random() * 3) : 0
    const cost = price === 0 ? null : ((input - cached * 0.9 + output * 5) * price) / 1e6
    const signals = {
      asked: 1,
      tried: failed?.outcome === "rejected" ? 0 : 1,
      succeeded: failed || left ? 0 : 1,
      begun: failed ? 0 : 1,
      complete: failed || left ? 0 : 1,
      answers: failed ? 0 : 1,
      streamed: 1,
      well_formed: failed || luck < 0.1 ? 0 : 1,
      calls: turn % 3,
      calls_good: turn % 3,
      results: turn % 3,
      results_ok: luck < 0.2 ? 0 : turn % 3,
      followed: failed ? 0 : 1,
      accepted: failed || luck < 0.15 ? 0 : 1,
      memory_on: memories > 0 ? 1 : 0,
      held_out: turn === 0 && memories === 0 ? 1 : 0,
      turns_done: failed || left ? 0 : 1,
      ...(!failed && { first_content_ms: ttft, per_token_us: 16_000 }),
      ...(random() > 0.85 && !failed && { rated: 1, rating: Math.round(1000 * (random() > 0.25 ? 1 : -1)) }),
    }
    const row = rowAt(at, {
      ...names,
      ...whose,
      ...(failed ?? left),
      client_guess: names.client === "jetbrains-ai",
      key_alias: "master",
      duration_ms: failed ? 180 : ttft + Math.round((output / 62) * 1000),
      ttft_ms: failed ? null : ttft,
      overhead_ms: 0.6 + random() * 2,
      memory_ms: memories > 0 ? 0.3 + random() : null,
      input_tokens: failed ? null : input,
      cache_read_tokens: failed ? null : cached,
      cache_write_tokens: failed ? null : Math.round((input - cached) * 0.8),
      output_tokens: failed ? null : output,
      cost_usd: failed ? 0 : cost,
      billed_usd: failed ? 0 : cost,
      tool_calls: turn % 3,
      memory_status: memories > 0 ? "hit" : "miss",
      memories_injected: memories,
      memory_tokens: memories * 64,
      quality: scoreOf(signals),
    })
    const injected = Array.from({ length: memories }, (_, index) => ({
      id: `m-${index}`,
      score: 0.91 - index * 0.13,
      why: "the same words: deploy, staging",
      tokens: 64,
    }))
    store.ledger.append(row, detailOf({ memories: injected, signals, sent_ms: 0.8 }))
  }
}
