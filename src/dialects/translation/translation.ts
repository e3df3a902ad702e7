/**
 * A call whose client and provider speak different dialects, from the client's body to the provider's, and back. Pure: what was remembered of earlier
 * answers is handed in (`known`), what is to be remembered of this one handed out (`remember`).
 */
import type { Dialect, Json, JsonObject, Operation } from "../../exchange.ts"
import { objectOf } from "../fields.ts"
import { reasoningMember } from "../fitting.ts"
import { type Codec, type FormAnswer, Losses, type Reception } from "../form.ts"
import { AnswerFit } from "./answer.ts"
import type { Client, Outbound, Reading, Translation } from "./call.ts"
import {
  type KeptReasoning,
  ReasoningRecorder,
  reasoningKeys,
  originOf,
  type Remember,
  restoreReasoning,
} from "./reasoning.ts"
import { CODECS } from "./codecs.ts"
import { CollectedStream, replay } from "./collect.ts"
import { CompletionsWriter, readRequest as readCompletion, writeAnswer as writeCompletion } from "./completions.ts"
import { translateCount } from "./count.ts"
import { translateEmbeddings } from "./embeddings.ts"
import { refusalOf, unusable } from "./failure.ts"
import { fitRequest, requireReadable, requireTurns } from "./request.ts"
import { ArrayFraming, TranslatedStream } from "./stream.ts"

/** @throws Refusal 400 for what the client's own dialect would refuse */
export function readCall(dialect: Dialect, operation: Operation, body: JsonObject): Reading {
  const losses = new Losses()
  const asked = dialect === "gemini" ? (objectOf(body["generateContentRequest"]) ?? body) : body
  if (operation === "embeddings") return { operation, body, form: null, losses, keys: [] }
  const form = clientOf(dialect, operation).readRequest(asked, losses)
  for (const name of form.unheld) losses.note(name)
  requireTurns(form)
  return { operation, body: asked, form, losses, keys: reasoningKeys(form) }
}

/** What reads a client's requests and writes its answers. */
export function clientOf(
  dialect: Dialect,
  operation: Operation,
): Pick<Codec, "readRequest" | "writeAnswer" | "streamWriter"> {
  if (operation !== "completions") return CODECS[dialect]
  return { readRequest: readCompletion, writeAnswer: writeCompletion, streamWriter: (to) => new CompletionsWriter(to) }
}

export function translate(
  reading: Reading,
  client: Client,
  to: Outbound,
  known: ReadonlyMap<string, KeptReasoning>,
  remember: Remember,
): Translation {
  const { operation, form, losses } = reading
  if (!form) return translateEmbeddings(reading.body, client, to)
  const origin = originOf(to.provider, to.model)
  restoreReasoning(form, known, { origin, wantsUnsigned: reasoningMember(to) !== null }, losses)
  if (operation !== "count_tokens") requireReadable(form, client.dialect, to.dialect)
  const names = fitRequest(form, client.dialect, to.dialect, losses)
  if (operation === "count_tokens") return translateCount(form, losses, client, to)
  const body = CODECS[to.dialect].writeRequest(form, { ...to, losses })
  const { id, created, wantsUsage } = client
  const reception: Reception = { id, created, model: to.model, body: reading.body, wantsUsage, losses }
  const from = CODECS[to.dialect]
  const back = clientOf(client.dialect, operation)
  const recorder = new ReasoningRecorder(origin, remember)
  const fit = () => new AnswerFit(id, client.dialect.startsWith("openai"), names, recorder, losses)

  const writeWhole = (answer: FormAnswer) =>
    back.writeAnswer({ ...answer, parts: fit().parts(answer.parts) }, reception)
  const open = () =>
    new TranslatedStream(from, back.streamWriter(reception), fit(), client.wantsArray ? new ArrayFraming() : null)
  return {
    operation: "generate",
    body,
    losses,
    whole: (answer) => writeWhole(readWhole(from, answer)),
    local: null,
    streamed: {
      isArray: client.wantsArray,
      open,
      collector: () => new CollectedStream(from),
      collected: (stream) => writeWhole(stream.answer()),
      replayed: (answer) => open().replay(replay(readWhole(from, answer))),
    },
  }
}

function readWhole(from: Codec, answer: Json): FormAnswer {
  const error = from.readError(answer)
  if (error) throw refusalOf(error)
  if (Array.isArray(answer)) return readArray(from, answer)
  if (typeof answer !== "object" || answer === null) throw unusable("is no JSON object")
  return from.readAnswer(answer)
}

/** Gemini streams a JSON array to those who ask for no events, and some gateways to all. */
function readArray(from: Codec, elements: readonly Json[]): FormAnswer {
  const stream = new CollectedStream(from)
  for (const element of elements) stream.event("", element)
  return stream.answer()
}
