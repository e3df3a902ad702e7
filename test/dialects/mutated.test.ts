/**
 * Recorded bodies with faults in them, read by their dialect and written in all four: a reader of requests may refuse, in words, and nothing else may throw.
 * 1500 bodies a dialect and kind; as many as the environment's `MUTATIONS` says.
 */
import { describe, expect, test } from "bun:test"
import { type Dialect, type Json, type JsonObject, Refusal } from "../../src/exchange.ts"
import { type FormEvent, Losses, type Reception } from "../../src/dialects/form.ts"
import { CODECS } from "../../src/dialects/translation/codecs.ts"
import { type Fixture, haveFixtures, loadFixtures, requestOf } from "../support/fixtures.ts"
import { readEvents } from "../support/form.ts"
import { mutate } from "../support/mutate.ts"
import { valuesOf } from "../support/recorded-usage.ts"

const COUNT = Number(process.env["MUTATIONS"] ?? 1500)
const INBOUND: Record<string, Dialect> = {
  "inbound-codex-cli": "openai-responses",
  "inbound-claude-code": "anthropic",
  "inbound-gemini-cli": "gemini",
}
const dialects = Object.keys(CODECS) as Dialect[]
const fixtures = loadFixtures()
const dialectOf = (one: Fixture) => one.dialect ?? INBOUND[one.provider]
const reception = (body: JsonObject): Reception => ({
  id: "r-1",
  created: 1,
  model: "m",
  body,
  wantsUsage: true,
  losses: new Losses(),
})

function each(dialect: Dialect, of: (one: Fixture) => Json, run: (body: Json, seed: number) => void): void {
  const bodies = fixtures.filter((one) => dialectOf(one) === dialect).map(of)
  const all = bodies.filter((body) => body !== null)
  expect(all.length).toBeGreaterThan(0)
  for (let seed = 0; seed < COUNT; seed++) run(mutate(all[seed % all.length]!, seed), seed)
}
const isObject = (body: Json): body is JsonObject => typeof body === "object" && body !== null && !Array.isArray(body)

/** Between a part's beginning and its end nothing but what it says; nothing after the last word. */
function expectInTurn(events: readonly FormEvent[]): void {
  const open: boolean[] = [false]
  events.forEach(({ type }, at) => {
    const isOpen = open[at]!
    const wrong =
      ((type === "open" || type === "part" || type === "end") && isOpen) ||
      ((type === "delta" || type === "sign" || type === "close") && !isOpen) ||
      ((type === "end" || type === "error") && at < events.length - 1)
    if (wrong) throw new Error(`${at}: ${type} in ${events.map((event) => event.type).join(" ")}`)
    open.push(type === "open" || (isOpen && type !== "close"))
  })
}

for (const dialect of dialects)
  describe.skipIf(!haveFixtures)(`${dialect}: bodies with faults in them`, () => {
    const codec = CODECS[dialect]

    test("a request is read and written, or refused in words", () => {
      each(dialect, requestOf, (body, seed) => {
        if (!isObject(body)) return
        const to = dialects[seed % dialects.length]!
        try {
          const form = codec.readRequest(body, new Losses())
          const losses = new Losses()
          JSON.stringify(
            CODECS[to].writeRequest(form, { dialect: to, provider: "openai", model: "m", stream: true, losses }),
          )
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
          expect(error.status).toBe(400)
        }
      })
    })

    test("a whole answer is read and written", () => {
      const whole = (one: Fixture) =>
        one.isSse || !one.response || !one.dialect ? null : (JSON.parse(one.response.toString()) as Json)
      each(dialect, whole, (body) => {
        codec.readError(body)
        if (!isObject(body)) return
        const answer = codec.readAnswer(body)
        for (const to of dialects) JSON.stringify(CODECS[to].writeAnswer(answer, reception(body)))
      })
    })

    test("a stream is read and written, and its parts come in turn", () => {
      each(
        dialect,
        (one) => (one.isSse && one.dialect ? valuesOf(one) : null),
        (values, seed) => {
          const writer = CODECS[dialects[seed % dialects.length]!].streamWriter(reception({}))
          const events = readEvents(codec, values as Json[], true)
          expectInTurn(events)
          for (const event of events) writer.write(event)
        },
      )
    })
  })
