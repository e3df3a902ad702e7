/** Anthropic Messages. */
import type { Codec } from "../form.ts"
import { readAnswer, readError } from "./read-answer.ts"
import { readRequest } from "./read-request.ts"
import { AnthropicReader } from "./read-stream.ts"
import { writeAnswer } from "./write-answer.ts"
import { writeRequest } from "./write-request.ts"
import { AnthropicWriter } from "./write-stream.ts"

export const anthropic: Codec = {
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  readError,
  streamReader: (emit) => new AnthropicReader(emit),
  streamWriter: (to) => new AnthropicWriter(to),
}
