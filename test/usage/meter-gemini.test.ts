/** Gemini's odd streams and bodies, and answers of the raw pass-throughs, written by hand. */
import { describe, expect, test } from "bun:test"
import { events, meter } from "./metering.ts"

describe("Gemini", () => {
  const gemini = { dialect: "gemini" } as const
  const candidate = (parts: object[], finishReason?: string) => ({
    candidates: [{ content: { parts, role: "model" }, finishReason }],
  })
  const usageMetadata = {
    promptTokenCount: 10,
    toolUsePromptTokenCount: 7,
    cachedContentTokenCount: 4,
    candidatesTokenCount: 5,
    thoughtsTokenCount: 3,
    promptTokensDetails: [{ modality: "AUDIO", tokenCount: 6 }],
  }

  test("input includes tool prompts and output includes thoughts", () => {
    expect(meter(events({ ...candidate([{ text: "hi" }], "STOP"), usageMetadata }), gemini)).toMatchObject({
      terminal: true,
      usage: { input: 17, cacheRead: 4, output: 8, reasoning: 3, inputAudio: 6 },
    })
  })

  test("a blocked prompt is an end without candidates", () => {
    const seen = meter(
      events({ promptFeedback: { blockReason: "PROHIBITED_CONTENT" }, usageMetadata: { promptTokenCount: 4 } }),
      gemini,
    )
    expect(seen).toMatchObject({ terminal: true, finishReason: "PROHIBITED_CONTENT", usage: { input: 4, output: 0 } })
  })

  test("an array stream is read element by element", () => {
    const way = { ...gemini, contentType: "application/json" }
    const parts = [
      `[{"candidates":[{"content":{"parts":[{"text":"a]}\\"["}]}}]`,
      `}\n,\r\n`,
      JSON.stringify({ ...candidate([{ text: "b" }], "STOP"), usageMetadata }),
      "\n]",
    ]
    expect(meter(parts, way)).toMatchObject({ outputChars: 6, terminal: true, usage: { output: 8 } })
    expect(meter(parts.slice(0, 2), way)).toMatchObject({ outputChars: 5, terminal: false, started: true })
    const error = [JSON.stringify([{ error: { code: 429, status: "RESOURCE_EXHAUSTED", message: "x" } }])]
    expect(meter(error, way)).toMatchObject({ errorType: "RESOURCE_EXHAUSTED" })
  })

  test("embedContent says no usage and is whole", () => {
    const seen = meter([`{"embedding":{"values":[0.1,0.2]}}`], {
      ...gemini,
      operation: "embeddings",
      contentType: "application/json",
    })
    expect(seen).toMatchObject({ usage: null, terminal: true, errorType: null })
  })
})

describe("pass-through", () => {
  test("the answer's own shape decides what it was", () => {
    const way = { dialect: "openai-chat", operation: "passthrough", contentType: "application/json" } as const
    const answer = { object: "response", status: "completed", output: [], usage: { input_tokens: 3, output_tokens: 2 } }
    expect(meter([JSON.stringify(answer)], way)).toMatchObject({ usage: { input: 3, output: 2 }, terminal: true })
    const stream = events({ type: "response.completed", response: answer })
    expect(meter(stream, { ...way, contentType: "text/event-stream" })).toMatchObject({
      usage: { input: 3 },
      terminal: true,
    })
  })

  test("bytes that are no JSON pass unread", () => {
    const way = { dialect: "openai-chat", contentType: "audio/mpeg" } as const
    expect(meter([new Uint8Array([0xff, 0xfb, 1, 2])], { ...way, operation: "passthrough" })).toMatchObject({
      terminal: true,
      usage: null,
    })
    expect(meter(["<html>oops"], { ...way, contentType: "text/html" }).terminal).toBe(false)
    expect(meter([], { ...way, contentType: "application/json" }).terminal).toBe(false)
  })
})
