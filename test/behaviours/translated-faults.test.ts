/** A provider of another dialect that breaks or writes oddly: the client is told in its own dialect or notices nothing, the row is right, nothing hangs. All twelve pairs. */
import { expect, test } from "bun:test"
import { createParser } from "eventsource-parser"
import { DEFAULT_TEXT, defaultAnswer } from "../support/answers.ts"
import type { Answer, Received } from "../support/fake-provider.ts"
import { type Loose, parseLoose } from "../support/json.ts"
import { callAcross, type Lane, pairs, responses } from "../support/lanes.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig()
const bytesOf = async (answer: Answer) => Buffer.from((await Array.fromAsync(answer.pieces as string[])).join(""))
const again = async (request: Received, change: (bytes: Buffer) => Buffer, more: Answer = {}): Promise<Answer> => {
  const answer = defaultAnswer(request)
  return { headers: answer.headers, pieces: [change(await bytesOf(answer))], ...more }
}

function eventsOf(text: string): { event?: string; data: string }[] {
  const events: { event?: string; data: string }[] = []
  createParser({ onEvent: (event) => events.push(event) }).feed(text)
  return events
}

/** The last event is the dialect's own error, and no sign of a whole answer is there. */
function endsInError(client: Lane, text: string): Loose {
  const last = JSON.parse(eventsOf(text).at(-1)!.data)
  expect(text).not.toContain("[DONE]")
  expect(text).not.toContain("message_stop")
  expect(text).not.toContain("response.completed")
  if (client !== responses) return client.readError(last)
  expect(last).toMatchObject({ type: "response.failed", response: { status: "failed" } })
  return last.response.error
}

/** What a client reads of a good answer, whatever its dialect. */
function textOf(text: string): string {
  const found: string[] = []
  for (const { data } of eventsOf(text)) {
    const json = parseLoose(data)
    if (!json || json.type === "response.output_text.done") continue
    found.push(
      json.choices?.[0]?.delta?.content ??
        (json.type === "response.output_text.delta" ? json.delta : undefined) ??
        (json.delta?.type === "text_delta" ? json.delta.text : undefined) ??
        json.candidates?.[0]?.content?.parts?.map((part: Loose) => part.text ?? "").join("") ??
        "",
    )
  }
  return found.join("")
}

const providerEvent: Record<string, string> = {
  "openai-chat": 'data: {"error":{"message":"we are full","type":"server_error","code":"overloaded"}}\n\n',
  "openai-responses":
    'event: error\ndata: {"type":"error","code":"server_error","message":"we are full","param":null,"sequence_number":3}\n\n',
  anthropic: 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"we are full"}}\n\n',
  gemini: 'data: {"error":{"code":503,"message":"we are full","status":"UNAVAILABLE"}}\r\n\r\n',
}

for (const { client, upstream } of pairs) {
  const pair = `${client.dialect} client, ${upstream.dialect} provider`
  const rowOf = (answer: { headers: Record<string, string> }) => rig.proxy.row(answer.headers["x-memproxy-request-id"]!)

  for (const cutWith of ["fin", "rst"] as const)
    test(`${pair}: a stream cut by ${cutWith} ends in the client's own error event`, async () => {
      rig.provider.script((request) => ({ ...defaultAnswer(request), cutAfter: 420, cutWith }))
      const answer = await rig.ask(callAcross(client, upstream, true))
      expect(answer.status).toBe(200)
      endsInError(client, answer.text)
      expect(answer.complete).toBe(false)
      expect(await rowOf(answer)).toMatchObject({
        outcome: "upstream-failed",
        status: 200,
        dialect_out: upstream.dialect,
      })
      expect(rig.provider.received.length).toBe(1)
    })

  test(`${pair}: an error after the first events reaches the client with the provider's words`, async () => {
    rig.provider.script(async (request) => {
      const pieces = [...(defaultAnswer(request).pieces as string[])]
      return {
        headers: { "content-type": "text/event-stream" },
        pieces: [...pieces.slice(0, -2), providerEvent[upstream.dialect]!],
      }
    })
    const answer = await rig.ask(callAcross(client, upstream, true))
    expect(endsInError(client, answer.text).message).toContain("we are full")
    expect(await rowOf(answer)).toMatchObject({ outcome: "upstream-failed" })
  })

  test(`${pair}: an error that is the stream's first word is a plain HTTP error`, async () => {
    rig.provider.script({
      headers: { "content-type": "text/event-stream" },
      pieces: [providerEvent[upstream.dialect]!],
    })
    const answer = await rig.ask(callAcross(client, upstream, true))
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect(client.readError(answer.json).message).toContain("we are full")
    expect(await rowOf(answer)).toMatchObject({ outcome: "upstream-failed", status: answer.status })
  })

  test(`${pair}: an event that is not JSON, and half a UTF-8 character at the end, are failures`, async () => {
    rig.provider.script(async (request) => {
      const pieces = [...(defaultAnswer(request).pieces as string[])]
      return { headers: { "content-type": "text/event-stream" }, pieces: [...pieces.slice(0, 4), 'data: {"oops\n\n'] }
    })
    const told = await rig.ask(callAcross(client, upstream, true))
    // nothing may have been said yet
    if (told.status === 200) endsInError(client, told.text)
    else client.readError(told.json)
    rig.provider.script((request) =>
      again(request, (bytes) => Buffer.concat([bytes.subarray(0, bytes.length - 200), Buffer.from([0xe2, 0x82])])),
    )
    const answer = await rig.ask(callAcross(client, upstream, true))
    expect(await rowOf(answer)).toMatchObject({ outcome: "upstream-failed" })
  })

  const odd: Record<string, (request: Received) => Promise<Answer>> = {
    "lines that end in CR LF": (request) =>
      again(request, (bytes) => Buffer.from(bytes.toString().replaceAll("\r\n", "\n").replaceAll("\n", "\r\n"))),
    "no final newline": (request) => again(request, (bytes) => Buffer.from(bytes.toString().trimEnd())),
    "a byte a packet": (request) => again(request, (bytes) => bytes, { packetBytes: 1 }),
    "all events in one packet": (request) => again(request, (bytes) => bytes),
    "comments between events": (request) =>
      again(request, (bytes) => Buffer.from(`: hi\n\n${bytes.toString().replaceAll("\n\n", "\n\n: processing\n\n")}`)),
  }
  for (const [what, script] of Object.entries(odd))
    test(`${pair}: ${what}: nobody notices`, async () => {
      rig.provider.script(script)
      const answer = await rig.ask(callAcross(client, upstream, true))
      expect(textOf(answer.text)).toBe(DEFAULT_TEXT)
      expect(answer.text).toContain(client.terminal)
      expect(await rowOf(answer)).toMatchObject({ outcome: "done", output_tokens: 9 })
    })

  test(`${pair}: HTML, nothing and half JSON with status 200 become a 502 in the client's dialect`, async () => {
    const bad: Answer[] = [
      { headers: { "content-type": "text/html" }, body: "<html>s3cr3t-page</html>" },
      { headers: { "content-type": "application/json" }, body: "" },
      { headers: { "content-type": "application/json" }, body: '{"s3cr3t-page":' },
      { headers: { "content-type": "application/json" }, body: "[1]" },
    ]
    for (const stream of [false, true])
      for (const answerAs of bad) {
        rig.provider.script(answerAs)
        const answer = await rig.ask(callAcross(client, upstream, stream))
        expect([answerAs, stream, answer.status]).toEqual([answerAs, stream, 502])
        expect(client.readError(answer.json).message).not.toContain("s3cr3t-page")
        expect(await rowOf(answer)).toMatchObject({ outcome: "upstream-failed", status: 502 })
      }
  })

  test(`${pair}: a provider that answers whole though asked to stream, or streams unasked, is understood`, async () => {
    for (const stream of [false, true]) {
      rig.provider.script((request) => {
        const turned = stream
          ? {
              ...request,
              path: request.path.replace("streamGenerateContent", "generateContent"),
              json: { ...request.json, stream: false },
            }
          : {
              ...request,
              path: request.path.replace(":generateContent", ":streamGenerateContent"),
              target: `${request.target}?alt=sse`,
              json: { ...request.json, stream: true, stream_options: { include_usage: true } },
            }
        return defaultAnswer(turned)
      })
      const answer = await rig.ask(callAcross(client, upstream, stream))
      expect([stream, answer.status]).toEqual([stream, 200])
      expect(answer.text).toContain(stream ? client.terminal : DEFAULT_TEXT)
      expect(await rowOf(answer)).toMatchObject({ outcome: "done", output_tokens: 9 })
    }
  })

  test(`${pair}: a whole answer under an event stream's content type is read as what it is`, async () => {
    for (const stream of [false, true]) {
      rig.provider.script(async (request) => {
        const path = request.path.replace("streamGenerateContent", "generateContent")
        const whole = defaultAnswer({ ...request, path, json: { ...request.json, stream: false } })
        return { ...whole, headers: { "content-type": "text/event-stream" } }
      })
      const answer = await rig.ask(callAcross(client, upstream, stream))
      expect([stream, answer.status]).toEqual([stream, 200])
      expect(stream ? textOf(answer.text) : answer.text).toContain(DEFAULT_TEXT)
      expect(await rowOf(answer)).toMatchObject({ outcome: "done", output_tokens: 9 })
    }
  })

  test(`${pair}: the provider's refusals keep their status and words, and their Retry-After`, async () => {
    for (const status of [400, 401, 404, 429, 500, 503]) {
      // 529 is Anthropic's 503
      const told = status === 503 && client.dialect === "anthropic" ? 529 : status
      const body = JSON.stringify(upstream.providerError(status, `said ${status} é`))
      rig.provider.script({ status, headers: { "content-type": "application/json", "retry-after": "7" }, body })
      for (const stream of [false, true]) {
        const answer = await rig.ask(callAcross(client, upstream, stream))
        expect([status, answer.status]).toEqual([status, told])
        expect(client.readError(answer.json).message).toContain(`said ${status} é`)
        expect(answer.headers["retry-after"]).toBe("7")
        expect(await rowOf(answer)).toMatchObject({ status: told, outcome: "upstream-failed" })
      }
    }
  })
}
