import { describe, expect, test } from "bun:test"
import * as fc from "fast-check"
import { matchEndpoint } from "../../src/dialects/endpoints.ts"
import { type Change, writeRequest } from "../../src/dialects/outgoing.ts"
import { readRequest } from "../../src/dialects/request.ts"
import type { Json, JsonObject } from "../../src/exchange.ts"
import { haveFixtures, loadFixtures } from "../support/fixtures.ts"
import { JsonText } from "../../src/json/json-text.ts"
import { textOf } from "../support/nodes.ts"

const CHAT = "/v1/chat/completions"
const MESSAGES = "/v1/messages"
const GENERATE = "/v1beta/models/g:generateContent"

function write(path: string, body: Json | string, change: Partial<Change> = {}) {
  const endpoint = matchEndpoint("POST", path)
  if (!endpoint) throw new Error(`no endpoint: ${path}`)
  const asked = readRequest(endpoint, JsonText.from(typeof body === "string" ? body : JSON.stringify(body)))
  const { body: sent, hideUsage } = writeRequest(asked, { model: "m", params: {}, drop: [], ...change })
  return { text: textOf(sent), unchanged: sent.length === 1, hideUsage }
}

const json = (path: string, body: Json | string, change?: Partial<Change>) => JSON.parse(write(path, body, change).text)

describe("the request that goes out", () => {
  test("is the client's text with another model name, every other character as it was", () => {
    const text =
      '{ "model" :\t"public","n":1.0e2, "big":12345678901234567890,"messages":[ {"role":"user","content":"\\ud83d \\u00e9 é"} ],"x":1,"x":2 }'
    expect(write(CHAT, text, { model: "real" }).text).toBe(text.replace('"public"', '"real"'))
  })

  test("is the very same text when nothing has to change", () => {
    for (const model of ['"m"', '"\\u006d"']) {
      const text = `{"model":${model},"messages":[1]}`
      const sent = write(CHAT, text)
      expect(sent).toEqual({ text, unchanged: true, hideUsage: false })
    }
  })

  test("names the model in all duplicates, whatever they held", () => {
    const text = '{"model":1,"messages":[1],"mod\\u0065l":{"a":1},"model":"public"}'
    expect(write(CHAT, text, { model: 'a"b' }).text).toBe(
      '{"model":"a\\"b","messages":[1],"mod\\u0065l":"a\\"b","model":"a\\"b"}',
    )
  })

  test("names the model in the body where the client named it in the path alone", () => {
    expect(write("/openai/deployments/a/chat/completions", '{"messages":[1]}').text).toBe(
      '{"model":"m","messages":[1]}',
    )
  })

  test("of Gemini leaves the model to the path, but corrects it where the body repeats it", () => {
    expect(write(GENERATE, '{"contents":[1],"model":"x"}').unchanged).toBe(true)
    const embed = '{"model":"models/g","content":{"model":"g"}}'
    expect(write("/models/g:embedContent", embed).text).toBe('{"model":"models/m","content":{"model":"g"}}')
    const batch = '{"requests":[{"model":"models/g","content":{}}, {"model":"g"}, {}]}'
    expect(write("/models/g:batchEmbedContents", batch).text).toBe(
      '{"requests":[{"model":"models/m","content":{}}, {"model":"m"}, {}]}',
    )
    const count = '{"generateContentRequest":{"model":"models/g","contents":[]}}'
    expect(write("/models/g:countTokens", count).text).toBe(count.replace("models/g", "models/m"))
  })

  test("a body key that every object inherits is a key like any other", () => {
    const text = '{"__proto__":{"a":1},"constructor":2,"toString":3,"model":"m","messages":[1]}'
    expect(write(CHAT, text, { drop: ["toString"], params: { constructor: 5, valueOf: 6 } as JsonObject }).text).toBe(
      '{"valueOf":6,"__proto__":{"a":1},"constructor":2,"model":"m","messages":[1]}',
    )
  })
})

describe("usage of a stream", () => {
  const base = '"model":"m","messages":[1],"stream":true'

  test.each([
    [`{${base}}`, `{"stream_options":{"include_usage":true},${base}}`],
    [`{${base},"stream_options":null}`, `{${base},"stream_options":{"include_usage":true}}`],
    [`{${base},"stream_options":{}}`, `{${base},"stream_options":{"include_usage":true}}`],
    [`{${base},"stream_options":{ "a":1 }}`, `{${base},"stream_options":{"include_usage":true, "a":1 }}`],
    [`{${base},"stream_options":{"include_usage": false}}`, `{${base},"stream_options":{"include_usage": true}}`],
  ])("is asked for where the client has not, and hidden again: %s", (text, expected) => {
    expect(write(CHAT, text)).toEqual({ text: expected, unchanged: false, hideUsage: true })
  })

  test("is asked for on completions too", () => {
    const sent = write("/v1/completions", '{"model":"m","prompt":"x","stream":true}')
    expect(sent.hideUsage).toBe(true)
    expect(JSON.parse(sent.text).stream_options).toEqual({ include_usage: true })
  })

  test("stays where the client asked for it itself", () => {
    const text = `{${base},"stream_options":{"include_usage":true}}`
    expect(write(CHAT, text)).toEqual({ text, unchanged: true, hideUsage: false })
  })

  test.each([
    [CHAT, '{"model":"m","messages":[1]}'],
    ["/v1/responses", '{"model":"m","input":"x","stream":true}'],
    [MESSAGES, '{"model":"m","messages":[1],"stream":true}'],
    ["/models/g:streamGenerateContent", '{"contents":[1]}'],
  ])("is not asked for on %s", (path, text) => {
    expect(write(path, text)).toEqual({ text, unchanged: true, hideUsage: false })
  })

  test("is not asked of a provider that the config keeps the option from", () => {
    const sent = write(CHAT, `{${base},"stream_options":{"include_usage":false}}`, { drop: ["stream_options"] })
    expect(sent).toEqual({ text: `{${base}}`, unchanged: false, hideUsage: false })
  })

  test("joins what the config sets in the same option", () => {
    const sent = json(CHAT, `{${base}}`, { params: { stream_options: { include_obfuscation: false } } })
    expect(sent.stream_options).toEqual({ include_obfuscation: false, include_usage: true })
  })
})

describe("parameters of the config", () => {
  test("are set where the client has not, null included, and its own stay", () => {
    const body = { model: "m", messages: [1], temperature: 0, top_p: null }
    const params = { temperature: 1, top_p: 1, seed: 7, metadata: { a: [1] } }
    expect(json(CHAT, body, { params })).toEqual({ ...body, seed: 7, metadata: { a: [1] } })
  })

  test("never say which model is asked or whether it streams", () => {
    const text = '{"model":"m","messages":[1]}'
    expect(write(CHAT, text, { params: { stream: true, model: "x", messages: [] } }).text).toBe(text)
    expect(write(CHAT, text, { drop: ["model", "messages"] }).text).toBe(text)
  })

  test("do not say the same twice under OpenAI's two names for it", () => {
    const body = { model: "m", messages: [1], max_completion_tokens: 5 }
    expect(json(CHAT, body, { params: { max_tokens: 9 } })).toEqual(body)
    const swapped = json(
      CHAT,
      { model: "m", messages: [1], max_tokens: 5 },
      { params: { max_completion_tokens: 9 }, drop: ["max_tokens"] },
    )
    expect(swapped).toEqual({ model: "m", messages: [1], max_completion_tokens: 9 })
  })

  test("go where the dialect wants them", () => {
    const params = { temperature: 0.5, max_tokens: 9, stop: "END", reasoning_effort: "low" }
    expect(json(GENERATE, { contents: [1] }, { params })).toEqual({
      reasoning_effort: "low",
      generationConfig: { temperature: 0.5, maxOutputTokens: 9, stopSequences: ["END"] },
      contents: [1],
    })
    expect(
      json(GENERATE, { contents: [1], generationConfig: { temperature: 0 } }, { params: { temperature: 1, top_p: 1 } }),
    ).toEqual({
      contents: [1],
      generationConfig: { topP: 1, temperature: 0 },
    })
    expect(
      json(MESSAGES, { model: "m", messages: [1] }, { params: { stop: ["a"], max_completion_tokens: 4 } }),
    ).toMatchObject({
      stop_sequences: ["a"],
      max_tokens: 4,
    })
    expect(json("/v1/responses", { model: "m", input: "x" }, { params: { max_tokens: 4 } }).max_output_tokens).toBe(4)
  })

  test("are kept from a request that only counts", () => {
    const text = '{"model":"m","messages":[1]}'
    expect(write("/v1/messages/count_tokens", text, { params: { max_tokens: 4 } }).text).toBe(text)
  })

  test("are dropped by name and by LiteLLM's paths", () => {
    const tool = { name: "t", input_examples: [1], function: { strict: true, name: "f" } }
    const body = { model: "m", tools: [tool, { name: "u" }, "odd"], messages: [1], a: { b: { c: 1, d: 2 } } }
    const drop = ["tools[*].input_examples", "tools[0].function.strict", "a.b.c", "absent", "messages[*].x", "[*]", ""]
    expect(json(CHAT, body, { drop })).toEqual({
      ...body,
      tools: [{ name: "t", function: { name: "f" } }, { name: "u" }, "odd"],
      a: { b: { d: 2 } },
    })
    expect(json(CHAT, body, { drop: ["tools", "tools[*].name"] }).tools).toBeUndefined()
  })

  test("of Gemini are dropped under their own place", () => {
    const body = { contents: [1], generationConfig: { temperature: 1, topP: 1 } }
    expect(json(GENERATE, body, { drop: ["temperature"] })).toEqual({ contents: [1], generationConfig: { topP: 1 } })
    expect(json(GENERATE, body, { drop: ["temperature"], params: { temperature: 2 } }).generationConfig).toEqual({
      topP: 1,
    })
  })

  test("leave valid JSON and all else untouched, whatever is dropped and set", () => {
    const key: fc.Arbitrary<string> = fc.constantFrom("a", "b", "c", "d", "temperature", "é")
    const spaced = fc.constantFrom(undefined, 1, "\t")
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.jsonValue({ maxDepth: 2 })),
        fc.array(key, { maxLength: 6 }),
        fc.dictionary(key, fc.jsonValue({ maxDepth: 1 })),
        fc.boolean(),
        spaced,
        (extra, drop, params, stream, indent) => {
          const body = { ...(extra as JsonObject), model: "public", messages: [1], ...(stream && { stream }) }
          const sent = json(CHAT, JSON.stringify(body, null, indent), { drop, params: params as JsonObject })
          const left = Object.entries(body).filter(([name]) => !drop.includes(name))
          const set = Object.entries(params).filter(([name]) => !drop.includes(name) && !(name in body))
          expect(sent).toEqual(
            JSON.parse(
              JSON.stringify({
                ...Object.fromEntries(set),
                ...Object.fromEntries(left),
                model: "m",
                ...(stream && { stream_options: { include_usage: true } }),
              }),
            ),
          )
        },
      ),
      { numRuns: 1000 },
    )
  })
})

test.skipIf(!haveFixtures)(
  "a recorded request differs from what goes out in the model's name and the wish for usage alone",
  () => {
    let seen = 0
    for (const { id, request, meta } of loadFixtures()) {
      const path = meta.url ? new URL(meta.url).pathname.replace(/^\/(?:openai|api)(?=\/v1)/, "") : null
      const endpoint = path && matchEndpoint("POST", path)
      if (!endpoint || !request) continue
      const text = request.toString()
      const asked = readRequest(endpoint, JsonText.of(request))
      const same = writeRequest(asked, { model: asked.model, params: {}, drop: [] })
      expect([id, same.body.length === 1]).toEqual([id, !same.hideUsage])
      const { body } = writeRequest(asked, { model: "another/model", params: {}, drop: [] })
      const back = textOf(body)
        .replace('"another/model"', JSON.stringify(asked.model))
        .replace('{"stream_options":{"include_usage":true},', "{")
      expect([id, back]).toEqual([id, text])
      seen++
    }
    expect(seen).toBeGreaterThan(80)
  },
)
