/** Claude and Gemini on Vertex AI and Bedrock: paths, bodies and the sign-in that the clouds check, recomputed here from their own descriptions. */
import Anthropic from "@anthropic-ai/sdk"
import { GoogleGenAI } from "@google/genai"
import { createHash, createHmac, createVerify, generateKeyPairSync } from "node:crypto"
import { describe, expect, test } from "bun:test"
import OpenAI from "openai"
import type { Received } from "../support/fake-provider.ts"
import type { Loose } from "../support/json.ts"
import { MASTER } from "../support/memproxy.ts"
import { useRig } from "../support/rig.ts"

const CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
const account = (url: string) => ({
  type: "service_account",
  project_id: "shop-1",
  private_key_id: "kid-1",
  private_key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  client_email: "proxy@shop-1.iam.gserviceaccount.com",
  token_uri: `${url}/token`,
})
const rig = useRig(({ url }) => {
  const bedrock = { aws_region_name: "eu-central-1", aws_bedrock_runtime_endpoint: url }
  const keys = { aws_access_key_id: "AKIDEXAMPLE", aws_secret_access_key: SECRET, aws_session_token: "session-token" }
  const vertex = { vertex_location: "europe-west1", vertex_credentials: account(url), api_base: url }
  return {
    models: [
      { model_name: "bedrock", litellm_params: { model: `bedrock/${CLAUDE}`, ...bedrock, ...keys } },
      { model_name: "bearer", litellm_params: { model: `bedrock/${CLAUDE}`, ...bedrock, api_key: "bedrock-api-key" } },
      { model_name: "oss", litellm_params: { model: "bedrock/openai.gpt-oss-120b-1:0", ...bedrock, ...keys } },
      { model_name: "v-gemini", litellm_params: { model: "vertex_ai/gemini-2.5-pro", ...vertex } },
      { model_name: "v-claude", litellm_params: { model: "vertex_ai/claude-sonnet-4-5@20250929", ...vertex } },
    ],
  }
})

const anthropic = () => new Anthropic({ baseURL: rig.proxy.url, apiKey: MASTER, maxRetries: 0 })
const openai = () => new OpenAI({ baseURL: `${rig.proxy.url}/v1`, apiKey: MASTER, maxRetries: 0 })
const HI = { max_tokens: 50, messages: [{ role: "user" as const, content: "hi" }] }
const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude",
  content: [{ type: "text", text: "Hello there" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 9, output_tokens: 3 },
}
const EVENTS: Loose[] = [
  { type: "message_start", message: { ...MESSAGE, content: [], stop_reason: null } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello " } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "there" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 3 } },
  { type: "message_stop", "amazon-bedrock-invocationMetrics": { inputTokenCount: 9 } },
]
const json = (body: Loose, status = 200) => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
})

/** One message of the AWS event stream: lengths and CRCs, string headers, payload. */
function frame(headers: Record<string, string>, payload: string): Buffer {
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(Buffer.byteLength(value))
      return Buffer.concat([
        Buffer.from([name.length]),
        Buffer.from(name),
        Buffer.from([7]),
        length,
        Buffer.from(value),
      ])
    }),
  )
  const prelude = Buffer.alloc(12)
  prelude.writeUInt32BE(12 + head.length + Buffer.byteLength(payload) + 4, 0)
  prelude.writeUInt32BE(head.length, 4)
  prelude.writeUInt32BE(Bun.hash.crc32(prelude.subarray(0, 8)), 8)
  const message = Buffer.concat([prelude, head, Buffer.from(payload)])
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(Bun.hash.crc32(message))
  return Buffer.concat([message, checksum])
}
const chunk = (event: Loose) =>
  frame(
    { ":event-type": "chunk", ":content-type": "application/json", ":message-type": "event" },
    JSON.stringify({ bytes: Buffer.from(JSON.stringify(event)).toString("base64"), p: "abcd" }),
  )
const framed = (bytes: Buffer, size = bytes.length) => ({
  headers: { "content-type": "application/vnd.amazon.eventstream" },
  pieces: Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size)),
})

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function signatureOf(request: Received, region: string): string {
  const [, signed = ""] = /SignedHeaders=([^,]+)/.exec(request.headers["authorization"]!)!
  const sha = (text: string | Buffer) => createHash("sha256").update(text).digest("hex")
  const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest()
  const date = request.headers["x-amz-date"]!
  const path = request.path.split("/").map(encodeURIComponent).join("/")
  const lines = signed.split(";").map((name) => `${name}:${request.headers[name]}\n`)
  const canonical = ["POST", path, "", lines.join(""), signed, sha(request.body)].join("\n")
  const scope = `${date.slice(0, 8)}/${region}/bedrock/aws4_request`
  const toSign = ["AWS4-HMAC-SHA256", date, scope, sha(canonical)].join("\n")
  const key = [date.slice(0, 8), region, "bedrock", "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${SECRET}`)
  return hmac(key, toSign).toString("hex")
}

describe("Bedrock", () => {
  test("Claude is asked at its own path with a signature that holds, the model and the version in their places", async () => {
    rig.provider.script(json(MESSAGE))
    const answer = await anthropic().messages.create(
      { model: "bedrock", ...HI },
      { headers: { "anthropic-beta": "context-1m-2025-08-07,claude-code-20250219" } },
    )
    expect(answer.content).toEqual(MESSAGE.content as never)
    const request = rig.provider.received[0]!
    expect(request.target).toBe(`/model/${encodeURIComponent(CLAUDE)}/invoke`)
    expect(request.json).toEqual({
      ...HI,
      anthropic_version: "bedrock-2023-05-31",
      anthropic_beta: ["context-1m-2025-08-07"],
    })
    expect(request.headers["x-amz-security-token"]).toBe("session-token")
    expect(request.headers["authorization"]).toStartWith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    expect(request.headers["authorization"]).toEndWith(`Signature=${signatureOf(request, "eu-central-1")}`)
  })

  test.each([1, 7, 1000])(
    "a stream in pieces of %i bytes is an Anthropic stream, and its row has the tokens",
    async (size) => {
      rig.provider.script(framed(Buffer.concat(EVENTS.map(chunk)), size))
      const stream = anthropic().messages.stream({ model: "bedrock", ...HI })
      expect(await stream.finalText()).toBe("Hello there")
      expect(rig.provider.received[0]!.target).toEndWith("/invoke-with-response-stream")
      expect(rig.provider.received[0]!.json).not.toHaveProperty("stream")
      const [row] = await rig.proxy.rows()
      expect(row).toMatchObject({
        provider: "bedrock",
        input_tokens: 9,
        output_tokens: 3,
        outcome: "done",
        finish_reason: "end_turn",
      })
    },
  )

  test("an OpenAI client streams from Claude on Bedrock too", async () => {
    rig.provider.script(framed(Buffer.concat(EVENTS.map(chunk))))
    let text = ""
    const stream = await openai().chat.completions.create({ model: "bedrock", messages: HI.messages, stream: true })
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? ""
    expect(text).toBe("Hello there")
  })

  test("an exception in the stream is the dialect's error event; a wrong checksum ends the stream as a failure", async () => {
    const exception = frame(
      { ":message-type": "exception", ":exception-type": "throttlingException" },
      '{"message":"Too many tokens"}',
    )
    rig.provider.script(framed(Buffer.concat([...EVENTS.slice(0, 3).map(chunk), exception])))
    await expect(
      anthropic()
        .messages.stream({ model: "bedrock", ...HI })
        .finalText(),
    ).rejects.toThrow("Too many tokens")
    const spoilt = Buffer.concat(EVENTS.map(chunk))
    spoilt[spoilt.length - 1]! ^= 1
    rig.provider.script(framed(spoilt))
    await expect(
      anthropic()
        .messages.stream({ model: "bedrock", ...HI })
        .finalText(),
    ).rejects.toThrow("checksum")
  })

  test("an API key goes as a bearer token, unsigned", async () => {
    rig.provider.script(json(MESSAGE))
    await anthropic().messages.create({ model: "bearer", ...HI })
    const { headers } = rig.provider.received[0]!
    expect(headers["authorization"]).toBe("Bearer bedrock-api-key")
    expect(headers).not.toHaveProperty("x-amz-date")
  })

  test("its errors are told in the caller's dialect", async () => {
    rig.provider.script({ ...json({ message: "The provided model identifier is invalid." }, 400) })
    const error = await anthropic()
      .messages.create({ model: "bedrock", ...HI })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      status: 400,
      error: { error: { type: "invalid_request_error", message: "The provided model identifier is invalid." } },
    })
  })

  test("other models are asked in OpenAI's dialect, signed alike", async () => {
    await openai().chat.completions.create({ model: "oss", messages: HI.messages })
    const request = rig.provider.received[0]!
    expect(request.target).toBe("/openai/v1/chat/completions")
    expect(request.json.model).toBe("openai.gpt-oss-120b-1:0")
    expect(request.headers["authorization"]).toEndWith(signatureOf(request, "eu-central-1"))
  })

  test("tokens are counted here, since it counts none", async () => {
    const { input_tokens } = await anthropic().messages.countTokens({ model: "bedrock", messages: HI.messages })
    expect(input_tokens).toBeGreaterThan(0)
    expect(rig.provider.received).toEqual([])
  })
})

describe("Vertex AI", () => {
  const answers = (answer: Loose) => {
    const given = rig.provider
    given.script(({ path }) => (path === "/token" ? json({ access_token: "ya29.token", expires_in: 3599 }) : answer))
  }

  test("a service account's assertion gets a token, once, and both Claude and Gemini are asked with it", async () => {
    answers(json(MESSAGE))
    const answer = await anthropic().messages.create({ model: "v-claude", ...HI })
    expect(answer.content).toEqual(MESSAGE.content as never)
    answers(null)
    const google = new GoogleGenAI({ apiKey: MASTER, httpOptions: { baseUrl: rig.proxy.url } })
    const said = await google.models.generateContent({ model: "v-gemini", contents: "hi" })
    expect(said.text).toBeTruthy()

    const [token, claude, gemini] = rig.provider.received
    expect(rig.provider.received).toHaveLength(3)
    const form = new URLSearchParams(token!.text)
    expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer")
    const [head, claims, signature] = form.get("assertion")!.split(".")
    expect(createVerify("RSA-SHA256").update(`${head}.${claims}`).verify(publicKey, signature!, "base64url")).toBe(true)
    const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString())
    expect(read(head!)).toEqual({ alg: "RS256", typ: "JWT", kid: "kid-1" })
    const { iat, exp, ...others } = read(claims!)
    expect(exp - iat).toBe(3600)
    expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(60)
    expect(others).toEqual({
      iss: "proxy@shop-1.iam.gserviceaccount.com",
      scope: "https://www.googleapis.com/auth/cloud-platform",
      aud: `${rig.provider.url}/token`,
    })

    const place = "projects/shop-1/locations/europe-west1"
    expect(claude!.target).toBe(`/v1/${place}/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict`)
    expect(claude!.json).toEqual({ ...HI, anthropic_version: "vertex-2023-10-16" })
    expect(gemini!.target).toBe(`/v1beta1/${place}/publishers/google/models/gemini-2.5-pro:generateContent`)
    for (const { headers } of [claude!, gemini!]) expect(headers["authorization"]).toBe("Bearer ya29.token")
  })

  test("calls and results go to Gemini without ids, which Vertex AI refuses", async () => {
    answers(null)
    const call = { id: "call_1", type: "function" as const, function: { name: "f", arguments: "{}" } }
    await openai().chat.completions.create({
      model: "v-gemini",
      messages: [
        { role: "user", content: "hi" },
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "call_1", content: "1" },
      ],
    })
    const { json: body } = rig.provider.received.at(-1)!
    expect(body.contents[1].parts[0].functionCall).toEqual({ name: "f", args: {} })
    expect(body.contents[2].parts[0].functionResponse).toEqual({ name: "f", response: { output: "1" } })
  })

  test("Google's errors are told in the caller's dialect", async () => {
    answers(json([{ error: { code: 429, message: "Resource exhausted.", status: "RESOURCE_EXHAUSTED" } }], 429))
    const error = await anthropic()
      .messages.create({ model: "v-claude", ...HI })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      status: 429,
      error: { error: { type: "rate_limit_error", message: "Resource exhausted." } },
    })
  })
})
