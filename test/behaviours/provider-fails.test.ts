/** A provider that breaks: the client is told in its own dialect, the ledger says who failed, nothing is sent twice. */
import { describe, expect, test } from "bun:test"
import { createParser } from "eventsource-parser"
import { defaultAnswer } from "../support/answers.ts"
import { type Answer, startFakeProvider } from "../support/fake-provider.ts"
import { callBytes, chat, claude, gemini, lanes, responses } from "../support/lanes.ts"
import { openRaw, readAnswer } from "../support/raw-http.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig((provider) => ({
  models: [
    { model_name: "dead", litellm_params: { model: "openai/x", api_base: "http://127.0.0.1:1/v1", api_key: "k" } },
    {
      model_name: "hasty",
      litellm_params: {
        model: "openai/x",
        api_base: `${provider.url}/v1`,
        api_key: "k",
        timeout: 0.3,
        stream_timeout: 0.3,
      },
    },
  ],
}))

for (const lane of lanes) {
  const cuts = ["fin", "rst"] as const
  for (const cutWith of cuts)
    test(`${lane.dialect}: a stream cut by ${cutWith === "fin" ? "a FIN" : "a reset"} ends with this dialect's error event and a row that says so`, async () => {
      rig.provider.script((request) => ({ ...defaultAnswer(request), cutAfter: 500, cutWith }))
      const answer = await rig.ask(callBytes(lane, { stream: true }))
      expect(answer.status).toBe(200)
      // a reader that knows only the standard must find our event behind the half one
      const events: { event?: string; data: string }[] = []
      createParser({ onEvent: (event) => events.push(event) }).feed(answer.text)
      const data = JSON.parse(events.at(-1)!.data)
      if (lane === responses) expect(data).toMatchObject({ type: "response.failed", response: { status: "failed" } })
      else lane.readError(data)
      if (lane.dialect === "anthropic") expect(events.at(-1)!.event).toBe("error")
      expect(answer.text).not.toContain("[DONE]")
      expect(answer.complete).toBe(false)
      expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({
        outcome: "upstream-failed",
        status: 200,
      })
      expect(rig.provider.received.length).toBe(1)
    })

  test(`${lane.dialect}: a close-delimited stream that ends early is a failure, not an end`, async () => {
    rig.provider.script((request) => ({ ...defaultAnswer(request), framing: "close", cutAfter: 500 }))
    const answer = await rig.ask(callBytes(lane, { stream: true }))
    expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({ outcome: "upstream-failed" })
  })

  test(`${lane.dialect}: a clean end of a chunked stream before its terminal event is a failure`, async () => {
    rig.provider.script((request) => {
      const answer = defaultAnswer(request)
      const pieces = [...(answer.pieces as string[])]
      return { ...answer, pieces: pieces.slice(0, 3) }
    })
    const answer = await rig.ask(callBytes(lane, { stream: true }))
    expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({ outcome: "upstream-failed" })
  })

  test(`${lane.dialect}: a whole answer that is cut, or shorter than its length, becomes a clean 502`, async () => {
    for (const trouble of [
      { cutAfter: 20 },
      { cutAfter: 20, cutWith: "rst" as const },
      { framing: { length: 5000 } },
      { cutAfter: -1 },
      { cutAfter: -1, cutWith: "rst" as const },
    ]) {
      rig.provider.script((request) => ({ ...defaultAnswer(request), ...trouble }))
      const answer = await rig.ask(callBytes(lane))
      expect([trouble, answer.status]).toEqual([trouble, 502])
      lane.readError(answer.json)
      expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({
        outcome: "upstream-failed",
        status: 502,
      })
    }
  })

  test(`${lane.dialect}: HTML, nothing, half JSON and a redirect with status 200-307 become a 502 in this dialect, with no word of theirs`, async () => {
    const bad: Answer[] = [
      { headers: { "content-type": "text/html" }, body: "<html><h1>Login s3cr3t-page</h1></html>" },
      { headers: { "content-type": "application/json" }, body: "" },
      { body: "" },
      { headers: { "content-type": "application/json" }, body: '{"s3cr3t-page":' },
      { status: 302, headers: { location: "http://127.0.0.1:1/s3cr3t-page" }, body: "" },
      { status: 307, headers: { location: "/s3cr3t-page" }, body: "" },
    ]
    for (const stream of [false, true])
      for (const answerAs of bad) {
        if (stream && String(answerAs.body).startsWith("{")) continue
        rig.provider.script(answerAs)
        const answer = await rig.ask(callBytes(lane, { stream }))
        expect([answerAs, stream, answer.status]).toEqual([answerAs, stream, 502])
        expect(lane.readError(answer.json).message).not.toContain("s3cr3t-page")
        expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({
          outcome: "upstream-failed",
          status: 502,
        })
      }
  })

  test(`${lane.dialect}: the provider's own errors pass with status, body and Retry-After`, async () => {
    for (const status of [400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 529]) {
      const body = ` ${JSON.stringify(lane.providerError(status, `said ${status} é`))}\n`
      rig.provider.script({
        status,
        headers: { "content-type": "application/json", "retry-after": "7", "x-should-retry": "true" },
        body,
      })
      for (const stream of [false, true]) {
        const answer = await rig.ask(callBytes(lane, { stream }))
        expect([status, answer.status, answer.text]).toEqual([status, status, body])
        expect(answer.headers["retry-after"]).toBe("7")
        expect(answer.headers["x-should-retry"]).toBe("true")
        const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
        expect(row).toMatchObject({ outcome: "upstream-failed", status })
        expect(row.error_type).not.toBeNull()
        expect(row.cost_usd === null || row.cost_usd === 0).toBe(true)
      }
    }
  })

  test(`${lane.dialect}: an error in JSON passes under any other type too: Google gives a stream's the type of streams`, async () => {
    for (const type of ["text/event-stream", "text/plain; charset=utf-8", ""]) {
      const body = JSON.stringify(lane.providerError(404, "no such model"), null, 2)
      rig.provider.script({ status: 404, headers: type === "" ? {} : { "content-type": type }, body })
      for (const stream of [false, true]) {
        const answer = await rig.ask(callBytes(lane, { stream }))
        expect([type, answer.status, answer.text]).toEqual([type, 404, body])
        const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
        expect(row).toMatchObject({ outcome: "upstream-failed", status: 404 })
        expect(row.error_type).not.toBe("bad_response")
      }
    }
  })

  test(`${lane.dialect}: an answer with status 200 that says nothing but an error is upstream-failed`, async () => {
    const body = JSON.stringify(lane.providerError(400, "filtered"))
    rig.provider.script({ headers: { "content-type": "application/json" }, body })
    const answer = await rig.ask(callBytes(lane))
    expect([answer.status, answer.text]).toEqual([200, body])
    const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
    expect(row).toMatchObject({ outcome: "upstream-failed", status: 200, cost_usd: null })
    expect(row.error_type).not.toBeNull()
  })

  test(`${lane.dialect}: an error page that is not JSON keeps its status in this dialect's shape`, async () => {
    for (const status of [404, 429, 503]) {
      rig.provider.script({
        status,
        headers: { "content-type": "text/html", "retry-after": "3" },
        body: "<h1>gateway s3cr3t</h1>",
      })
      const answer = await rig.ask(callBytes(lane))
      expect(answer.status).toBe(status)
      expect(answer.headers["retry-after"]).toBe("3")
      expect(lane.readError(answer.json).message).not.toContain("s3cr3t")
    }
  })
}

describe("what the provider says inside a stream that began with 200", () => {
  test("an error event passes and the row is upstream-failed", async () => {
    const cases = [
      [lanes[0]!, `data: {"error":{"message":"m","type":"server_error","code":null,"param":null}}\n\n`],
      [
        lanes[1]!,
        `event: response.failed\ndata: {"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"server_error","message":"m"},"output":[]}}\n\n`,
      ],
      [
        lanes[2]!,
        `event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n`,
      ],
      [lanes[3]!, `data: {"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}\r\n\r\n`],
    ] as const
    for (const [lane, event] of cases) {
      rig.provider.script((request) => ({
        headers: { "content-type": "text/event-stream" },
        pieces: [...(defaultAnswer(request).pieces as string[]).slice(0, 2), event],
      }))
      const answer = await rig.ask(callBytes(lane, { stream: true }))
      expect(answer.text).toEndWith(event)
      const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
      expect([lane.dialect, row.outcome]).toEqual([lane.dialect, "upstream-failed"])
      expect(row.error_type).not.toBeNull()
    }
  })
})

for (const lane of lanes)
  test(`${lane.dialect}: a stream cut at any byte is done only where the terminal event went by`, async () => {
    let whole = Buffer.alloc(0)
    rig.provider.script((request) => {
      whole = Buffer.from([...(defaultAnswer(request).pieces as string[])].join(""))
      return null
    })
    await rig.ask(callBytes(lane, { stream: true }))
    // Chat has said all once its usage is out: providers that never send [DONE] exist
    const certain = whole.indexOf(lane === chat ? '"choices":[]' : lane.terminal)
    const offsets = [...Array.from({ length: 40 }, (_, index) => Math.round((certain * index) / 39)), whole.length]
    rig.provider.script((request) => ({ ...defaultAnswer(request), cutAfter: Number(request.json.cut) }))
    const ids = await Promise.all(
      offsets.map(async (cut) => {
        const body = JSON.stringify({ ...lane.body(true), cut })
        return (await rig.ask(callBytes(lane, { stream: true, body }))).headers["x-memproxy-request-id"]!
      }),
    )
    const rows = await rig.proxy.rows()
    const outcomes = ids.map((id, index) => [offsets[index], rows.find((row) => row.id === id)?.outcome])
    expect(outcomes).toEqual(offsets.map((cut) => [cut, cut === whole.length ? "done" : "upstream-failed"]))
  })

test("Anthropic's last count stands, marked, where nothing but the end of its stream is missing", async () => {
  const event = (type: string, more: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
  const delta = { type: "text_delta", text: "a word that the model knows ".repeat(20) }
  rig.provider.script({
    headers: { "content-type": "text/event-stream" },
    pieces: [
      event("message_start", { message: { model: "m", usage: { input_tokens: 11, output_tokens: 1 } } }),
      event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
      event("content_block_delta", { index: 0, delta }),
      event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 20 } }),
    ],
  })
  const answer = await rig.ask(callBytes(claude, { stream: true }))
  expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({
    outcome: "upstream-failed",
    error_type: "answer_cut",
    input_tokens: 11,
    output_tokens: 20,
    estimated: true,
  })
})

test("a provider that is not there is a 502 that names neither address nor key", async () => {
  const answer = await rig.ask(callBytes(chat, { body: JSON.stringify({ ...chat.body(false), model: "dead" }) }))
  expect([502, 503]).toContain(answer.status)
  chat.readError(answer.json)
  expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({
    outcome: "upstream-failed",
    model: "dead",
  })
})

test("a provider that accepts and never answers is given up after the timeout: 408 for OpenAI clients", async () => {
  rig.provider.script({ hangMs: Infinity })
  for (const stream of [false, true]) {
    const answer = await rig.ask(
      callBytes(chat, { stream, body: JSON.stringify({ ...chat.body(stream), model: "hasty" }) }),
    )
    expect(answer.status).toBe(408)
    chat.readError(answer.json)
    expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({
      outcome: "upstream-failed",
      status: 408,
    })
  }
  expect(rig.provider.received.every((request) => request.leftAt !== null)).toBe(true)
})

test("a redirect is not followed: the other place sees nothing, least of all a key", async () => {
  const trap = await startFakeProvider()
  for (const status of [301, 302, 303, 307, 308])
    for (const lane of lanes) {
      rig.provider.script({ status, headers: { location: `${trap.url}/v1/messages` } })
      expect((await rig.ask(callBytes(lane))).status).toBe(502)
    }
  expect(trap.received.length).toBe(0)
  expect(trap.connections()).toBe(0)
  await trap.stop()
})

test("a gemini JSON array cut in the middle does not end as if it were whole", async () => {
  rig.provider.script((request) => ({ ...defaultAnswer(request), cutAfter: 300 }))
  const raw = await openRaw(rig.proxy.port)
  raw.send(callBytes(gemini, { stream: true, path: "/v1beta/models/gem:streamGenerateContent" }))
  await raw.closed()
  const read = readAnswer(raw.bytes(), "POST", true)!
  expect(() => JSON.parse(read.answer.text)).toThrow()
  expect(read.answer.complete).toBe(false)
  const row = await rig.proxy.row(read.answer.headers["x-memproxy-request-id"]!)
  expect(row.outcome).toBe("upstream-failed")
})
