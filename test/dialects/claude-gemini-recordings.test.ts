/**
 * Anthropic's and Google's recordings read and written again: an answer says the same, streamed, collected and whole, by the vendor's SDK; a request asks for the
 * same and is valid.
 */
import { describe, expect, test } from "bun:test"
import Anthropic from "@anthropic-ai/sdk"
import { GoogleGenAI } from "@google/genai"
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

type Ours = "anthropic" | "gemini"
const INBOUND: Record<string, Ours> = { "inbound-claude-code": "anthropic", "inbound-gemini-cli": "gemini" }
const dialectOf = (one: Fixture) => (INBOUND[one.provider] ?? one.dialect) as Ours
const ours = loadFixtures().filter((one) => ["anthropic", "gemini"].includes(dialectOf(one)))
const answers = ours.filter((one) => one.response && one.meta.status === 200)
const requests = ours.filter((one) => one.request)
const MODELS = { anthropic: "claude-sonnet-4-5", gemini: "gemini-3-pro-preview" }

const reception = (): Reception => ({
  id: "0198-abcd",
  created: 1_700_000_000,
  model: "m",
  body: {},
  wantsUsage: true,
  losses: new Losses(),
})

const ACCUMULATED: Record<Ours, (sse: string) => Promise<Said>> = {
  anthropic: async (sse) => {
    const client = new Anthropic({ apiKey: "k", baseURL: "http://localhost", maxRetries: 0, fetch: answering(sse) })
    const stream = client.messages.stream({ model: "m", max_tokens: 1, messages: [{ role: "user", content: "hi" }] })
    return said("anthropic", await stream.finalMessage())
  },
  // Google's SDK takes no fetch of one's own, but parses what a Response holds
  gemini: async (sse) => {
    const client = new GoogleGenAI({ apiKey: "k" }) as Loose
    const chunks: Loose[] = []
    for await (const chunk of client.apiClient.processStreamResponse(await answering(sse)()))
      chunks.push(await chunk.json())
    return said("gemini", chunks)
  },
}
const answering = (sse: string) => async () => new Response(sse, { headers: { "content-type": "text/event-stream" } })

function eventsOf(one: Fixture): FormEvent[] {
  const codec = CODECS[one.dialect!]
  const values = valuesOf(one)
  if (!one.isSse && values.length === 1) return replay(codec.readAnswer(values[0]))
  return readEvents(codec, values)
}

/** What this judge cannot read: Vertex's arguments in pieces. */
const isUnread = (recorded: string) => recorded.includes('"partialArgs"')
/** A call that a provider cut off has arguments of a kind only while it streams. */
const comparable = (one: Said, fixture: Fixture) =>
  fixture.name.includes("spliced") ? { ...one, calls: one.calls.map(({ name }) => name) } : one

describe.skipIf(!haveFixtures)("an answer of Claude or Gemini read and written again", () => {
  for (const one of answers)
    test(one.id, async () => {
      const dialect = dialectOf(one)
      const recorded = one.response!.toString()
      const events = eventsOf(one)
      if (events.at(-1)?.type === "error") return expect(one.meta.quirk ?? recorded).toMatch(/error/i)
      const writer = CODECS[dialect].streamWriter(reception())
      const sse = events.map((event) => writer.write(event)).join("")
      const answer = collect(events)
      const streamed = comparable(await ACCUMULATED[dialect](sse), one)
      const whole = said(dialect, CODECS[dialect].writeAnswer(answer, reception()))
      expect(comparable(whole, one)).toEqual(streamed)
      const direct = await (
        one.isSse ? ACCUMULATED[dialect](recorded) : Promise.resolve(said(dialect, JSON.parse(recorded)))
      ).catch(() => null)
      if (direct && !isUnread(recorded)) expect(streamed).toEqual(comparable(direct, one))
      const usage = recordedUsage(one)
      if (usage) expect(answer.usage).toMatchObject({ ...usage })
    })
})

describe.skipIf(!haveFixtures)("a request of Claude's or Gemini's clients read and written again", () => {
  for (const one of requests)
    test(one.id, () => {
      const dialect = dialectOf(one)
      const codec = CODECS[dialect]
      const write = (body: JsonObject) => {
        const to = { dialect, provider: dialect, model: MODELS[dialect], stream: false, losses: new Losses() }
        return codec.writeRequest(codec.readRequest(body, to.losses), to)
      }
      const once = write(requestOf(one))
      expect(write(once)).toEqual(once)
      expect(wrongIn(dialect, once)).toEqual([])
    })
})
