/** The dialects as code, by name. */
import type { Dialect } from "../../exchange.ts"
import { anthropic } from "../anthropic/codec.ts"
import type { Codec } from "../form.ts"
import { gemini } from "../gemini/codec.ts"
import { openaiChat } from "../openai-chat/codec.ts"
import { openaiResponses } from "../openai-responses/codec.ts"

export const CODECS: Readonly<Record<Dialect, Codec>> = {
  "openai-chat": openaiChat,
  "openai-responses": openaiResponses,
  anthropic,
  gemini,
}
