/** What the provider receives: the client's own bytes with the edits of the contract and no other. */
import { describe, expect, test } from "bun:test"
import { callBytes, chat, claude, gemini, type Lane, lanes, responses } from "../support/lanes.ts"
import { requestOf, loadFixtures, haveFixtures } from "../support/fixtures.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig()

async function sent(lane: Lane, body: string, stream = false, path?: string): Promise<string> {
  const answer = await rig.ask(callBytes(lane, { body, stream, path }))
  expect([answer.status, answer.text.slice(0, 200)]).toEqual([200, expect.any(String)])
  return rig.provider.received[0]!.body.toString("latin1")
}
const latin1 = (text: string) => Buffer.from(text).toString("latin1")

/** The text that was put into `before` to make `after`; null where anything else changed. */
export function inserted(before: string, after: string): string | null {
  let front = 0
  while (front < before.length && before[front] === after[front]) front++
  const back = before.length - front
  if (back && !after.endsWith(before.slice(-back))) return null
  return after.slice(front, after.length - back)
}

describe("the model's name is spliced and nothing else changes", () => {
  // "~" stands for what a body of the dialect must have
  const odd: [string, string][] = [
    ["white space everywhere", `\n{ "model" :\t"@",\r\n  ~ }\n`],
    ["numbers that parsing would change", `{~,"a":1e400,"b":12345678901234567890,"c":-0,"d":1.0,"e":1E+2,"model":"@"}`],
    [
      "the name in other places",
      `{~,"quote":"\\"model\\":\\"@\\"","metadata":{"model":"@"},"model":"@","x":{"model":"@"}}`,
    ],
    ["escapes and their look-alikes", `{~,"t":"\\\\\\"model\\": \\u0000 \\ud83d\\ude00 \\ud800","model":"@"}`],
    ["unicode of every width", `{~,"t":"é ü 漢字 😀 \u2028 \u200f ﷽","model":"@"}`],
    ["fields nobody knows", `{~,"__proto__":{"a":1},"constructor":null,"x-beta":[[[]]],"":0,"model":"@"}`],
    ["a duplicate key that is not the model", `{~,"temperature":1,"temperature":2,"model":"@"}`],
  ]
  for (const lane of [chat, responses, claude])
    for (const [name, template] of odd)
      test(`${lane.dialect}: ${name}`, async () => {
        const { model: _, ...needed } = lane.body(false)
        const body = template.replaceAll("@", lane.model).replace("~", JSON.stringify(needed).slice(1, -1))
        const got = await sent(lane, body)
        // one span differs: the name of the top level
        const [front, back] = splitAtTopModel(latin1(body), lane.model)
        expect(got).toBe(`${front}${lane.upstreamModel}${back}`)
      })

  test("gemini: the name is in the path and the body goes out untouched", async () => {
    const body = ` {"contents":[{"parts":[{"text":"é 😀"}]}],\n"model":"gem","n":1e400,"z":12345678901234567890} `
    expect(await sent(gemini, body)).toBe(latin1(body))
    expect(rig.provider.received[0]!.target).toBe("/v1beta/models/up-gem:generateContent")
  })

  test("a model name written with escapes is understood and replaced", async () => {
    const got = await sent(chat, `{"\\u006dodel":"ch\\u0061t","messages":[{}]}`)
    expect(JSON.parse(got)).toEqual({ model: "up-chat", messages: [{}] })
  })

  test("the query goes along where it is the provider's", async () => {
    await sent(claude, JSON.stringify(claude.body(false)), false, "/v1/messages?beta=true")
    expect(rig.provider.received[0]!.target).toBe("/v1/messages?beta=true")
  })
})

describe("usage is asked for on Chat streams", () => {
  const base = `{"model":"chat","messages":[{"role":"user","content":"stream_options"}],"stream":true}`
  const renamed = base.replace('"chat"', '"up-chat"')

  test("a stream without stream_options gets exactly that one field more", async () => {
    const got = await sent(chat, base, true)
    expect(JSON.parse(got)).toEqual({ ...JSON.parse(renamed), stream_options: { include_usage: true } })
    const field = '"stream_options":{"include_usage":true}'
    expect([got.replace(`${field},`, ""), got.replace(`,${field}`, "")]).toContain(renamed)
  })

  test("a stream that asks already goes out as it came", async () => {
    const asks = base.replace('"stream":true', '"stream":true, "stream_options" : { "include_usage" : true }')
    expect(await sent(chat, asks, true)).toBe(asks.replace('"chat"', '"up-chat"'))
  })

  test("other stream options survive, and a refusal of usage is answered by asking and hiding", async () => {
    const got = await sent(
      chat,
      base.replace("}]", '}],"stream_options":{"include_usage":false,"include_obfuscation":false}'),
      true,
    )
    expect(JSON.parse(got).stream_options).toEqual({ include_usage: true, include_obfuscation: false })
    rig.provider.reset()
    const nothing = await sent(chat, base.replace("}]", '}],"stream_options":null'), true)
    expect(JSON.parse(nothing).stream_options).toEqual({ include_usage: true })
  })

  test("no other dialect and no whole answer gets the field", async () => {
    for (const lane of [responses, claude, gemini]) {
      rig.provider.reset()
      expect(await sent(lane, JSON.stringify(lane.body(true)), true)).not.toContain('"stream_options":')
    }
    rig.provider.reset()
    expect(await sent(chat, base.replace('"stream":true', '"stream":false'))).not.toContain('"stream_options":')
  })
})

describe("bodies come in every way HTTP allows", () => {
  test("a chunked body reaches the provider whole", async () => {
    const body = JSON.stringify(chat.body(false, "x".repeat(5000)))
    const chunks = body.match(/.{1,777}/gs)!.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${(await import("../support/memproxy.ts")).MASTER}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`
    const answer = await rig.ask(`${head}${chunks.join("")}0\r\n\r\n`)
    expect(answer.status).toBe(200)
    expect(rig.provider.received[0]!.text).toBe(body.replace('"chat"', '"up-chat"'))
  })

  test("a compressed body reaches the provider plain, and without the encoding's header", async () => {
    const body = JSON.stringify(chat.body(false, "x".repeat(5000)))
    for (const [encoding, bytes] of [
      ["gzip", Bun.gzipSync(body)],
      ["zstd", Bun.zstdCompressSync(body)],
    ] as const) {
      rig.provider.reset()
      const answer = await rig.ask(callBytes(chat, { headers: { "content-encoding": encoding }, body: bytes }))
      expect([encoding, answer.status]).toEqual([encoding, 200])
      expect(rig.provider.received[0]!.text).toBe(body.replace('"chat"', '"up-chat"'))
      expect(rig.provider.received[0]!.headers["content-encoding"]).toBeUndefined()
    }
  })

  test("a decompression bomb is a 413", async () => {
    const bomb = Bun.gzipSync(Buffer.alloc(200_000_000))
    const answer = await rig.ask(callBytes(chat, { headers: { "content-encoding": "gzip" }, body: bomb }))
    expect(answer.status).toBe(413)
  })

  test("a body of several megabytes arrives byte for byte", async () => {
    const text = "漢字 and 😀 ".repeat(300_000)
    const body = JSON.stringify(claude.body(false, text))
    await sent(claude, body)
    expect(rig.provider.received[0]!.text === body.replace('"claude"', '"up-claude"')).toBe(true)
  })
})

test.skipIf(!haveFixtures)(
  "every recorded request goes out as it came but for the model and include_usage",
  async () => {
    const cases = loadFixtures().filter((one) => one.request && one.dialect && one.provider !== "gemini-vertex")
    expect(cases.length).toBeGreaterThan(80)
    for (const one of cases) {
      rig.provider.reset()
      const lane = lanes.find((row) => row.dialect === one.dialect)!
      const stream = lane.dialect === "gemini" ? one.isSse : requestOf(one).stream === true
      const text = one.request!.toString("latin1")
      const body = lane.dialect === "gemini" ? text : renameTop(text, requestOf(one).model, lane.model)
      const answer = await rig.ask(callBytes(lane, { body: Buffer.from(body, "latin1"), stream }))
      expect([one.id, answer.status]).toEqual([one.id, 200])
      const got = rig.provider.received[0]!.body.toString("latin1")
      const expected = lane.dialect === "gemini" ? text : renameTop(text, requestOf(one).model, lane.upstreamModel)
      if (got === expected) continue
      expect([one.id, inserted(expected, got)]).toEqual([one.id, expect.stringMatching(/"include_usage"/)])
    }
  },
  60_000,
)

const renameTop = (text: string, from: string, to: string) => splitAtTopModel(text, from).join(to)

/** The text before and after the model's name at the top level. */
function splitAtTopModel(text: string, model: string): [string, string] {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const c = text[at]
    if (c === "{" || c === "[") depth++
    else if (c === "}" || c === "]") depth--
    else if (c === '"') {
      const start = at
      for (at++; text[at] !== '"'; at++) if (text[at] === "\\") at++
      if (depth !== 1 || text.slice(start, at + 1) !== '"model"') continue
      const value = /^\s*:\s*"/.exec(text.slice(at + 1))
      if (!value) continue
      const from = at + 1 + value[0].length
      return [text.slice(0, from), text.slice(from + model.length)]
    }
  }
  throw new Error("no model at the top level")
}
