/** The raw pass-through: a provider's own API, byte for byte, with the provider's key instead of the caller's. */
import { expect, test } from "bun:test"
import { defaultAnswer } from "../support/answers.ts"
import { callBytes, chat, claude, gemini, type Lane, responses } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { requestBytes } from "../support/raw-http.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig()
const auth = { authorization: `Bearer ${MASTER}` }

const routes: [Lane, string, string][] = [
  [chat, "/openai/v1/chat/completions", "/v1/chat/completions"],
  [responses, "/openai/v1/responses", "/v1/responses"],
  [claude, "/anthropic/v1/messages", "/v1/messages"],
  [gemini, "/gemini/v1beta/models/up-gem:generateContent", "/v1beta/models/up-gem:generateContent"],
]

for (const [lane, path, upstream] of routes) {
  test(`${path}: request and answer pass untouched, and the call is counted`, async () => {
    const body = ` ${JSON.stringify({ ...lane.body(false), ...(lane !== gemini && { model: lane.upstreamModel }), "x-new": 1e3 })}\n`
    const answer = await rig.ask(callBytes(lane, { path: `${path}?beta=true`, body }))
    const request = rig.provider.received[0]!
    expect([answer.status, request.target, request.text]).toEqual([200, `${upstream}?beta=true`, body])
    expect(request.head).not.toContain(MASTER)
    expect(request.headers[lane.upstreamAuth[0]]).toMatch(/c4n4ry/)
    expect(answer.text).toBe(String(defaultAnswer(request).body))
    const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
    expect(row).toMatchObject({
      outcome: "done",
      status: 200,
      input_tokens: 25,
      output_tokens: 9,
      upstream_model: lane.upstreamModel,
    })
  })

  test(`${path}: streams pass untouched and are counted`, async () => {
    const streamPath = path.replace(":generateContent", ":streamGenerateContent?alt=sse")
    const body = {
      ...lane.body(true),
      ...(lane !== gemini && { model: lane.upstreamModel }),
      ...(lane === chat && { stream_options: { include_usage: true } }),
    }
    const answer = await rig.ask(callBytes(lane, { path: streamPath, body: JSON.stringify(body) }))
    expect(answer.text).toBe([...(defaultAnswer(rig.provider.received[0]!).pieces as string[])].join(""))
    const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
    expect(row).toMatchObject({ outcome: "done", stream: true, input_tokens: 25, output_tokens: 9 })
  })
}

test("any method and any body pass: files, lists, deletions", async () => {
  const binary = Buffer.from([0, 1, 2, 0xff, 0xfe, 10, 13])
  rig.provider.script({ headers: { "content-type": "application/octet-stream" }, body: binary })
  const upload = await rig.ask(
    requestBytes("POST", "/openai/v1/files", { ...auth, "content-type": "multipart/form-data; boundary=x" }, binary),
  )
  expect(upload.body.equals(binary)).toBe(true)
  expect(rig.provider.received[0]!.body.equals(binary)).toBe(true)
  expect(rig.provider.received[0]!.headers["content-type"]).toBe("multipart/form-data; boundary=x")
  for (const method of ["GET", "DELETE", "PUT", "PATCH"]) {
    rig.provider.reset()
    rig.provider.script({ headers: { "content-type": "text/plain" }, body: "ok" })
    const answer = await rig.ask(requestBytes(method, "/openai/v1/files/file-1?after=x", auth))
    expect([
      method,
      answer.status,
      answer.text,
      rig.provider.received[0]?.method,
      rig.provider.received[0]?.target,
    ]).toEqual([method, 200, "ok", method, "/v1/files/file-1?after=x"])
  }
})

test("the provider's errors pass, ours are in its dialect, and no path leaves its base", async () => {
  rig.provider.script({
    status: 429,
    headers: { "content-type": "application/json", "retry-after": "9" },
    body: '{"error":{"message":"slow"}}',
  })
  const slow = await rig.ask(callBytes(claude, { path: "/anthropic/v1/messages" }))
  expect([slow.status, slow.text, slow.headers["retry-after"]]).toEqual([429, '{"error":{"message":"slow"}}', "9"])
  rig.provider.reset()
  const refused = await rig.ask(
    callBytes(claude, { path: "/anthropic/v1/messages", headers: { authorization: "Bearer nope" } }),
  )
  expect(refused.status).toBe(401)
  claude.readError(refused.json)
  for (const path of [
    "/anthropic/../x",
    "/anthropic/%2e%2e/x",
    "/anthropic//evil.test/x",
    "/anthropic/v1/..%2f..%2fx",
    "/anthropic/@evil.test/",
  ]) {
    const answer = await rig.ask(requestBytes("GET", path, auth))
    expect([path, answer.status < 500]).toEqual([path, true])
  }
  for (const request of rig.provider.received) expect(request.headers["host"]).toBe(`127.0.0.1:${rig.provider.port}`)
})

test("a compressed upload passes: it is the provider's to read", async () => {
  const zipped = Bun.gzipSync(JSON.stringify(claude.body(false)))
  rig.provider.script({ headers: { "content-type": "application/json" }, body: "{}" })
  const answer = await rig.ask(
    requestBytes(
      "POST",
      "/anthropic/v1/files",
      { ...auth, "content-encoding": "gzip", "content-type": "application/json" },
      zipped,
    ),
  )
  expect(answer.status).toBe(200)
  const { body, headers } = rig.provider.received[0]!
  // plain or still compressed, but never a body that its header does not describe
  expect(
    headers["content-encoding"] === "gzip"
      ? Buffer.from(Bun.gunzipSync(new Uint8Array(body))).toString()
      : body.toString(),
  ).toBe(JSON.stringify(claude.body(false)))
})
