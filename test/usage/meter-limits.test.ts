/** The meter under bytes nobody promised: random ones, broken ones, and texts too large to keep. */
import { describe, expect, test } from "bun:test"
import * as fc from "fast-check"
import type { Dialect } from "../../src/exchange.ts"
import { createMeter } from "../../src/usage/meter.ts"
import { events, meter, packets } from "./metering.ts"

const DIALECTS: Dialect[] = ["openai-chat", "openai-responses", "anthropic", "gemini"]
const MIB = 1 << 20
const bytesOf = (text: string) => new TextEncoder().encode(text)
const chatUsage = { choices: [], usage: { prompt_tokens: 10, completion_tokens: 5 } }
const dialects = fc.constantFrom(...DIALECTS)
const operations = fc.constantFrom("generate", "count_tokens", "embeddings", "completions", "passthrough")
const contentTypes = fc.constantFrom("text/event-stream", "application/json", "", "text/plain", "\u0000;;")

describe("bytes nobody promised", () => {
  test("random bytes never make it throw", () => {
    fc.assert(
      fc.property(
        dialects,
        operations,
        contentTypes,
        fc.array(fc.uint8Array({ maxLength: 64 })),
        (dialect, operation, contentType, pieces) => {
          const seen = meter(pieces, { dialect, operation, contentType })
          expect(seen.outputChars).toBeGreaterThanOrEqual(0)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test("any JSON in any place never makes it throw, streamed, listed or whole", () => {
    const keys =
      "type delta message content usage choices error model response output item candidates parts usageMetadata tool_calls function iterations".split(
        " ",
      )
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom(null, 0, -1, 1e308, 7, "", "x", "message", "message_delta", "response.completed", true),
        fc.array(tie("value"), { maxLength: 3 }),
        tie("object"),
      ),
      object: fc.dictionary(fc.constantFrom(...keys), tie("value"), { maxKeys: 6 }),
    })).object
    fc.assert(
      fc.property(dialects, operations, fc.array(json, { maxLength: 4 }), (dialect, operation, values) => {
        const texts = values.map((value) => JSON.stringify(value))
        for (const text of [texts.map((one) => `data: ${one}\n\n`).join(""), `[${texts.join(",")}]`, texts[0] ?? ""]) {
          const { usage, toolCalls } = meter([text], { dialect, operation, contentType: "" })
          expect(Number.isFinite((usage?.input ?? 0) + (usage?.output ?? 0) + toolCalls)).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test("characters split over packets count once", () => {
    const text = "né – 中文 😀"
    const stream = bytesOf(events({ choices: [{ index: 0, delta: { content: text } }] }).join(""))
    for (const size of [1, 2, 3, 5])
      expect(meter(packets(stream, size), { dialect: "openai-chat" }).outputChars).toBe(text.length)
  })
})

describe("texts too large to keep", () => {
  const filler = (size: number) => "A".repeat(size)
  const later = events(chatUsage, "[DONE]").join("")

  test.each([1000, 65_536, 4 * MIB])(
    "an event over 1 MiB in packets of %d is passed over and the next ones are read",
    (size) => {
      for (const lineEnd of ["\n", "\r\n", "\r"]) {
        const large = events({
          choices: [{ index: 0, delta: { content: filler(3 * MIB) }, finish_reason: "stop" }],
        }).join("")
        const stream = bytesOf((large + later).replaceAll("\n", lineEnd))
        const seen = meter(packets(stream, size), { dialect: "openai-chat" })
        expect(seen).toMatchObject({
          usage: { input: 10, output: 5 },
          terminal: true,
          finishReason: "stop",
          started: true,
        })
      }
    },
  )

  test("a final event with an image in it still gives usage and the end", () => {
    const usage = { input_tokens: 10, input_tokens_details: { cached_tokens: 0 }, output_tokens: 5 }
    const response = {
      status: "completed",
      model: "gpt",
      output: [{ type: "image_generation_call", result: filler(2 * MIB) }],
      tools: [{ usage: { type: "string" } }],
      usage,
      user: null,
    }
    const stream = bytesOf(`event: response.completed\n${events({ type: "response.completed", response }).join("")}`)
    const seen = meter(packets(stream, 16_384), { dialect: "openai-responses" })
    expect(seen).toMatchObject({
      terminal: true,
      finishReason: "completed",
      usage: { input: 10, output: 5 },
      model: "gpt",
    })
  })

  test("Gemini's images in events, arrays and bodies still give usage and the end", () => {
    const image = {
      content: { parts: [{ inlineData: { mimeType: "image/png", data: filler(9 * MIB) } }] },
      finishReason: "STOP",
    }
    const answer = {
      candidates: [image],
      usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 1290 },
      modelVersion: "gemini",
    }
    const forms = [events(answer).join(""), JSON.stringify([answer]), JSON.stringify(answer)]
    for (const form of forms) {
      const seen = meter(packets(bytesOf(form), 65_536), { dialect: "gemini", contentType: "" })
      expect(seen).toMatchObject({
        terminal: true,
        finishReason: "STOP",
        usage: { input: 4, output: 1290 },
        model: "gemini",
      })
    }
  })

  test("a list of embeddings is not read whole, and known to be cut when it is", () => {
    const answer = JSON.stringify({
      object: "list",
      data: [{ embedding: Array.from({ length: 20_000 }, (_, at) => at / 7) }],
      model: "embed",
      usage: { prompt_tokens: 9, total_tokens: 9 },
    })
    const way = { dialect: "openai-chat", operation: "embeddings", contentType: "application/json" } as const
    for (const size of [777, 4 * MIB]) {
      expect(meter(packets(bytesOf(answer), size), way)).toMatchObject({
        terminal: true,
        usage: { input: 9, output: 0 },
        model: "embed",
      })
      expect(meter(packets(bytesOf(answer.slice(0, 100_000)), size), way)).toMatchObject({
        terminal: false,
        usage: null,
      })
    }
  })

  test("an event of endless lines ends the event and not the meter", () => {
    const stream = bytesOf(`data: ${filler(60_000)}\n`.repeat(60) + `\n${later}`)
    expect(meter(packets(stream, 16_384), { dialect: "openai-chat" })).toMatchObject({
      usage: { input: 10 },
      terminal: true,
    })
  })

  test.each(["data: ", "[", `[{"a":"`, `{"a":"`, "data: a\ndata: "])(
    "what never ends (%s) takes no memory",
    (beginning) => {
      const piece = bytesOf(filler(65_536))
      const watching = createMeter({ dialect: "gemini", operation: "generate", contentType: "" })
      watching.push(bytesOf(beginning))
      Bun.gc(true)
      const before = process.memoryUsage().heapUsed
      for (let at = 0; at < 1600; at++) watching.push(piece) // 100 MiB
      Bun.gc(true)
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(24 * MIB)
      expect(watching.end()).toMatchObject({ usage: null, terminal: false })
    },
  )

  test("a body asked about at every byte is not read at every byte", () => {
    const watching = createMeter({ dialect: "openai-chat", operation: "generate", contentType: "application/json" })
    const body = bytesOf(`{"a":"${"}".repeat(200_000)}","usage":{"prompt_tokens":1,"completion_tokens":2}}`)
    for (const piece of packets(body, 1)) {
      watching.push(piece)
      if (watching.terminal) break
    }
    expect(watching.end()).toMatchObject({ terminal: true, usage: { input: 1, output: 2 } })
  })
})
