/** OpenAI Responses. */
import type { Codec } from "../form.ts"
import { readAnswer, readError } from "./read-answer.ts"
import { readRequest } from "./read-request.ts"
import { ResponsesReader } from "./read-stream.ts"
import { writeAnswer } from "./write-answer.ts"
import { writeRequest } from "./write-request.ts"
import { ResponsesWriter } from "./write-stream.ts"

export const openaiResponses: Codec = {
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  readError,
  streamReader: (emit) => new ResponsesReader(emit),
  streamWriter: (to) => new ResponsesWriter(to),
}
