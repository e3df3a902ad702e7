/** Gemini's generateContent, Google AI Studio's and Vertex AI's. */
import type { Codec } from "../form.ts"
import { readAnswer, readError } from "./read-answer.ts"
import { readRequest } from "./read-request.ts"
import { GeminiReader } from "./read-stream.ts"
import { writeAnswer } from "./write-answer.ts"
import { writeRequest } from "./write-request.ts"
import { GeminiWriter } from "./write-stream.ts"

export const gemini: Codec = {
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  readError,
  streamReader: (emit) => new GeminiReader(emit),
  streamWriter: (to) => new GeminiWriter(to),
}
