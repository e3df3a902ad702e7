/** The types of a call whose client and provider speak different dialects. Nothing here acts. */
import type { Dialect, Json, JsonObject, Operation } from "../../exchange.ts"
import type { FormRequest, Losses } from "../form.ts"
import type { CollectedStream } from "./collect.ts"
import type { TranslatedStream } from "./stream.ts"

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
  operation: Operation
  body: JsonObject
  /** null: embeddings have none */
  form: FormRequest | null
  losses: Losses
  /** under which anything may be remembered */
  keys: readonly string[]
}

export interface Translation {
  /** the provider's */
  operation: Operation
  /** the provider's request body; null: nobody is asked, `local` answers */
  body: JsonObject | null
  losses: Losses
  /** @throws Refusal (origin upstream) for a body that is an error, or none of the provider's dialect's answers */
  whole(answer: Json): JsonObject
  /** the client's answer without the provider's, where there is one */
  local: (() => JsonObject) | null
  /** of what can be streamed */
  streamed?: StreamedTranslation
}

interface StreamedTranslation {
  /** the client wants the elements of one JSON array, not events */
  isArray: boolean
  open(): TranslatedStream
  /** for a provider that streams unasked */
  collector(): CollectedStream
  /** @throws Refusal as `whole` */
  collected(stream: CollectedStream): JsonObject
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
  /** tokens in a text, where no provider counts them */
  estimate(text: string): number
}
