/** OpenAI's old completions, for models that only chat: a prompt is a user's message, the answer its continuation. https://platform.openai.com/docs/api-reference/completions */
import type { JsonObject, Usage } from "../../exchange.ts"
import { invalid, numberOf, textsOf, unheldIn, wordOf } from "../fields.ts"
import type { FinishReason, FormAnswer, FormEvent, FormRequest, Losses, Reception, StreamWriter } from "../form.ts"
import { writeFinish } from "../openai-chat/finish.ts"
import { writeUsage } from "../openai-chat/usage.ts"

const HELD: ReadonlySet<string> = new Set(
  "model prompt stream stream_options max_tokens temperature top_p stop seed presence_penalty frequency_penalty n user logprobs best_of".split(
    " ",
  ),
)

export function readRequest(body: JsonObject, losses: Losses): FormRequest {
  const { prompt, stop } = body
  const texts = typeof prompt === "string" ? [prompt] : textsOf(prompt)
  if (texts.length !== 1 || (Array.isArray(prompt) && prompt.length !== 1))
    throw invalid("prompt", "must be one text: this model takes no tokens and no list. Send a request for each")
  if ((numberOf(body["best_of"]) ?? 1) > 1) losses.note("best_of")
  return {
    system: [],
    turns: [{ role: "user", parts: [{ kind: "text", text: texts[0]! }] }],
    tools: [],
    toolChoice: null,
    parallelCalls: null,
    maxTokens: numberOf(body["max_tokens"]),
    temperature: numberOf(body["temperature"]),
    topP: numberOf(body["top_p"]),
    topK: null,
    stop: typeof stop === "string" ? [stop] : textsOf(stop),
    seed: numberOf(body["seed"]),
    presencePenalty: numberOf(body["presence_penalty"]),
    frequencyPenalty: numberOf(body["frequency_penalty"]),
    candidates: numberOf(body["n"]),
    topLogprobs: numberOf(body["logprobs"]),
    thinking: null,
    format: null,
    verbosity: null,
    serviceTier: null,
    endUser: wordOf(body["user"]),
    cacheKey: null,
    unheld: unheldIn(body, HELD).filter((name) => body[name] !== false),
  }
}

export function writeAnswer({ id, model, parts, finish, usage }: FormAnswer, to: Reception): JsonObject {
  const text = parts.map((part) => (part.kind === "text" || part.kind === "refusal" ? part.text : "")).join("")
  return {
    ...headOf(id, model, to),
    choices: [choice(text, writeFinish(finish))],
    ...(usage && { usage: writeUsage(usage) }),
  }
}

const headOf = (id: string | null, model: string | null, to: Reception): JsonObject => ({
  id: id ?? `cmpl-${to.id}`,
  object: "text_completion",
  created: to.created,
  model: model ?? to.model,
})

const choice = (text: string, finish_reason: string | null): JsonObject => ({
  text,
  index: 0,
  logprobs: null,
  finish_reason,
})

export class CompletionsWriter implements StreamWriter {
  readonly #to: Reception
  #head: JsonObject
  #isText = false
  #usage: Usage | null = null
  #finish: FinishReason = "stop"

  constructor(to: Reception) {
    this.#to = to
    this.#head = headOf(null, null, to)
  }

  write(event: FormEvent): string {
    switch (event.type) {
      case "start":
        this.#head = headOf(event.id, event.model, this.#to)
        return ""
      case "open":
        this.#isText = event.part.kind === "text" || event.part.kind === "refusal"
        return ""
      case "delta":
        return this.#isText ? this.#chunk([choice(event.text, null)]) : ""
      case "usage":
        this.#usage = event.usage
        return ""
      case "finish":
        this.#finish = event.reason
        return ""
      case "end": {
        const usage = this.#usage && this.#to.wantsUsage ? this.#chunk([], writeUsage(this.#usage)) : ""
        return `${this.#chunk([choice("", writeFinish(this.#finish))])}${usage}data: [DONE]\n\n`
      }
      default:
        return ""
    }
  }

  #chunk(choices: JsonObject[], usage?: JsonObject): string {
    return `data: ${JSON.stringify({ ...this.#head, choices, ...(usage && { usage }) })}\n\n`
  }
}
