import { describe, expect, setDefaultTimeout, test } from "bun:test"
import * as fc from "fast-check"
import { dropUsage } from "../../src/dialects/drop-usage.ts"
import { keepAlive } from "../../src/dialects/keepalive.ts"
import { WholeEvents } from "../../src/dialects/whole-events.ts"
import { haveFixtures, loadFixtures } from "../support/fixtures.ts"

setDefaultTimeout(60_000) // every recorded stream at every split

const createUsageHider = () => new WholeEvents(dropUsage)
const encoder = new TextEncoder()
const bytesOf = (text: string) => encoder.encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** What comes out, packet by packet; the last entry is what `end` gives. */
function hide(packets: readonly Uint8Array[]): string[] {
  const hider = createUsageHider()
  // the packets' memory is used again by the next read, as a socket may
  const out = packets.map((packet) => textOf(hider.push(packet.slice())))
  return [...out, textOf(hider.end())]
}

/** The same in one piece: packets may part a character. */
function hideAll(packets: readonly Uint8Array[]): string {
  const hider = createUsageHider()
  const out = packets.map((packet) => Buffer.from(hider.push(packet)))
  return Buffer.concat([...out, hider.end()]).toString()
}

function splitAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [0, ...places.toSorted((one, other) => one - other), bytes.length]
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end))
}

/** What should come out: every event but those with no choices and a usage, by JSON.parse. */
function withoutUsage(stream: string): string {
  const events = stream.split(/(?<=\n\r?\n)/)
  return events
    .filter((event) => {
      const data = /^data: ?(\{.*\})\r?$/m.exec(event)?.[1]
      const chunk = data ? JSON.parse(data) : null
      return !(chunk?.choices?.length === 0 && chunk.usage)
    })
    .join("")
}

const chunk = (choices: string, usage = "null", before = "") =>
  `data: {"id":"c","object":"chat.completion.chunk",${before}"choices":${choices},"usage":${usage}}\n\n`
const USAGE = chunk("[]", '{"prompt_tokens":1,"completion_tokens":2}')
const TEXT = chunk('[{"index":0,"delta":{"content":"\\"choices\\":[] {\\"usage\\":1}\\n\\n"}}]')

describe("hiding the usage chunk", () => {
  const streams = loadFixtures()
    .filter((fixture) => fixture.isSse && fixture.dialect === "openai-chat" && fixture.response)
    .map(({ id, response }) => ({ id, text: response!.toString() }))

  test.skipIf(!haveFixtures)("takes one event out of a recorded stream, split at any byte, with LF or CR LF", () => {
    let taken = 0
    for (const { id, text } of streams) {
      for (const each of [text, text.replaceAll("\n", "\r\n")]) {
        const expected = withoutUsage(each)
        if (expected !== each) taken++
        const bytes = bytesOf(each)
        for (let at = 0; at <= bytes.length; at += bytes.length > 8000 ? 7 : 1) {
          const out = hideAll(splitAt(bytes, [at]))
          if (out !== expected) throw new Error(`${id} split at ${at}: ${out.length} characters for ${expected.length}`)
        }
        expect(hideAll([...bytes].map((byte) => Uint8Array.of(byte)))).toBe(expected)
      }
    }
    expect(taken).toBeGreaterThan(10)
  })

  test("what waits for its event's end is the packet's no more, whose memory may be used again", () => {
    const events = new WholeEvents()
    const packet = Buffer.from("data: one\n\ndata: t")
    expect(textOf(events.push(packet))).toBe("data: one\n\n")
    packet.fill("!")
    expect(textOf(events.push(Buffer.from("wo\n\n")))).toBe("data: two\n\n")
  })

  test("gives a recorded stream without such an event through as the same bytes", () => {
    const packet = bytesOf(TEXT.repeat(3))
    expect(createUsageHider().push(packet)).toBe(packet)
  })

  test.each([
    ["no choices and no usage, as Azure's first", chunk("[]", "null")],
    ["no choices and an error", chunk("[]", '{"prompt_tokens":1}', '"error":{"message":"x"},')],
    ["choices and usage, as Groq's last", chunk('[{"delta":{}}]', '{"prompt_tokens":1}')],
    ["choices of null", chunk("null", '{"prompt_tokens":1}')],
    ["no choices at all", 'data: {"usage":{"prompt_tokens":1}}\n\n'],
    ["choices that are not its own", 'data: {"a":{"choices":[]},"b":"choices","usage":{"prompt_tokens":1}}\n\n'],
    ["no JSON", 'data: {"choices":[],"usage":{"x":}}\n\n'],
    ["JSON cut short", 'data: {"choices":[],"usage":{"x":1}\n\n'],
    ["a comment", ": OPENROUTER PROCESSING\n\n"],
    ["the end", "data: [DONE]\n\n"],
    ["an empty event", "\n"],
    ["another field", 'event: x\ndatax: {"choices":[],"usage":{"x":1}}\n\n'],
    ["no end", 'data: {"choices":[],"usage":{"x":1}}\n'],
  ])("leaves an event with %s", (_, event) => {
    for (const each of [event, event.replaceAll("\n", "\r\n")]) {
      const stream = TEXT + each
      const bytes = bytesOf(stream)
      for (let at = 0; at <= bytes.length; at++) expect(hideAll(splitAt(bytes, [at]))).toBe(stream)
    }
  })

  test.each([
    ["behind a comment in the same event", `: hi\nid: 7\n${USAGE}`],
    ["with blanks between its tokens", 'data:{ "choices" : [ ] , "usage" : { "x" : 1 } }\n\n'],
    ["over two lines, its choices on the second", 'data: {"a":1,\ndata: "choices":[],"usage":{"x":1}}\n\n'],
    ["over two lines", 'data: {"choices":[],\ndata: "usage":{"prompt_tokens":1}}\n\n'],
    ["with its choices last", 'data: {"usage":{"x":"]}"},"b":[{"choices":[1]}],"choices":[]}\n\n'],
    ["with escapes before it", 'data: {"a\\"choices":"\\\\","choices":[],"usage":{"x":1}}\n\n'],
    ["with a value called choices before it", 'data: {"a":"choices","choices":[],"usage":{"x":1}}\n\n'],
  ])("finds the chunk %s", (_, event) => {
    for (const each of [event, event.replaceAll("\n", "\r\n")]) {
      const bytes = bytesOf(TEXT + each + TEXT)
      for (let at = 0; at <= bytes.length; at++) expect(hideAll(splitAt(bytes, [at]))).toBe(TEXT + TEXT)
    }
  })

  test("takes the chunk out of any mixture of events in any packets", () => {
    const event = fc.constantFrom(
      USAGE,
      TEXT,
      chunk("[]"),
      ": c\n\n",
      "data: [DONE]\n\n",
      USAGE.replaceAll("\n", "\r\n"),
      "\n",
    )
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), fc.array(fc.nat(2000), { maxLength: 20 }), (events, cuts) => {
        const bytes = bytesOf(events.join(""))
        const places = cuts.map((cut) => cut % (bytes.length + 1))
        const kept = events.filter((each) => !each.includes('"prompt_tokens"')).join("")
        expect(hideAll(splitAt(bytes, places))).toBe(kept)
      }),
      { numRuns: 2000 },
    )
  })

  test("lets whole events out at once, and gives the rest at the end", () => {
    const half = TEXT.indexOf("delta")
    const out = hide([bytesOf(TEXT + TEXT.slice(0, half)), bytesOf(TEXT.slice(half))])
    expect(out).toEqual([TEXT, TEXT, ""])
    expect(hide([bytesOf(USAGE.slice(0, -1))])).toEqual(["", USAGE.slice(0, -1)])
  })

  test("passes an event over a mebibyte on instead of holding it", () => {
    const start = bytesOf('data: {"choices":[],"a":"')
    const filler = new Uint8Array(64 * 1024).fill(97)
    const hider = createUsageHider()
    let given = hider.push(start).length
    for (let count = 0; count < 40; count++) given += hider.push(filler).length
    expect(given).toBe(start.length + 40 * filler.length)
    expect(hider.end()).toHaveLength(0)
  })

  test("keeps its own copy of what it holds", () => {
    const packet = bytesOf(chunk("[]").slice(0, -1))
    const hider = createUsageHider()
    hider.push(packet)
    packet.fill(0)
    expect(textOf(hider.push(bytesOf("\n")))).toBe(chunk("[]"))
  })
})

describe("whole events", () => {
  test.each(["\n", "\r\n", "\r"])("end with an empty line, with line ends %j", (end) => {
    const events = ["event: ping|data: {}||", "data: a|data: b||", ": c||"].map((one) => one.replaceAll("|", end))
    const bytes = bytesOf(`${events.join("")}data: d${end}`)
    for (let at = 0; at <= bytes.length; at++) {
      const whole = new WholeEvents()
      const out = splitAt(bytes, [at]).map((part) => textOf(whole.push(part)))
      for (const part of out) expect(part === "" || events.join("").includes(part)).toBe(true)
      expect(out.join("")).toBe(events.join(""))
      expect(textOf(whole.end())).toBe(`data: d${end}`)
    }
  })

  test.skipIf(!haveFixtures)("of every recorded stream come out as they are, in any packets", () => {
    for (const { id, isSse, response, meta } of loadFixtures()) {
      if (!isSse || !response || meta.quirk) continue
      for (const size of [1, 2, 3, 5, 64]) {
        const whole = new WholeEvents()
        const out: Uint8Array[] = []
        for (let at = 0; at < response.length; at += size) {
          const part = whole.push(response.subarray(at, at + size))
          if (part.length > 0 && !/\n\r?\n$/.test(textOf(part)))
            throw new Error(`${id}: ${JSON.stringify(textOf(part))}`)
          out.push(part)
        }
        expect(Buffer.concat([...out, whole.end()]).equals(response)).toBe(true)
      }
    }
  })

  test("are not torn between CR and LF of an empty line", () => {
    const whole = new WholeEvents()
    expect(textOf(whole.push(bytesOf("data: a\r\n\r")))).toBe("")
    expect(textOf(whole.push(bytesOf("\n")))).toBe("data: a\r\n\r\n")
  })
})

test("a keep-alive is a whole event or comment, and Gemini gets none", () => {
  for (const dialect of ["anthropic", "openai-chat", "openai-responses"] as const) {
    const bytes = keepAlive(dialect)!
    expect(new WholeEvents().push(bytes)).toBe(bytes)
  }
  expect(textOf(keepAlive("anthropic")!)).toStartWith("event: ping\n")
  expect(textOf(keepAlive("openai-chat")!)).toStartWith(":")
  expect(keepAlive("gemini")).toBeNull()
})
