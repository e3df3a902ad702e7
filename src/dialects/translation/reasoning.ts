/**
 * What the client's dialect has no place for, or what only one provider can use again: reasoning and signatures. An answer's are remembered by the call they led
 * to and by themselves; the next request gets back those that the very provider and model made, and is rid of all others. Pure: who remembers is decided elsewhere.
 * https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking (a foreign thinking block: 400 "Invalid `signature`"),
 * https://ai.google.dev/gemini-api/docs/thought-signatures (a missing one on a function call: 400),
 * https://platform.openai.com/docs/guides/reasoning (`reasoning` items go with the calls they led to).
 */
import { safeCallId } from "../call-ids.ts"
import type { CallPart, FormEvent, FormRequest, Losses, Part, ReasoningPart, Turn } from "../form.ts"

/** One thing remembered. */
export interface KeptReasoning {
  /** provider and model that made it */
  origin: string
  /** of a call: the reasoning right before it */
  reasoning?: ReasoningPart[]
  /** of a call: Gemini's signature of it */
  signature?: string
  /** of a reasoning's signature: the id of its item */
  id?: string
}

export const originOf = (provider: string, model: string) => `${provider}/${model}`

/** Some dialects' clients see an id that is safe for them. */
const callKey = (id: string) => `call ${safeCallId(id)}`
const signatureKey = (signature: string) => `sign ${Bun.hash(signature).toString(36)}`

/** Under which keys anything may be remembered for this request. */
export function reasoningKeys(form: FormRequest): string[] {
  const keys: string[] = []
  for (const { role, parts } of form.turns) {
    if (role !== "assistant") continue
    for (const part of parts) {
      if (part.kind === "call" && part.id !== "") keys.push(callKey(part.id))
      if ("signature" in part && part.signature) keys.push(signatureKey(part.signature))
    }
  }
  return keys
}

/** The model that is asked next. */
interface Maker {
  origin: string
  /** it is told what was thought in words, signed by nobody */
  wantsUnsigned: boolean
}

/** Changes `form`'s turns: foreign reasoning and signatures go, those of the maker that the client could not hold come back. */
export function restoreReasoning(
  form: FormRequest,
  known: ReadonlyMap<string, KeptReasoning>,
  maker: Maker,
  losses: Losses,
): void {
  for (const turn of form.turns) if (turn.role === "assistant") restoreTurn(turn, known, maker, losses)
}

function restoreTurn(
  turn: Turn,
  known: ReadonlyMap<string, KeptReasoning>,
  { origin, wantsUnsigned }: Maker,
  losses: Losses,
): void {
  const isOwn = (signature: string) => known.get(signatureKey(signature))?.origin === origin
  const parts: Part[] = []
  let hasOwn = false
  for (const part of turn.parts) {
    if (part.kind === "reasoning") {
      const own = keepReasoning(part, isOwn, known)
      if (own.signature !== null) hasOwn = true
      else if (part.signature !== null) losses.note("thinking of another model")
      else if (!wantsUnsigned) losses.note("thinking (unsigned)")
      if (own.signature !== null || own.text !== "") parts.push(own)
    } else if (part.kind === "call") {
      const kept = known.get(callKey(part.id))
      const isFrom = kept?.origin === origin
      if (isFrom && kept.reasoning && !hasOwn) parts.push(...kept.reasoning)
      hasOwn = false
      parts.push(withSignature(part, isFrom ? kept.signature : undefined, isOwn))
    } else if (part.kind === "text" && part.signature !== undefined && !isOwn(part.signature)) {
      parts.push({ ...part, signature: undefined })
    } else parts.push(part)
  }
  turn.parts = parts
}

/** Without its signature where another made it: then its text alone is left, for the few providers that want it. */
function keepReasoning(
  part: ReasoningPart,
  isOwn: (signature: string) => boolean,
  known: ReadonlyMap<string, KeptReasoning>,
): ReasoningPart {
  if (part.signature === null) return part
  if (!isOwn(part.signature)) return { ...part, signature: null, id: undefined }
  return { ...part, id: known.get(signatureKey(part.signature))?.id ?? part.id }
}

function withSignature(part: CallPart, kept: string | undefined, isOwn: (signature: string) => boolean): CallPart {
  if (kept !== undefined) return { ...part, signature: kept }
  return part.signature === undefined || isOwn(part.signature) ? part : { ...part, signature: undefined }
}

/** Remembers before the client has the last of it: its next request may come at once. */
export type Remember = (key: string, kept: KeptReasoning) => void

/** Watches an answer go by, part by part or event by event, and tells what of it is to be remembered. */
export class ReasoningRecorder {
  readonly #origin: string
  readonly #remember: Remember
  #reasoning: ReasoningPart[] = []
  #open: ReasoningPart | CallPart | null = null

  constructor(origin: string, remember: Remember) {
    this.#origin = origin
    this.#remember = remember
  }

  part(part: Part): void {
    const origin = this.#origin
    if ("signature" in part && part.signature)
      this.#sign(part.signature, part.kind === "reasoning" ? part.id : undefined)
    if (part.kind === "reasoning") {
      if (part.signature !== null) this.#reasoning.push(part)
    } else if (part.kind === "call") {
      const reasoning = this.#reasoning
      if (reasoning.length > 0 || part.signature !== undefined) {
        const kept: KeptReasoning = { origin }
        if (reasoning.length > 0) kept.reasoning = reasoning
        if (part.signature !== undefined) kept.signature = part.signature
        this.#remember(callKey(part.id), kept)
      }
      this.#reasoning = []
    }
  }

  event(event: FormEvent): void {
    if (event.type === "open") {
      const { part } = event
      if (part.kind === "call") this.#open = { ...part, args: "" }
      else if (part.kind === "reasoning")
        this.#open = { kind: "reasoning", text: "", signature: null, redacted: part.redacted, id: part.id }
      else this.#open = null
    } else if (event.type === "delta") {
      if (this.#open?.kind === "reasoning") this.#open.text += event.text
    } else if (event.type === "sign") {
      if (this.#open) this.#open.signature = event.signature
      else this.#sign(event.signature)
    } else if (event.type === "close" && this.#open) {
      this.part(this.#open)
      this.#open = null
    }
  }

  #sign(signature: string, id?: string): void {
    const kept: KeptReasoning = { origin: this.#origin }
    if (id !== undefined) kept.id = id
    this.#remember(signatureKey(signature), kept)
  }
}
