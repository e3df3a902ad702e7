/**
 * OpenAI's two dialects read and written again: an answer says the same, streamed, collected and whole, by OpenAI's SDK; a request asks for the same and is valid.
 */
import { describe, expect, test } from "bun:test"
import OpenAI from "openai"
import type { JsonObject } from "../../src/exchange.ts"
import { type FormEvent, Losses, type Reception } from "../../src/dialects/form.ts"
import { CODECS } from "../../src/dialects/translation/codecs.ts"
import { collect, replay } from "../../src/dialects/translation/collect.ts"
import { type Fixture, haveFixtures, loadFixtures, requestOf } from "../support/fixtures.ts"
import { readEvents } from "../support/form.ts"
import type { Loose } from "../support/json.ts"
import { recordedUsage, valuesOf } from "../support/recorded-usage.ts"
import { type Said, said } from "../support/said.ts"
import { wrongIn } from "../support/valid-request.ts"

type OpenAiDialect = "openai-chat" | "openai-responses"
const all = loadFixtures()
const ofOpenAi = (one: Fixture) => one.dialect === "openai-chat" || one.dialect === "openai-responses"
const answers = all.filter((one) => ofOpenAi(one) && one.response && one.meta.status === 200)
const requests = all.filter((one) => (ofOpenAi(one) || one.provider === "inbound-codex-cli") && one.request)

const reception = (body: JsonObject): Reception => ({
  id: "0198-abcd",
  created: 1_700_000_000,
  model: "m",
  body,
  wantsUsage: true,
  losses: new Losses(),
})

/** What OpenAI's SDK makes of a stream. */
async function accumulated(dialect: OpenAiDialect, sse: string): Promise<Said> {
  const fetch = async () => new Response(sse, { headers: { "content-type": "text/event-stream" } })
  const client = new OpenAI({ apiKey: "k", baseURL: "http://localhost/v1", maxRetries: 0, fetch: fetch as Loose })
  if (dialect === "openai-responses")
    return said(dialect, await client.responses.stream({ model: "m", input: "hi" }).finalResponse())
  const stream = client.chat.completions.stream({ model: "m", messages: [] })
  const deltas: Loose[] = []
  stream.on("chunk", (chunk) => deltas.push(chunk.choices[0]?.delta ?? {}))
  const blocks = () => deltas.flatMap((delta) => [delta.thinking_blocks ?? [], delta.reasoning_details ?? []].flat())
  const read = said(dialect, await stream.finalChatCompletion())
  return {
    ...read,
    // the SDK keeps only the last delta of what its own API has not
    thinking: deltas.map((delta) => delta.reasoning_content ?? delta.reasoning ?? "").join(""),
    signatures: blocks().flatMap((block) => block.signature || block.data || []),
  }
}

function eventsOf(one: Fixture): FormEvent[] {
  const codec = CODECS[one.dialect!]
  if (!one.isSse) return replay(codec.readAnswer(valuesOf(one)[0]))
  return readEvents(codec, valuesOf(one), true)
}

/** An item's encrypted content at its end and in the last event are two encryptions of one thought. */
const comparable = ({ signatures, ...rest }: Said, recorded: string) => ({
  ...rest,
  signatures: signatures.map((one) => (recorded.includes(one) ? "recorded" : one)),
})

describe.skipIf(!haveFixtures)("an answer of OpenAI's dialects read and written again", () => {
  for (const one of answers)
    test(one.id, async () => {
      const dialect = one.dialect as OpenAiDialect
      const recorded = one.response!.toString()
      const events = eventsOf(one)
      if (events.at(-1)?.type === "error") return expect(one.meta.quirk ?? recorded).toMatch(/error/i)
      const writer = CODECS[dialect].streamWriter(reception({}))
      const sse = events.map((event) => writer.write(event)).join("")
      const answer = collect(events)
      const whole = CODECS[dialect].writeAnswer(answer, reception({}))
      const streamed = comparable(await accumulated(dialect, sse), recorded)
      expect(comparable(said(dialect, whole), recorded)).toEqual(streamed)
      const direct = await (
        one.isSse ? accumulated(dialect, recorded) : Promise.resolve(said(dialect, JSON.parse(recorded)))
      ).catch(() => null)
      if (direct) expect(streamed).toEqual(comparable(direct, recorded))
      const usage = recordedUsage(one)
      if (usage) expect(answer.usage).toMatchObject({ ...usage })
    })
})

describe.skipIf(!haveFixtures)("a request of OpenAI's dialects read and written again", () => {
  for (const one of requests)
    test(one.id, () => {
      const dialect = (one.dialect ?? "openai-responses") as OpenAiDialect
      const codec = CODECS[dialect]
      const write = (body: JsonObject) => {
        const to = { dialect, provider: "openrouter", model: "gpt-5", stream: false, losses: new Losses() }
        return codec.writeRequest(codec.readRequest(body, to.losses), to)
      }
      const body = requestOf(one)
      if (body.previous_response_id) return expect(() => write(body)).toThrow("previous_response_id")
      const once = write(body)
      expect(write(once)).toEqual(once)
      expect(wrongIn(dialect, once).filter((wrong) => !/: type /.test(wrong))).toEqual([])
    })
})
