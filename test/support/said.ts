/**
 * What an answer says, read from the object that a dialect's official SDK made of it: the judge of translations. It knows nothing of the product's own reading.
 * A Gemini stream is the list of its chunks.
 */
import type { Dialect } from "../../src/exchange.ts"
import { type Loose, parseLoose } from "./json.ts"

export interface Said {
  text: string
  refusal: string
  calls: { name: string; args: Loose }[]
  thinking: string
  /** of thinking: Anthropic's signatures and redacted data, Responses' encrypted content */
  signatures: string[]
  /** Gemini's, of calls */
  callSignatures: string[]
  finish: "stop" | "length" | "calls" | "filtered" | string
  /** in the ledger's sense; `reasoning` is null where the dialect has no place for it */
  usage: { input: number; cacheRead: number; output: number; reasoning: number | null } | null
}

const FINISH: Record<string, Said["finish"]> = {
  stop: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "length",
  completed: "stop",
  STOP: "stop",
  length: "length",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  max_output_tokens: "length",
  MAX_TOKENS: "length",
  tool_calls: "calls",
  tool_use: "calls",
  content_filter: "filtered",
  refusal: "filtered",
}
const FILTERED = /SAFETY|RECITATION|BLOCKLIST|PROHIBITED|SPII|LANGUAGE/

export function said(dialect: Dialect, answer: Loose): Said {
  return readers[dialect](answer)
}

const blank = (): Said => ({
  text: "",
  refusal: "",
  calls: [],
  thinking: "",
  signatures: [],
  callSignatures: [],
  finish: "stop",
  usage: null,
})

const args = (text: Loose): Loose =>
  typeof text === "string" ? (text.trim() === "" ? {} : (parseLoose(text) ?? text)) : (text ?? {})

const readers: Record<Dialect, (answer: Loose) => Said> = {
  "openai-chat": (answer) => {
    const out = blank()
    const choice = answer.choices?.[0] ?? {}
    const message = choice.message ?? {}
    out.text = message.content ?? ""
    out.refusal = message.refusal ?? ""
    out.thinking = message.reasoning_content ?? message.reasoning ?? ""
    out.signatures = [message.thinking_blocks ?? [], message.reasoning_details ?? []]
      .flat()
      .map((block: Loose) => block.signature ?? block.data)
      .filter(Boolean)
    for (const call of message.tool_calls ?? []) {
      if (call.type === "custom") out.calls.push({ name: call.custom.name, args: call.custom.input })
      else out.calls.push({ name: call.function.name, args: args(call.function.arguments) })
      const signature = call.extra_content?.google?.thought_signature
      if (signature) out.callSignatures.push(signature)
    }
    out.finish = FINISH[choice.finish_reason] ?? choice.finish_reason
    const { usage } = answer
    if (usage)
      out.usage = {
        input: usage.prompt_tokens,
        cacheRead: usage.prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? 0,
        output: usage.completion_tokens,
        reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
      }
    return withCalls(out)
  },
  "openai-responses": (answer) => {
    const out = blank()
    for (const item of answer.output ?? []) {
      if (item.type === "message")
        for (const part of item.content) {
          if (part.type === "output_text") out.text += part.text
          if (part.type === "refusal") out.refusal += part.refusal
        }
      if (item.type === "function_call") out.calls.push({ name: item.name, args: args(item.arguments) })
      if (item.type === "custom_tool_call") out.calls.push({ name: item.name, args: item.input })
      if (item.type === "reasoning") {
        const shown = item.summary?.length ? item.summary : (item.content ?? [])
        out.thinking += shown.map((part: Loose) => part.text).join("\n\n")
        if (item.encrypted_content) out.signatures.push(item.encrypted_content)
      }
    }
    const why = answer.incomplete_details?.reason
    out.finish = why ? (FINISH[why] ?? why) : "stop"
    const { usage } = answer
    if (usage)
      out.usage = {
        input: usage.input_tokens,
        cacheRead: usage.input_tokens_details?.cached_tokens ?? 0,
        output: usage.output_tokens,
        reasoning: usage.output_tokens_details?.reasoning_tokens ?? 0,
      }
    return withCalls(out)
  },
  anthropic: (answer) => {
    const out = blank()
    for (const block of answer.content ?? []) {
      if (block.type === "text") out.text += block.text
      if (block.type === "thinking") out.thinking += block.thinking
      if (block.type === "tool_use") out.calls.push({ name: block.name, args: block.input ?? {} })
      const signature = block.type === "redacted_thinking" ? block.data : block.signature
      if (signature) out.signatures.push(signature)
    }
    out.finish = FINISH[answer.stop_reason] ?? answer.stop_reason
    const { usage } = answer
    if (usage) {
      const cacheRead = usage.cache_read_input_tokens ?? 0
      out.usage = {
        input: usage.input_tokens + cacheRead + (usage.cache_creation_input_tokens ?? 0),
        cacheRead,
        output: usage.output_tokens,
        reasoning: null,
      }
    }
    return withCalls(out)
  },
  gemini: (answer) => {
    const out = blank()
    const chunks: Loose[] = [answer].flat()
    for (const chunk of chunks) {
      const candidate = chunk.candidates?.[0]
      for (const part of candidate?.content?.parts ?? []) {
        if (part.functionCall?.name) {
          out.calls.push({ name: part.functionCall.name, args: part.functionCall.args ?? {} })
          if (part.thoughtSignature) out.callSignatures.push(part.thoughtSignature)
        } else if (part.thought) {
          out.thinking += part.text ?? ""
          if (part.thoughtSignature) out.signatures.push(part.thoughtSignature)
        } else out.text += part.text ?? ""
      }
      const reason = candidate?.finishReason ?? (chunk.promptFeedback?.blockReason && "SAFETY")
      if (reason) out.finish = FILTERED.test(reason) ? "filtered" : (FINISH[reason] ?? reason)
      const usage = chunk.usageMetadata
      if (usage) {
        const reasoning = usage.thoughtsTokenCount ?? 0
        out.usage = {
          input: (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
          cacheRead: usage.cachedContentTokenCount ?? 0,
          output: (usage.candidatesTokenCount ?? 0) + reasoning,
          reasoning,
        }
      }
    }
    return withCalls(out)
  },
}

/** Responses and Gemini say `stop` with calls too; a refusal in words is one. */
function withCalls(out: Said): Said {
  if (out.calls.length > 0 && out.finish === "stop") out.finish = "calls"
  if (out.refusal !== "" && out.finish === "stop") out.finish = "filtered"
  return out
}
