/** What holds of every translated call whatever it says: its bytes on the wire, a client that leaves, and files that only another vendor has. */
import { describe, expect, test } from "bun:test"
import { answerIn, DEFAULT_TEXT, defaultAnswer } from "../support/answers.ts"
import type { Loose } from "../support/json.ts"
import { callAcross, callBytes, chat, claude, gemini, type Lane, lanes, pairs, responses } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { openRaw } from "../support/raw-http.ts"
import { eventually, useRig } from "../support/rig.ts"
import { said } from "../support/said.ts"
import { callSdk } from "../support/sdk.ts"

const rig = useRig()

/** What the client's own SDK reads of the answer. */
async function sdkReads({ dialect }: Lane, { model }: Lane, stream: boolean) {
  const answer = await callSdk({ url: rig.proxy.url, key: MASTER, dialect, model, stream })
  return said(dialect, stream ? (dialect === "gemini" ? answer.events : answer.final) : answer)
}

for (const upstream of lanes.filter((one) => one !== gemini))
  test(`gemini without alt=sse gets one JSON array from ${upstream.dialect}, streamed or whole`, async () => {
    const path = `/v1beta/models/${upstream.model}:streamGenerateContent`
    for (const isStreamed of [true, false]) {
      rig.provider.script((request) =>
        answerIn(isStreamed ? request : { ...request, json: { ...request.json, stream: false } }),
      )
      const answer = await rig.ask(callBytes(gemini, { stream: true, path }))
      expect(answer.headers["content-type"]).toBe("application/json")
      expect(said("gemini", JSON.parse(answer.text))).toMatchObject({ text: DEFAULT_TEXT, finish: "stop" })
      expect(await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).toMatchObject({
        outcome: "done",
        output_tokens: 9,
      })
    }
  })

for (const { client, upstream } of pairs) {
  const pair = `${client.dialect} client, ${upstream.dialect} provider`

  test(`${pair}: characters that packets cut arrive whole`, async () => {
    const text = "é漢😀 and 👩‍👩‍👧 too"
    for (const packetBytes of [1, 3]) {
      rig.provider.script((request) => ({ ...answerIn(request, { text }), packetBytes }))
      expect((await sdkReads(client, upstream, true)).text).toBe(text)
    }
  })

  test(`${pair}: a compressed answer is translated, and says no more that it is compressed`, async () => {
    for (const encoding of ["gzip", "br", "zstd", "deflate"] as const)
      for (const stream of [true, false]) {
        rig.provider.script((request) => ({ ...defaultAnswer(request), encoding }))
        expect([encoding, (await sdkReads(client, upstream, stream)).text]).toEqual([encoding, DEFAULT_TEXT])
        const { headers } = await rig.ask(callAcross(client, upstream, stream))
        expect(headers["content-encoding"]).toBeUndefined()
      }
  })

  test(`${pair}: a client that leaves mid-stream closes the provider's stream and gets one row`, async () => {
    const before = (await rig.proxy.rows()).length
    rig.provider.script((request) => ({ ...defaultAnswer(request), stallAfter: 700 }))
    const raw = await openRaw(rig.proxy.port)
    raw.send(callAcross(client, upstream, true))
    await raw.until(300)
    raw.close()
    await eventually("the provider sees the connection close", () => rig.provider.received[0]!.leftAt !== null, 1000)
    let rows = await rig.proxy.rows()
    await eventually("a row is written", async () => (rows = await rig.proxy.rows()).length > before)
    expect(rows.length).toBe(before + 1)
    expect(rows[0]).toMatchObject({ outcome: "client-left", dialect_in: client.dialect, dialect_out: upstream.dialect })
  })
}

describe("a file that another vendor keeps", () => {
  const ID = "file-abc123"
  const words = "What is in it?"
  const text = { "openai-chat": "text", "openai-responses": "input_text", anthropic: "text", gemini: "" }
  const file: Record<string, Loose> = {
    "openai-chat": { type: "file", file: { file_id: ID } },
    "openai-responses": { type: "input_file", file_id: ID },
    anthropic: { type: "document", source: { type: "file", file_id: ID } },
    gemini: { fileData: { fileUri: `https://generativelanguage.googleapis.com/v1beta/files/${ID}` } },
  }
  function ask(client: Lane, upstream: Lane, withWords: boolean, path = client.path(false, upstream.model)) {
    const { dialect } = client
    const said = dialect === "gemini" ? { text: words } : { type: text[dialect], text: words }
    const content = withWords ? [said, file[dialect]!] : [file[dialect]!]
    const body: Loose = client.body(false)
    if (dialect === "gemini") body.contents = [{ role: "user", parts: content }]
    else {
      body.model = upstream.model
      body[dialect === "openai-responses" ? "input" : "messages"] = [{ role: "user", content }]
    }
    return rig.ask(callBytes(client, { body: JSON.stringify(body), path }))
  }
  const isOpenAi = ({ dialect }: Lane) => dialect.startsWith("openai")

  for (const { client, upstream } of pairs)
    if (isOpenAi(client) && isOpenAi(upstream))
      test(`${client.dialect} to ${upstream.dialect}: is OpenAI's in both`, async () => {
        const answer = await ask(client, upstream, true)
        expect(answer.status).toBe(200)
        expect(rig.provider.received[0]!.text).toContain(`"file_id":"${ID}"`)
      })
    else
      test(`${client.dialect} to ${upstream.dialect}: is named in words and listed as lost; alone it is refused`, async () => {
        const answer = await ask(client, upstream, true)
        expect(answer.status).toBe(200)
        expect(decodeURIComponent(answer.headers["x-memproxy-lossy"]!)).toContain(`document (`)
        const [sent] = rig.provider.received
        expect(sent!.text).not.toMatch(/"(file_id|fileUri)"/)
        expect(sent!.text).toContain(`[document `)
        const refused = await ask(client, upstream, false)
        expect(refused.status).toBe(400)
        expect(client.readError(refused.json).message).toContain("bytes (base64)")
        expect(rig.provider.received.length).toBe(1)
      })

  test("is no reason not to count", async () => {
    const counted = await ask(claude, gemini, false, "/v1/messages/count_tokens")
    expect(counted).toMatchObject({ status: 200, json: { input_tokens: 42 } })
    expect((await ask(claude, chat, false, "/v1/messages/count_tokens")).status).toBe(200)
    expect((await ask(gemini, responses, false, "/v1beta/models/responses:countTokens")).status).toBe(200)
  })
})

test("what an answer loses on its way is on the row, also where its stream had begun by then", async () => {
  const part = (one: Loose) =>
    `data: ${JSON.stringify({ candidates: [{ content: { role: "model", parts: [one] } }] })}\r\n\r\n`
  const end = `data: ${JSON.stringify({ candidates: [{ finishReason: "STOP" }] })}\r\n\r\n`
  rig.provider.script({
    headers: { "content-type": "text/event-stream" },
    pieces: [part({ text: "See: " }), part({ executableCode: { language: "PYTHON", code: "1" } }), end],
    gapMs: 30,
  })
  const answer = await rig.ask(callAcross(chat, gemini, true))
  expect(answer.text).toContain("See: ")
  const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
  expect(row).toMatchObject({ outcome: "done", lossy: ["executableCode"] })
})
