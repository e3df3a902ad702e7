/** "Too long for the model" in every provider's words, and in each client's own, which their programs look for before they compact a conversation. Pure. */
import type { Dialect } from "../exchange.ts"

export const OVERFLOW = "context_length_exceeded"

/**
 * OpenAI: "maximum context length is", "exceeds the context window"; Anthropic: "prompt is too long", "exceed context limit"; Google: "input token count … exceeds";
 * Bedrock: "Input is too long"; xAI: "maximum prompt length is"; Mistral: "too large for model with"; llama.cpp: "exceeds the available context size"; Groq: "reduce the length".
 */
const WORDS =
  /maximum context length|context (window|length|size|limit)|prompt is too long|input is too long|input token count.*exceeds|maximum prompt length|too large for model with|reduce the length of the (messages|prompt|input)|too many (input|prompt) tokens/i

export const isOverflow = (message: string, code: string | null): boolean => code === OVERFLOW || WORDS.test(message)

/** What was asked and what the model takes, where the provider says it: the larger number and the smaller one. Tokens. */
function numbersIn(message: string): [asked: number, limit: number] | null {
  const found =
    message
      .replace(/(?<=\d),(?=\d{3})/g, "")
      .match(/\b\d{3,}\b/g)
      ?.map(Number) ?? []
  const [asked, limit] = [Math.max(...found), Math.min(...found)]
  return found.length > 1 && asked > limit ? [asked, limit] : null
}

/** The provider's message for this client. */
export function overflowWords(dialect: Dialect | null, message: string): string {
  const [asked, limit] = numbersIn(message) ?? [null, null]
  switch (dialect) {
    case "anthropic":
      return asked === null
        ? `prompt is too long: ${message}`
        : `prompt is too long: ${asked} tokens > ${limit} maximum`
    case "gemini":
      return asked === null
        ? `The input token count exceeds the maximum number of tokens allowed: ${message}`
        : `The input token count (${asked}) exceeds the maximum number of tokens allowed (${limit}).`
    case "openai-responses":
      return "Your input exceeds the context window of this model. Please adjust your input and try again."
    default:
      return asked === null
        ? `This model's maximum context length is exceeded: ${message}`
        : `This model's maximum context length is ${limit} tokens. However, your messages resulted in ${asked} tokens. Please reduce the length of the messages.`
  }
}
