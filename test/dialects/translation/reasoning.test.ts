/** Reasoning and signatures: what one answer leaves for the next request, and what of it another model must not see. */
import { expect, test } from "bun:test"
import {
  type KeptReasoning,
  ReasoningRecorder,
  reasoningKeys,
  restoreReasoning,
} from "../../../src/dialects/translation/reasoning.ts"
import { type CallPart, type FormRequest, Losses, type Part, type ReasoningPart } from "../../../src/dialects/form.ts"
import { emptyForm } from "../../support/form.ts"

const thought = (signature: string | null, more: Partial<ReasoningPart> = {}): ReasoningPart => ({
  kind: "reasoning",
  text: "hm",
  signature,
  redacted: false,
  ...more,
})
const call = (id: string, more: Partial<CallPart> = {}): CallPart => ({
  kind: "call",
  id,
  name: "bash",
  args: "{}",
  form: "json",
  ...more,
})
const text = (words: string, signature?: string): Part =>
  signature ? { kind: "text", text: words, signature } : { kind: "text", text: words }

function remembered(origin: string, parts: Part[]): Map<string, KeptReasoning> {
  const kept = new Map<string, KeptReasoning>()
  const from = new ReasoningRecorder(origin, (key, one) => kept.set(key, one))
  for (const part of parts) from.part(part)
  return kept
}

function next(parts: Part[], all: ReadonlyMap<string, KeptReasoning>, origin: string, wantsUnsigned = false) {
  const form: FormRequest = { ...emptyForm(), turns: [{ role: "assistant", parts }] }
  const keys = reasoningKeys(form)
  const known = new Map([...all].filter(([key]) => keys.includes(key)))
  const losses = new Losses()
  restoreReasoning(form, known, { origin, wantsUnsigned }, losses)
  return { parts: form.turns[0]!.parts, losses: losses.paths }
}

test("thinking with its signature goes back to its maker in its order, redacted and hidden ones too", () => {
  const said = [
    thought("s1"),
    text("so"),
    thought("s2", { text: "" }),
    thought("s3", { text: "", redacted: true }),
    call("c1"),
  ]
  expect(next(said, remembered("anthropic/opus", said), "anthropic/opus")).toEqual({ parts: said, losses: [] })
})

test("a signature that another provider or model made, or nobody knows, is taken off", () => {
  const said = [thought("s1"), text("so")]
  for (const [kept, origin] of [
    [remembered("anthropic/opus", said), "anthropic/haiku"],
    [remembered("gemini/pro", said), "anthropic/opus"],
    [new Map<string, KeptReasoning>(), "anthropic/opus"],
  ] as const) {
    const { parts, losses } = next(said, kept, origin)
    expect(parts).toEqual([{ ...thought(null), id: undefined }, text("so")])
    expect(losses).toEqual(["thinking of another model"])
  }
})

test("thinking that nobody signed is named as lost where the model is not told it", () => {
  const said = [thought(null), text("so")]
  expect(next(said, new Map(), "anthropic/opus")).toMatchObject({ losses: ["thinking (unsigned)"] })
  expect(next(said, new Map(), "deepseek/chat", true)).toEqual({ parts: said, losses: [] })
})

test("thinking that is nothing but a foreign signature is gone", () => {
  expect(next([thought("s1", { text: "" }), text("so")], new Map(), "anthropic/opus").parts).toEqual([text("so")])
})

test("a client that cannot hold thinking gets it back before the call it led to, and only there", () => {
  const kept = remembered("anthropic/opus", [thought("s1"), call("c1"), call("c2")])
  expect(next([text("so"), call("c1"), call("c2")], kept, "anthropic/opus").parts).toEqual([
    text("so"),
    thought("s1"),
    call("c1"),
    call("c2"),
  ])
  expect(next([call("c2")], kept, "anthropic/opus").parts).toEqual([call("c2")])
  expect(next([call("c1")], kept, "gemini/pro").parts).toEqual([call("c1")])
})

test("a client that sent the thinking itself does not get it twice", () => {
  const said = [thought("s1"), call("c1")]
  expect(next(said, remembered("anthropic/opus", said), "anthropic/opus").parts).toEqual(said)
})

test("Gemini's signature of a call and of a text come back, others' are taken off", () => {
  const kept = remembered("gemini/pro", [text("hi", "t1"), call("c1", { signature: "g1" }), call("c2")])
  expect(next([text("hi", "t1"), call("c1"), call("c2")], kept, "gemini/pro").parts).toEqual([
    text("hi", "t1"),
    call("c1", { signature: "g1" }),
    call("c2"),
  ])
  expect(next([text("hi", "t1"), call("c1", { signature: "g1" })], kept, "gemini/flash").parts).toEqual([
    { kind: "text", text: "hi", signature: undefined },
    call("c1", { signature: undefined }),
  ])
})

test("a reasoning item gets its own id again where the client's dialect had no place for it", () => {
  const kept = remembered("openai/gpt-5", [thought("enc", { id: "rs_1" }), call("c1")])
  expect(next([thought("enc"), call("c1")], kept, "openai/gpt-5").parts).toEqual([
    thought("enc", { id: "rs_1" }),
    call("c1"),
  ])
})

test("what is remembered of a stream is what is remembered of the whole answer", () => {
  const kept = new Map<string, KeptReasoning>()
  const from = new ReasoningRecorder("anthropic/opus", (key, one) => kept.set(key, one))
  from.event({ type: "open", part: { kind: "reasoning", redacted: false } })
  from.event({ type: "delta", text: "h" })
  from.event({ type: "delta", text: "m" })
  from.event({ type: "sign", signature: "s1" })
  from.event({ type: "close" })
  from.event({ type: "open", part: { kind: "call", id: "c1", name: "bash", form: "json" } })
  from.event({ type: "delta", text: "{}" })
  from.event({ type: "close" })
  expect(JSON.stringify([...kept])).toBe(JSON.stringify([...remembered("anthropic/opus", [thought("s1"), call("c1")])]))
})
