/** OpenAI Chat Completions, and what speaks like it. */
import type { Codec } from "../form.ts"
import { readAnswer, readError } from "./read-answer.ts"
import { readRequest } from "./read-request.ts"
import { ChatReader } from "./read-stream.ts"
import { writeAnswer } from "./write-answer.ts"
import { writeRequest } from "./write-request.ts"
import { ChatWriter } from "./write-stream.ts"

export const openaiChat: Codec = {
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  readError,
  streamReader: (emit) => new ChatReader(emit),
  streamWriter: (to) => new ChatWriter(to),
}
