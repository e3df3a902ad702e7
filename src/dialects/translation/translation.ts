/**
 * A call whose client and provider speak different dialects, from the client's body to the provider's, and back. Pure: what was remembered of earlier
 * answers is handed in (`carried`), what is to be remembered of this one handed out (`remember`).
 */
import type { Dialect, Json, JsonObject } from "../../exchange.ts"
import {
  type FormAnswer,
  type FormEvent,
  type FormRequest,
  Losses,
  type Reception,
  type StreamReader,
} from "../form.ts"
import { AnswerFit } from "./answer.ts"
import { type Carry, CarriedFrom, carriedKeys, originOf, type Remember, restoreCarried } from "./carried.ts"
import { CODECS } from "./codecs.ts"
import { collect, replay } from "./collect.ts"
import { JsonEvents } from "./event-source.ts"
import { refusalOf, unusable } from "./failure.ts"
import { fitTools, requireTurns } from "./request.ts"
import { ArrayFraming, TranslatedStream } from "./stream.ts"

/** Where the request goes. */
export interface Outbound {
  dialect: Dialect
  provider: string
  /** the provider's own name for the model */
  model: string
  stream: boolean
}

/** A request read, and not written yet: what was remembered for it may have to be fetched first. */
export interface Reading {
  body: JsonObject
  form: FormRequest
  losses: Losses
  keys: readonly string[]
}

/** @throws Refusal 400 for what the client's own dialect would refuse */
export function readForm(dialect: Dialect, body: JsonObject): Reading {
  const losses = new Losses()
  const form = CODECS[dialect].readRequest(body, losses)
  for (const name of form.unheld) losses.note(name)
  requireTurns(form)
  return { body, form, losses, keys: carriedKeys(form) }
}

export interface Translation {
  /** the provider's request body */
  body: JsonObject
  losses: Losses
  /** @throws Refusal (origin upstream) for a body that is an error, or none of the provider's dialect's answers */
  whole(answer: Json): JsonObject
  stream(): TranslatedStream
  /** the provider streamed unasked: `bytes` are all of its events */
  collected(bytes: Uint8Array): JsonObject
  /** the provider did not stream though asked */
  replayed(answer: Json): Uint8Array
}

export interface Client {
  dialect: Dialect
  /** our id for the exchange */
  id: string
  /** seconds since 1970 */
  created: number
  wantsUsage: boolean
  /** Gemini without `alt=sse` */
  wantsArray: boolean
}

export function translate(
  reading: Reading,
  client: Client,
  to: Outbound,
  carried: ReadonlyMap<string, Carry>,
  remember: Remember,
): Translation {
  const { form, losses } = reading
  const origin = originOf(to.provider, to.model)
  restoreCarried(form, carried, origin, losses)
  const names = fitTools(form, to.dialect, losses)
  const body = CODECS[to.dialect].writeRequest(form, { ...to, losses })
  const { id, created, wantsUsage } = client
  const reception: Reception = { id, created, model: to.model, body: reading.body, wantsUsage, losses }
  const from = CODECS[to.dialect]
  const back = CODECS[client.dialect]
  const carriedFrom = new CarriedFrom(origin, remember)
  const fit = () => new AnswerFit(id, client.dialect.startsWith("openai"), names, carriedFrom, losses)

  const writeWhole = (answer: FormAnswer) =>
    back.writeAnswer({ ...answer, parts: fit().parts(answer.parts) }, reception)
  const readWhole = (answer: Json): FormAnswer => {
    const error = from.readError(answer)
    if (error) throw refusalOf(error)
    if (Array.isArray(answer)) return collect(readArray(from.streamReader(), answer))
    if (typeof answer !== "object" || answer === null) throw unusable("is no JSON object")
    return from.readAnswer(answer)
  }
  const open = () =>
    new TranslatedStream(
      from.streamReader(),
      back.streamWriter(reception),
      fit(),
      client.wantsArray ? new ArrayFraming() : null,
    )
  return {
    body,
    losses,
    whole: (answer) => writeWhole(readWhole(answer)),
    stream: open,
    collected: (bytes) => writeWhole(collect(readEvents(from.streamReader(), bytes))),
    replayed: (answer) => open().replay(replay(readWhole(answer))),
  }
}

function readEvents(reader: StreamReader, bytes: Uint8Array): FormEvent[] {
  const found: FormEvent[] = []
  const take = (events: readonly FormEvent[]) => void found.push(...events)
  const events = new JsonEvents(
    (name, data) => take(reader.read(name, data)),
    () => take(reader.finish()),
  )
  events.push(bytes)
  events.end()
  take(reader.finish())
  return complete(found)
}

/** Gemini streams a JSON array to those who ask for no events, and some gateways to all. */
function readArray(reader: StreamReader, elements: readonly Json[]): FormEvent[] {
  return complete([...elements.flatMap((element) => reader.read("", element)), ...reader.finish()])
}

/** @throws Refusal where the provider told of an error, or the last word is missing */
function complete(found: FormEvent[]): FormEvent[] {
  const error = found.find((event) => event.type === "error")
  if (error) throw refusalOf(error.error)
  if (!found.some((event) => event.type === "end")) throw unusable("broke off")
  return found
}
