import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import Anthropic from "@anthropic-ai/sdk"
import { GoogleGenAI } from "@google/genai"
import OpenAI from "openai"
import type { RunnableToolFunctionWithParse } from "openai/lib/RunnableFunction"
import { DEFAULT_TEXT } from "./answers.ts"
import { type FakeProvider, startFakeProvider } from "./fake-provider.ts"
import { openRaw, rawRequest, requestBytes } from "./raw-http.ts"
import { toolLoop } from "./tool-loop.ts"

let provider: FakeProvider
beforeAll(async () => {
  provider = await startFakeProvider()
})
afterAll(() => provider.stop())
beforeEach(() => provider.reset())

const post = (target: string, body: unknown) =>
  requestBytes("POST", target, { "Content-Type": "application/json" }, JSON.stringify(body))

describe("what the provider keeps", () => {
  test("a request is kept byte for byte, header lines in their order and spelling", async () => {
    await rawRequest(provider.port, requestBytes("POST", "/v1/x?a=1", { "X-Odd": ["1", "2"], "x-low": "é" }, "bödy"))
    const [request] = provider.received
    expect(request!.head).toStartWith("POST /v1/x?a=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Odd: 1\r\nX-Odd: 2\r\n")
    expect(request!.headers["x-odd"]).toBe("1, 2")
    expect(request!.text).toBe("bödy")
    expect(request!.target).toBe("/v1/x?a=1")
  })

  test("chunked bodies and two requests on one connection are read one after the other", async () => {
    const raw = await openRaw(provider.port)
    raw.send("POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    raw.send(requestBytes("GET", "/v1/models"))
    expect((await raw.answer()).status).toBe(404)
    expect((await raw.answer()).json.object).toBe("list")
    expect(
      provider.received.map((request) => [
        request.path,
        request.text,
        request.connection - provider.received[0]!.connection,
      ]),
    ).toEqual([
      ["/a", "abcde", 0],
      ["/v1/models", "", 0],
    ])
    raw.close()
  })

  test("a client that leaves mid-stream is seen, with what it got", async () => {
    provider.script({ pieces: ["one", "two", "three"], gapMs: 50 })
    const raw = await openRaw(provider.port)
    raw.send(post("/v1/chat/completions", {}))
    await raw.until(60)
    raw.close()
    for (let tries = 0; provider.received[0]!.leftAt === null && tries < 100; tries++) await Bun.sleep(10)
    expect(provider.received[0]!.leftAt).not.toBeNull()
    expect(provider.received[0]!.finishedAt).toBeNull()
    expect(provider.received[0]!.bytesSent).toBeLessThan(11)
  })

  test("a client that leaves while nothing was answered is seen", async () => {
    provider.script({ hangMs: Infinity })
    const raw = await openRaw(provider.port)
    raw.send(post("/v1/chat/completions", {}))
    await provider.waitFor(1)
    raw.halfClose()
    for (let tries = 0; provider.received[0]!.leftAt === null && tries < 100; tries++) await Bun.sleep(10)
    expect(provider.received[0]!.leftAt).not.toBeNull()
  })
})

describe("how the provider answers", () => {
  test("each framing carries the same body", async () => {
    for (const framing of ["chunked", "content-length", "close", { length: 5 }] as const) {
      provider.script({ body: "hello", framing })
      const answer = await rawRequest(provider.port, requestBytes("GET", "/"))
      expect([answer.text, answer.complete]).toEqual(["hello", true])
    }
  })

  test("a lying length leaves the message incomplete", async () => {
    provider.script({ body: "hello", framing: { length: 9 } })
    const answer = await rawRequest(provider.port, requestBytes("GET", "/"))
    expect([answer.text, answer.complete]).toEqual(["hello", false])
  })

  test("a cut comes after exactly the bytes asked for, as FIN and as RST", async () => {
    for (const cutWith of ["fin", "rst"] as const)
      for (const cutAfter of [0, 1, 7, 11]) {
        provider.script({ pieces: ["hello", " world"], cutAfter, cutWith })
        const raw = await openRaw(provider.port)
        raw.send(requestBytes("GET", "/"))
        expect(await raw.closed()).toBe(cutWith)
        const answer = await raw.answer()
        expect([answer.text, answer.complete]).toEqual(["hello world".slice(0, cutAfter), false])
      }
  })

  test("a cut before the head gives nothing at all", async () => {
    provider.script({ cutAfter: -1, cutWith: "rst" })
    const raw = await openRaw(provider.port)
    raw.send(requestBytes("GET", "/"))
    expect(await raw.closed()).toBe("rst")
    expect(raw.bytes().length).toBe(0)
  })

  test("a stall keeps the connection open and silent", async () => {
    provider.script({ body: "hello", stallAfter: 2 })
    const raw = await openRaw(provider.port)
    raw.send(requestBytes("GET", "/"))
    await raw.until(20)
    await Bun.sleep(50)
    expect(raw.bytes().toString()).toEndWith("\r\n\r\nhe")
    raw.close()
  })

  test("compressed bodies decode to what was said", async () => {
    for (const encoding of ["gzip", "br", "deflate", "zstd"] as const) {
      provider.script({ body: "hello", encoding })
      expect(await (await fetch(provider.url)).text()).toBe("hello")
    }
  })

  test("one byte a packet and an endless stream both work", async () => {
    provider.script({ pieces: ["hello"], packetBytes: 1 })
    expect(await (await fetch(provider.url)).text()).toBe("hello")
    provider.script({
      pieces: (function* () {
        for (;;) yield "x".repeat(65536)
      })(),
    })
    const raw = await openRaw(provider.port)
    raw.send(requestBytes("GET", "/"))
    expect((await raw.until(3_000_000)).length).toBeGreaterThanOrEqual(3_000_000)
    raw.close()
  })
})

describe("official SDKs understand the default answers", () => {
  const messages = [{ role: "user" as const, content: "hi" }]
  const weather = {
    name: "weather",
    description: "tells the weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  }

  test("OpenAI Chat, whole and streamed", async () => {
    const client = new OpenAI({ baseURL: `${provider.url}/v1`, apiKey: "k", maxRetries: 0 })
    const whole = await client.chat.completions.create({ model: "m", messages })
    expect(whole.choices[0]!.message.content).toBe(DEFAULT_TEXT)
    const streamed = await client.chat.completions.stream({ model: "m", messages }).finalChatCompletion()
    expect(streamed.choices[0]!.message.content).toBe(DEFAULT_TEXT)
  })

  test("OpenAI Responses, whole and streamed", async () => {
    const client = new OpenAI({ baseURL: `${provider.url}/v1`, apiKey: "k", maxRetries: 0 })
    expect((await client.responses.create({ model: "m", input: "hi" })).output_text).toBe(DEFAULT_TEXT)
    const streamed = await client.responses.stream({ model: "m", input: "hi" }).finalResponse()
    expect(streamed.output_text).toBe(DEFAULT_TEXT)
  })

  test("Anthropic, whole and streamed", async () => {
    const client = new Anthropic({ baseURL: provider.url, apiKey: "k", maxRetries: 0 })
    const whole = await client.messages.create({ model: "m", max_tokens: 9, messages })
    const streamed = await client.messages.stream({ model: "m", max_tokens: 9, messages }).finalMessage()
    for (const message of [whole, streamed])
      expect(message.content).toMatchObject([{ type: "text", text: DEFAULT_TEXT }])
  })

  test("Gemini, whole and streamed", async () => {
    const client = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: provider.url } })
    expect((await client.models.generateContent({ model: "m", contents: "hi" })).text).toBe(DEFAULT_TEXT)
    let text = ""
    for await (const chunk of await client.models.generateContentStream({ model: "m", contents: "hi" }))
      text += chunk.text ?? ""
    expect(text).toBe(DEFAULT_TEXT)
  })

  test("the tool loop calls once and then speaks, in each dialect's own shapes", async () => {
    provider.script(toolLoop({ tool: /weather/, text: "It rains." }))
    const client = new OpenAI({ baseURL: `${provider.url}/v1`, apiKey: "k", maxRetries: 0 })
    let ran = 0
    const tool: RunnableToolFunctionWithParse<{ city: string }> = {
      type: "function",
      function: { ...weather, parse: (text) => JSON.parse(text), function: (args) => `${++ran} ${args.city}` },
    }
    const runner = client.chat.completions.runTools({ model: "m", messages, tools: [tool] })
    expect(await runner.finalContent()).toBe("It rains.")
    expect(ran).toBe(1)
  })
})
