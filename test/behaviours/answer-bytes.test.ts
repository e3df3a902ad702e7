/** What the client receives: the provider's own bytes, in whatever pieces they come. */
import { describe, expect, test } from "bun:test"
import { defaultAnswer } from "../support/answers.ts"
import type { Answer, Received } from "../support/fake-provider.ts"
import { callBytes, chat, claude, gemini, lanes, responses } from "../support/lanes.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig()
const asText = (answer: Answer) => [...(answer.pieces as Iterable<string>)].join("")
const withUsage = (request: Received): Received => ({
  ...request,
  json: { ...request.json, stream_options: { include_usage: true } },
})
const withoutUsage = (request: Received): Received => ({
  ...request,
  json: { ...request.json, stream_options: undefined },
})

for (const lane of lanes) {
  const shapes: [string, Partial<Answer>][] = [
    ["as it comes", {}],
    ["one byte a packet", { packetBytes: 1 }],
    ["seven bytes a packet", { packetBytes: 7 }],
    ["close-delimited", { framing: "close" }],
  ]
  for (const [name, shape] of shapes)
    test(`${lane.dialect}: a stream arrives byte for byte, ${name}`, async () => {
      rig.provider.script((request) => ({ ...defaultAnswer(withUsage(request)), ...shape }))
      const body = { ...lane.body(true), ...(lane === chat && { stream_options: { include_usage: true } }) }
      const answer = await rig.ask(callBytes(lane, { stream: true, body: JSON.stringify(body) }))
      expect(answer.text).toBe(asText(defaultAnswer(rig.provider.received[0]!)))
      expect(answer.complete).toBe(true)
      expect(answer.headers["content-type"]).toStartWith("text/event-stream")
      expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({
        outcome: "done",
        input_tokens: 25,
        output_tokens: 9,
      })
    })

  test(`${lane.dialect}: fifty events in one packet, CRLF line ends, and no final newline all pass and are counted`, async () => {
    for (const change of [
      (text: string) => text,
      crlf,
      (text: string) => text.trimEnd(),
      (text: string) => crlf(text).trimEnd(),
    ]) {
      rig.provider.script((request) => ({
        headers: { "content-type": "text/event-stream" },
        pieces: [change(asText(defaultAnswer(withUsage(request))))],
      }))
      const body = { ...lane.body(true), ...(lane === chat && { stream_options: { include_usage: true } }) }
      const answer = await rig.ask(callBytes(lane, { stream: true, body: JSON.stringify(body) }))
      expect(answer.text).toBe(change(asText(defaultAnswer(rig.provider.received.at(-1)!))))
      const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
      expect(row).toMatchObject({
        outcome: "done",
        input_tokens: 25,
        cache_read_tokens: 10,
        output_tokens: 9,
        reasoning_tokens: lane === claude ? 0 : 3,
      })
    }
  })

  test(`${lane.dialect}: a whole answer arrives byte for byte, odd JSON and all`, async () => {
    const text = ` {"id":"x",\n "n":1e400,"big":12345678901234567890,"t":"é 😀 \\ud83d","usage":{"weird":null}, "__proto__":{} }\n`
    rig.provider.script({ headers: { "content-type": "application/json; charset=UTF-8" }, body: text })
    const answer = await rig.ask(callBytes(lane))
    expect(answer.text).toBe(text)
    expect(answer.headers["content-type"]).toBe("application/json; charset=UTF-8")
    expect(answer.status).toBe(200)
  })

  test(`${lane.dialect}: comments, unknown events and unicode split inside a character pass through`, async () => {
    const text = `: hello\n\nevent: brand_new\ndata: {"type":"brand_new","t":"é漢😀"}\n\nid: 7\nretry: 10\n\n`
    rig.provider.script((request) => ({
      headers: { "content-type": "text/event-stream" },
      pieces: [text, ...(defaultAnswer(withUsage(request)).pieces as string[])],
      packetBytes: 1,
    }))
    const body = { ...lane.body(true), ...(lane === chat && { stream_options: { include_usage: true } }) }
    const answer = await rig.ask(callBytes(lane, { stream: true, body: JSON.stringify(body) }))
    expect(answer.text).toStartWith(text)
    expect((await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).output_tokens).toBe(9)
  })

  test(`${lane.dialect}: a compressed answer reads as what was said`, async () => {
    for (const encoding of ["gzip", "br", "zstd", "deflate"] as const) {
      const text = JSON.stringify({ said: "hello ".repeat(100) })
      rig.provider.script({ headers: { "content-type": "application/json" }, body: text, encoding })
      const answer = await fetch(`${rig.proxy.url}${lane.path(false)}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${(await import("../support/memproxy.ts")).MASTER}`,
        },
        body: JSON.stringify(lane.body(false)),
      })
      expect([encoding, await answer.text()]).toEqual([encoding, text])
    }
  })
}

describe("the usage chunk that only we asked for", () => {
  const shapes: [string, Partial<Answer>][] = [
    ["as it comes", {}],
    ["one byte a packet", { packetBytes: 1 }],
    ["in CRLF", {}],
  ]
  for (const [name, shape] of shapes)
    test(`is hidden from the client and counted, ${name}`, async () => {
      const change = name === "in CRLF" ? crlf : (text: string) => text
      rig.provider.script((request) => ({
        headers: { "content-type": "text/event-stream" },
        pieces: [change(asText(defaultAnswer(request)))],
        ...shape,
      }))
      const answer = await rig.ask(callBytes(chat, { stream: true }))
      const request = rig.provider.received[0]!
      expect(request.json.stream_options).toEqual({ include_usage: true })
      const chunks = answer.text.split(/\r?\n\r?\n/).filter(Boolean)
      expect(chunks.at(-1)).toBe("data: [DONE]")
      const parsed = chunks.slice(0, -1).map((chunk) => JSON.parse(chunk.slice(6)))
      expect(parsed.every((chunk) => chunk.choices.length === 1)).toBe(true)
      const all = change(asText(defaultAnswer(request))).split(/(?<=\r?\n\r?\n)/)
      expect(answer.text).toBe(all.filter((event) => !event.includes('"choices":[]')).join(""))
      expect(withoutUsage(request).json.model).toBe("up-chat")
      expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({
        input_tokens: 25,
        output_tokens: 9,
      })
    })

  test("is the only chunk without choices that is hidden: Azure's first one passes", async () => {
    const filter = `data: {"id":"","object":"","created":0,"model":"","choices":[],"prompt_filter_results":[{"prompt_index":0}]}\n\n`
    rig.provider.script((request) => ({
      headers: { "content-type": "text/event-stream" },
      pieces: [filter, ...(defaultAnswer(request).pieces as string[])],
    }))
    const answer = await rig.ask(callBytes(chat, { stream: true }))
    expect(answer.text).toStartWith(filter)
    expect(answer.text).not.toContain("prompt_tokens")
  })
})

test("gemini without alt=sse streams one JSON array, untouched and counted", async () => {
  const answer = await rig.ask(callBytes(gemini, { stream: true, path: "/v1beta/models/gem:streamGenerateContent" }))
  expect(rig.provider.received[0]!.target).toBe("/v1beta/models/up-gem:streamGenerateContent")
  expect(answer.text).toBe(asText(defaultAnswer(rig.provider.received[0]!)))
  expect(JSON.parse(answer.text)).toBeArray()
  const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
  expect(row).toMatchObject({ outcome: "done", stream: true, input_tokens: 25, output_tokens: 9, reasoning_tokens: 3 })
})

test("the answer's model name stays the provider's; the public one is in a header", async () => {
  for (const lane of lanes) {
    const answer = await rig.ask(callBytes(lane))
    expect(answer.text).toContain(`"${lane.upstreamModel}"`)
    expect(answer.headers["x-litellm-model-group"]).toBe(lane.model)
  }
})

test("other endpoints answer too: embeddings, completions, compaction, counts of tokens, embedContent", async () => {
  const messages = [{ role: "user", content: "hi" }]
  const contents = [{ role: "user", parts: [{ text: "hi" }] }]
  const cases: [string, string, object, number | null][] = [
    ["/v1/embeddings", "/v1/embeddings", { model: "chat", input: "hi" }, 5],
    ["/v1/completions", "/v1/completions", { model: "chat", prompt: "hi" }, 5],
    ["/v1/messages/count_tokens", "/v1/messages/count_tokens", { model: "claude", messages }, 0],
    ["/v1beta/models/gem:countTokens", "/v1beta/models/up-gem:countTokens", { contents }, 0],
    ["/v1beta/models/gem:embedContent", "/v1beta/models/up-gem:embedContent", { content: contents[0] }, null],
    ["/v1/models/gem:generateContent", "/models/up-gem:generateContent", { contents }, 25],
    ["/openai/deployments/chat/chat/completions?api-version=2025-01-01", "/v1/chat/completions", { messages }, 25],
    ["/chat/completions", "/v1/chat/completions", { model: "chat", messages }, 25],
    ["/messages", "/v1/messages", { model: "claude", max_tokens: 9, messages }, 25],
    ["/responses", "/v1/responses", { model: "responses", input: "hi" }, 25],
    ["/embeddings", "/v1/embeddings", { model: "chat", input: "hi" }, 5],
    ["/v1/responses/compact", "/v1/responses/compact", { model: "responses", input: "hi" }, 25],
    ["/v1/responses/input_tokens", "/v1/responses/input_tokens", { model: "responses", input: "hi" }, 0],
    ["/v1/chat/completions/", "/v1/chat/completions", { model: "chat", messages }, 25],
    ["/v1/messages/", "/v1/messages", { model: "claude", max_tokens: 9, messages }, 25],
  ]
  for (const [path, upstream, body, input] of cases) {
    rig.provider.reset()
    const answer = await rig.ask(callBytes(chat, { path, body: JSON.stringify(body) }))
    expect([path, answer.status]).toEqual([path, 200])
    expect(rig.provider.received[0]!.target).toContain(upstream)
    expect(answer.text).toBe(String(defaultAnswer(rig.provider.received[0]!).body))
    const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
    expect([path, row.outcome, row.input_tokens]).toEqual([path, "done", input])
  }
})

test("legacy completions stream, with the usage chunk asked for and hidden", async () => {
  const answer = await rig.ask(
    callBytes(chat, { path: "/v1/completions", body: JSON.stringify({ model: "chat", prompt: "hi", stream: true }) }),
  )
  expect(answer.text).toEndWith("data: [DONE]\n\n")
  expect(answer.text).not.toContain("prompt_tokens")
  expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({
    input_tokens: 5,
    output_tokens: 4,
  })
})

test("a Responses stream cut into single bytes is counted from its last event", async () => {
  rig.provider.script((request) => ({ ...defaultAnswer(request), packetBytes: 1 }))
  const answer = await rig.ask(callBytes(responses, { stream: true }))
  expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({
    reasoning_tokens: 3,
    cache_read_tokens: 10,
  })
})

function crlf(text: string): string {
  return text.replace(/\r?\n/g, "\r\n")
}

test("a media type in capitals is the same media type", async () => {
  const text = JSON.stringify({ id: "x", object: "chat.completion", choices: [] })
  rig.provider.script({ headers: { "content-type": "Application/JSON" }, body: text })
  const answer = await rig.ask(callBytes(chat))
  expect([answer.status, answer.text, answer.headers["content-type"]]).toEqual([200, text, "Application/JSON"])
})
