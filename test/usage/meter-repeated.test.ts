/** Events that repeat but for their text are counted without being parsed: that must never show. */
import { describe, expect, test } from "bun:test"
import * as fc from "fast-check"
import type { Dialect } from "../../src/exchange.ts"
import { events, meter, packets } from "./metering.ts"

const texts = fc.constantFrom(
  "x".repeat(300),
  "y".repeat(600),
  ...'|a|Hello|:|,|content|index|m1|stop|text_delta|длинный|👩‍🚀|\\|"|\n|tool|x y|{}|]}'.split("|"),
)
const calls = fc.record({
  index: fc.constantFrom(0, 1),
  id: fc.constantFrom(undefined, "", "call_1", "call_2"),
  name: fc.constantFrom(undefined, "f"),
})

/** Small enough a set of shapes that the same ones come twice in a row. */
const SHAPES: Record<Dialect, fc.Arbitrary<object>> = {
  "openai-chat": fc.oneof(
    texts.map((content) => ({ model: "m1", choices: [{ index: 0, delta: { content } }], usage: null })),
    texts.map((reasoning) => ({ choices: [{ delta: { reasoning, reasoning_content: reasoning } }] })),
    texts.map((reasoning_content) => ({ choices: [{ delta: { reasoning: "because", reasoning_content } }] })),
    texts.map((content) => ({ choices: [{ delta: { content, refusal: "no" }, finish_reason: "stop" }] })),
    fc.tuple(texts, calls).map(([args, { index, id, name }]) => ({
      choices: [{ delta: { tool_calls: [{ index, id, function: { name, arguments: args } }] } }],
    })),
    texts.map((args) => ({ choices: [{ delta: { function_call: { name: "f", arguments: args } } }] })),
    texts.map((content) => ({
      choices: [{ delta: { content } }],
      usage: { prompt_tokens: 1, completion_tokens: content.length },
    })),
  ),
  anthropic: fc.oneof(
    texts.map((text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })),
    texts.map((thinking) => ({ type: "content_block_delta", delta: { type: "thinking_delta", thinking } })),
    texts.map((text) => ({ type: "content_block_start", content_block: { type: text, text } })),
    fc.constantFrom(
      { type: "content_block_start", content_block: { type: "tool_use", id: "t", input: {} } },
      { type: "message_start", message: { content: [], usage: { input_tokens: 3, output_tokens: 1 } } },
    ),
    texts.map((stop_reason) => ({ type: "message_delta", delta: { stop_reason }, usage: { output_tokens: 9 } })),
  ),
  "openai-responses": fc.oneof(
    texts.map((delta) => ({ type: "response.output_text.delta", item_id: "m1", delta })),
    texts.map((delta) => ({ type: "response.audio.delta", delta })),
    fc.constantFrom({ type: "response.output_item.added", item: { type: "function_call" } }),
    texts.map((text) => ({
      type: "response.completed",
      response: { status: text, output: [{ content: [{ text }] }] },
    })),
  ),
  gemini: fc.oneof(
    texts.map((text) => ({ candidates: [{ content: { parts: [{ text }] } }], modelVersion: "m1" })),
    texts.map((text) => ({
      candidates: [{ content: { parts: [{ text }] }, finishReason: text }],
      usageMetadata: { promptTokenCount: 4 },
    })),
    texts.map((name) => ({
      candidates: [{ content: { parts: [{ functionCall: { name, args: { name } } }, { text: "x" }] } }],
    })),
  ),
}

describe.each(Object.keys(SHAPES) as Dialect[])("%s", (dialect) => {
  test("events that are alike are counted as those that are not, however they are split", () => {
    fc.assert(
      fc.property(fc.array(SHAPES[dialect], { maxLength: 12 }), fc.integer({ min: 1, max: 400 }), (all, size) => {
        const expected = meter(events(...all.map((one, n) => ({ n, ...one }))), { dialect, keepsSpeech: true })
        const alike = events(...all)
        expect(meter(alike, { dialect, keepsSpeech: true })).toEqual(expected)
        expect(meter([alike.join("")], { dialect, keepsSpeech: true })).toEqual(expected)
        expect(meter(packets(new TextEncoder().encode(alike.join("")), size), { dialect, keepsSpeech: true })).toEqual(
          expected,
        )
      }),
      { numRuns: 1500 },
    )
  })
})

test("packets of whole events, of parts of events and with other line ends may follow each other", () => {
  const chunk = (content: string) => ({ choices: [{ delta: { content } }] })
  const [one, two, three] = events(chunk("one"), chunk("two"), chunk("three")) as [string, string, string]
  const ends = [...events({ choices: [{ delta: {}, finish_reason: "stop" }] }), ...events("[DONE]")]
  const crlf = (text: string) => text.replaceAll("\n", "\r\n")
  for (const pieces of [
    [one, two.slice(0, 9), two.slice(9) + three],
    [one + two.slice(0, 9), two.slice(9, -1), `\n${three}`],
    [one, crlf(two), three],
    [crlf(one), two.slice(0, 20), two.slice(20), crlf(three)],
    [`\ufeff: a comment\n\n${one}`, two, `event: message\nid: 7\n${three}`],
    [one + two.slice(0, -2), `\n\n\n\n`, `${three}\n`],
    [one, `${two}\n${three}\n`],
  ]) {
    expect(meter([...pieces, ...ends], { dialect: "openai-chat" })).toMatchObject({
      outputChars: 11,
      finishReason: "stop",
      early: true,
    })
  }
})
