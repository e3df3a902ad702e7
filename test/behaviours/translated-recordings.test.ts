/**
 * Every recorded generation as the answer of a provider of its dialect, read through each of the other three by that dialect's official SDK:
 * text, calls with arguments, thinking with signature, stop reason and usage are those that the recording's own SDK reads, and those the ledger keeps.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Dialect } from "../../src/exchange.ts"
import { type FakeProvider, startFakeProvider } from "../support/fake-provider.ts"
import { type Fixture, haveFixtures, loadFixtures, replay } from "../support/fixtures.ts"
import type { Loose } from "../support/json.ts"
import { lanes } from "../support/lanes.ts"
import { MASTER, type Memproxy, startMemproxy } from "../support/memproxy.ts"
import { recordedUsage } from "../support/recorded-usage.ts"
import { type Said, said } from "../support/said.ts"
import { callSdk } from "../support/sdk.ts"

const fixtures = loadFixtures().filter((one) => one.response && one.dialect && one.meta.status === 200)
const PREFIX: Record<Dialect, string> = {
  "openai-chat": "openai",
  "openai-responses": "openai/responses",
  anthropic: "anthropic",
  gemini: "gemini",
}
/** The provider's own row where its habits differ. */
const ROWS: Record<string, string> = {
  "compat-deepseek": "deepseek",
  "compat-groq": "groq",
  "compat-openrouter": "openrouter",
}

let provider: FakeProvider
let proxy: Memproxy
let packetBytes: number | undefined
const name = (one: Fixture) => `m${fixtures.indexOf(one)}`

beforeAll(async () => {
  provider = await startFakeProvider()
  const model_list = fixtures.map((one) => {
    const dialect = one.dialect!
    const api_base = `${provider.url}/${name(one)}${dialect.startsWith("openai") ? "/v1" : ""}`
    const model = `${ROWS[one.provider] ?? PREFIX[dialect]}/${one.meta.model === "?" ? "unknown" : one.meta.model}`
    return { model_name: name(one), litellm_params: { model, api_base, api_key: "sk-up" } }
  })
  proxy = await startMemproxy({ config: { model_list, general_settings: { master_key: MASTER } } })
  provider.script((request) => {
    const one = fixtures[Number(request.path.split("/")[1]!.slice(1))]
    return one ? replay(one, { packetBytes: one.isSse ? packetBytes : undefined }) : { status: 418 }
  })
})
afterAll(async () => {
  await proxy?.stop()
  await provider?.stop()
})

/** The tools that the recording calls, so that the client offers them: an answer may call only those. */
const call = (one: Fixture, dialect: Dialect, url: string, key: string) =>
  callSdk({
    url,
    key,
    dialect,
    model: name(one),
    stream: one.isSse,
    body: dialect === "openai-chat" && one.isSse ? { stream_options: { include_usage: true } } : undefined,
  })

/** What the SDK ended with; the error it threw, or that ended its stream. */
function outcome(dialect: Dialect, seen: Loose): { said: Said } | { threw: string } {
  const events: Loose[] = seen.events ?? []
  const threw = seen.threw ?? seen.final?.threw ?? events.find((event) => event.threw)?.threw
  if (threw) return { threw }
  if (!seen.events) return { said: said(dialect, seen) }
  const read = said(dialect, dialect === "gemini" ? events : seen.final)
  return { said: dialect === "openai-chat" ? { ...read, ...thinkingIn(events) } : read }
}

/** OpenAI's SDK keeps only the last delta of what its own API has not. */
function thinkingIn(events: Loose[]): Pick<Said, "thinking" | "signatures"> {
  const deltas = events.map((event) => event.choices?.[0]?.delta ?? {})
  const blocks = deltas.flatMap((delta) => [delta.thinking_blocks ?? [], delta.reasoning_details ?? []].flat())
  return {
    thinking: deltas.map((delta) => delta.reasoning_content ?? delta.reasoning ?? "").join(""),
    signatures: blocks.map((block) => block.signature ?? block.data).filter(Boolean),
  }
}

/** What a client's dialect can hold of what was said. */
function held(one: Said, by: Dialect, from: Dialect): Partial<Said> {
  const { usage, signatures, callSignatures, text, refusal, ...rest } = one
  return {
    ...rest,
    // only OpenAI's dialects keep a refusal apart from the text
    text: by.startsWith("openai") && from.startsWith("openai") ? text : text + refusal,
    // Gemini's signatures of calls have a place in Chat and Gemini alone
    ...(from === "gemini" ? {} : { signatures }),
    ...(by === "openai-chat" && from === "gemini" ? { callSignatures } : {}),
    usage: usage && { ...usage, reasoning: by === "anthropic" || from === "anthropic" ? null : usage.reasoning },
  }
}

/** Google's SDK reads no JSON array. */
async function outcomeOf(one: Fixture) {
  if (one.meta.features.includes("json-array-stream"))
    return { said: said("gemini", JSON.parse(one.response!.toString())) }
  return outcome(one.dialect!, await call(one, one.dialect!, `${provider.url}/${name(one)}`, "sk-up"))
}

/** Where the recording says a thing twice or its own SDK cannot read it. */
function comparable(one: Partial<Said>, { name, response }: Fixture): Partial<Said> {
  const recorded = response!.toString()
  return {
    ...one,
    // an item's encrypted content at its end and in the last event are two encryptions of one thought
    signatures: one.signatures?.map((signature) => (recorded.includes(signature) ? "recorded" : signature)),
    calls: one.calls?.map(({ name: tool, args }) => {
      // Google's SDK does not put streamed arguments together
      if (name === "vc-google-stream-tool-call-arguments-stream") return { name: tool, args: null }
      // a bare string is an object's only member where arguments are objects
      return { name: tool, args: typeof args === "string" ? { input: args } : args }
    }),
  }
}

describe.skipIf(!haveFixtures)("a recorded answer says the same in every dialect", () => {
  for (const one of fixtures)
    for (const { dialect } of lanes.filter((lane) => lane.dialect !== one.dialect))
      test(`${one.id} read by ${dialect}`, async () => {
        packetBytes = undefined
        const direct = await outcomeOf(one)
        const seen = await call(one, dialect, proxy.url, MASTER)
        const translated = outcome(dialect, seen)
        // what the recording's own SDK refuses may well be understood; it must end
        if ("threw" in direct) return
        if ("threw" in translated) throw new Error(JSON.stringify(seen).slice(0, 2000))
        expect(comparable(held(translated.said, dialect, one.dialect!), one)).toEqual(
          comparable(held(direct.said, dialect, one.dialect!), one),
        )
        if (one.isSse) {
          packetBytes = one.response!.length < 15_000 ? 1 : 61
          expect(outcome(dialect, await call(one, dialect, proxy.url, MASTER))).toEqual(translated)
        }
        const [row] = await proxy.rows()
        const usage = recordedUsage(one)
        expect(row).toMatchObject({ dialect_in: dialect, dialect_out: one.dialect, status: 200, outcome: "done" })
        if (usage)
          expect([row!.input_tokens, row!.output_tokens, row!.estimated]).toEqual([usage.input, usage.output, false])
      })
})
