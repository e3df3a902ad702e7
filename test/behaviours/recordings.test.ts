/** Every recording, replayed through the proxy: the official SDK sees no difference, the ledger says what the recording says. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { calcPrice } from "@pydantic/genai-prices"
import type { LedgerRow } from "../../src/exchange.ts"
import { type FakeProvider, startFakeProvider } from "../support/fake-provider.ts"
import { type Fixture, haveFixtures, loadFixtures, replay, requestOf } from "../support/fixtures.ts"
import { callBytes, lanes } from "../support/lanes.ts"
import { MASTER, type Memproxy, startMemproxy } from "../support/memproxy.ts"
import { rawRequest } from "../support/raw-http.ts"
import { recordedUsage, valuesOf } from "../support/recorded-usage.ts"
import { callSdk } from "../support/sdk.ts"

const fixtures = loadFixtures().filter((one) => one.response)
/** Our provider's name in LiteLLM's config, and its name in the price table. */
const PROVIDERS: Record<string, [config: string, prices: string]> = {
  "openai-chat": ["openai", "openai"],
  "openai-embeddings": ["openai", "openai"],
  "openai-responses": ["openai/responses", "openai"],
  anthropic: ["anthropic", "anthropic"],
  "anthropic-count-tokens": ["anthropic", "anthropic"],
  gemini: ["gemini", "google"],
  "gemini-vertex": ["gemini", "google"],
  "compat-deepseek": ["deepseek", "deepseek"],
  "compat-groq": ["groq", "groq"],
  "compat-openrouter": ["openrouter", "openrouter"],
}

let provider: FakeProvider
let proxy: Memproxy
const byModel = new Map<string, Fixture>()
let packetBytes: number | undefined

const publicName = (one: Fixture) => `m${fixtures.indexOf(one)}`
const realModel = (one: Fixture) => (one.meta.model === "?" ? "unknown-model" : one.meta.model)

beforeAll(async () => {
  provider = await startFakeProvider()
  const model_list = fixtures.map((one) => {
    const [prefix] = PROVIDERS[one.provider]!
    const isOpenAi = !["anthropic", "gemini"].includes(prefix)
    byModel.set(publicName(one), one)
    // the base tells the fake provider which recording is meant
    const api_base = `${provider.url}/${publicName(one)}${isOpenAi ? "/v1" : ""}`
    return {
      model_name: publicName(one),
      litellm_params: { model: `${prefix}/${realModel(one)}`, api_base, api_key: "sk-up" },
    }
  })
  proxy = await startMemproxy({ config: { model_list, general_settings: { master_key: MASTER } } })
  provider.script((request) => {
    const one = byModel.get(request.path.split("/")[1]!)
    return one ? replay(one, { packetBytes: one.isSse ? packetBytes : undefined }) : { status: 418 }
  })
})
afterAll(async () => {
  await proxy?.stop()
  await provider?.stop()
})

const sdkCases = fixtures.filter((one) => one.dialect)
/** The recorded request; where it is lost, one that asks for what the answer has. The SDK refuses long whole answers: fewer tokens. */
function bodyOf(one: Fixture) {
  const recorded = one.dialect === "gemini" ? null : requestOf(one)
  if (one.dialect === "anthropic" && recorded)
    return { ...recorded, max_tokens: Math.min(recorded.max_tokens, 8000), stream: undefined }
  return (
    recorded ?? (one.dialect === "openai-chat" && one.isSse ? { stream_options: { include_usage: true } } : undefined)
  )
}
const isStream = (one: Fixture) => one.isSse

const viaProxy = (one: Fixture) =>
  callSdk({
    url: proxy.url,
    key: MASTER,
    dialect: one.dialect!,
    model: publicName(one),
    stream: isStream(one),
    body: bodyOf(one),
  })
const direct = (one: Fixture) =>
  callSdk({
    url: `${provider.url}/${publicName(one)}`,
    key: "sk-up",
    dialect: one.dialect!,
    model: realModel(one),
    stream: isStream(one),
    body: bodyOf(one),
  })

describe.skipIf(!haveFixtures)("the official SDK sees through the proxy what it sees directly", () => {
  for (const one of sdkCases)
    test(one.id, async () => {
      packetBytes = undefined
      const expected = await direct(one)
      expect(await viaProxy(one)).toEqual(expected)
      if (!one.isSse) return
      packetBytes = one.response!.length < 15_000 ? 1 : 61
      expect(await viaProxy(one)).toEqual(expected)
    })
})

/** One call over a raw connection: the answer and its row. */
async function ledgered(one: Fixture): Promise<{ row: LedgerRow; body: Buffer }> {
  const lane = lanes.find(
    (row) => row.dialect === (one.dialect ?? (one.provider.startsWith("anthropic") ? "anthropic" : "openai-chat")),
  )!
  const stream = one.isSse
  const path =
    one.provider === "openai-embeddings"
      ? "/v1/embeddings"
      : one.provider === "anthropic-count-tokens"
        ? "/v1/messages/count_tokens"
        : arrayPath(one)
  const base = one.provider === "openai-embeddings" ? { model: "", input: "hi" } : lane.body(stream)
  const body = JSON.stringify({
    ...base,
    ...("model" in base && { model: publicName(one) }),
    ...(lane.dialect === "openai-chat" && stream && { stream_options: { include_usage: true } }),
  })
  const bytes = callBytes(lane, { stream, body, path: path ?? lane.path(stream, publicName(one)) })
  const answer = await rawRequest(proxy.port, bytes)
  return { row: await proxy.row(answer.headers["x-memproxy-request-id"]!), body: answer.body }
}

const arrayPath = (one: Fixture) =>
  one.meta.features.includes("json-array-stream") ? `/v1beta/models/${publicName(one)}:streamGenerateContent` : null

describe.skipIf(!haveFixtures)("bytes, tokens and cost of a recording", () => {
  for (const one of fixtures)
    test(one.id, async () => {
      packetBytes = one.isSse && one.response!.length < 15_000 ? 3 : undefined
      const { row, body } = await ledgered(one)
      expect(body.equals(one.response!)).toBe(true)
      expect(row.status).toBe(one.meta.status!)
      const usage = recordedUsage(one)
      if (one.meta.status !== 200) {
        expect(row.outcome).toBe("upstream-failed")
        return
      }
      if (!usage || row.outcome !== "done") return
      expect({
        input: row.input_tokens,
        cacheRead: row.cache_read_tokens,
        cacheWrite: row.cache_write_tokens,
        cacheWrite1h: row.cache_write_1h_tokens,
        output: row.output_tokens,
        reasoning: row.reasoning_tokens,
        estimated: row.estimated,
      }).toEqual({ ...usage, estimated: false })
      const price = priceOf(one, usage)
      if (price === null) expect(row.cost_usd).toBeNull()
      else expect(Math.abs(row.cost_usd! - price)).toBeLessThan(1e-9)
    })
})

function priceOf(one: Fixture, usage: NonNullable<ReturnType<typeof recordedUsage>>): number | null {
  const [, providerId] = PROVIDERS[one.provider]!
  const tokens = {
    input_tokens: usage.input,
    cache_read_tokens: usage.cacheRead,
    cache_write_tokens: usage.cacheWrite,
    output_tokens: usage.output,
  }
  const audio = one.dialect === "gemini" ? audioOf(one) : {}
  const price = (model: string | undefined) =>
    model ? (calcPrice({ ...tokens, ...audio }, model, { providerId })?.total_price ?? null) : null
  // a name like `gemini-flash-latest` has no price, the model that answered has
  return price(realModel(one)) ?? price(valuesOf(one).findLast((value) => value.modelVersion)?.modelVersion)
}

/** Google prices sound apart. */
function audioOf(one: Fixture): Record<string, number> {
  const usage = valuesOf(one)
    .map((value) => value.usageMetadata)
    .findLast(Boolean)
  const tokens = (details: { modality: string; tokenCount: number }[] | undefined) =>
    details?.find((part) => part.modality === "AUDIO")?.tokenCount ?? 0
  return {
    input_audio_tokens: tokens(usage?.promptTokensDetails),
    cache_audio_read_tokens: tokens(usage?.cacheTokensDetails),
  }
}
