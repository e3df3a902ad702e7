/** An answer on its way back: the client's own tool names, custom tools' bare strings, and what is to be remembered. Pure. */
import type { FormEvent, Losses, OpenPart, Part } from "../form.ts"
import type { ReasoningRecorder } from "./reasoning.ts"
import { FREEFORM_ARGUMENT } from "./request.ts"
import type { ToolNames } from "./tool-names.ts"

type OpenCall = Extract<OpenPart, { kind: "call" }>

export class AnswerFit {
  /** what calls without an id (Gemini's) are named after: ours of the exchange, so that no two of a conversation are alike */
  readonly #callId: string
  #calls = 0
  readonly #names: ToolNames
  readonly #recorder: ReasoningRecorder
  readonly #losses: Losses
  readonly #takesText: boolean
  /** of a call under way that the client gets in the other form: its arguments so far, and what makes them the other form's */
  #turned: { args: string; turn: (args: string) => string } | null = null

  /** `takesText`: the client's dialect knows calls whose argument is a bare string */
  constructor(id: string, takesText: boolean, names: ToolNames, recorder: ReasoningRecorder, losses: Losses) {
    this.#takesText = takesText
    this.#callId = `call_${id.replaceAll("-", "")}`
    this.#names = names
    this.#recorder = recorder
    this.#losses = losses
  }

  parts(parts: readonly Part[]): Part[] {
    return parts.flatMap((said): Part[] => {
      const part = said.kind === "call" ? this.#identified(said) : said
      this.#recorder.part(part)
      if (part.kind === "opaque") return this.#drop(part.what)
      if (part.kind !== "call") return [part]
      const named = { ...part, ...this.#names.inward(part.name) }
      const turn = this.#turnOf(part)
      return [turn ? { ...named, form: otherForm(part), args: turn(part.args) } : named]
    })
  }

  /** Calls `emit` for what the client is told of `said`. */
  event(said: FormEvent, emit: (event: FormEvent) => void): void {
    const isCall = said.type === "open" && said.part.kind === "call"
    const event: FormEvent = isCall ? { type: "open", part: this.#identified(said.part as OpenCall) } : said
    this.#recorder.event(event)
    switch (event.type) {
      case "open":
        return emit(event.part.kind === "call" ? { type: "open", part: this.#open(event.part) } : event)
      case "delta":
        if (this.#turned === null) return emit(event)
        this.#turned.args += event.text
        return
      case "close":
        if (this.#turned !== null) emit({ type: "delta", text: this.#turned.turn(this.#turned.args) })
        this.#turned = null
        return emit(event)
      case "part":
        if (event.part.kind !== "opaque") return emit(event)
        this.#drop(event.part.what)
        return
      default:
        emit(event)
    }
  }

  #identified<T extends { id: string }>(call: T): T {
    const at = this.#calls++
    return call.id === "" ? { ...call, id: `${this.#callId}_${at}` } : call
  }

  #open(part: OpenCall): OpenPart {
    const named = { ...part, ...this.#names.inward(part.name) }
    const turn = this.#turnOf(part)
    if (!turn) return named
    this.#turned = { args: "", turn }
    return { ...named, form: otherForm(part) }
  }

  /** Null for a call that stays as it is. */
  #turnOf({ name, form }: { name: string; form: "json" | "text" }): ((args: string) => string) | null {
    if (form === "json") return this.#names.isWrapped(name) ? unwrap : null
    return this.#takesText ? null : wrap
  }

  #drop(what: string): [] {
    this.#losses.note(what)
    return []
  }
}

const otherForm = ({ form }: { form: "json" | "text" }) => (form === "json" ? "text" : "json")

const wrap = (text: string) => JSON.stringify({ [FREEFORM_ARGUMENT]: text })

/** A model that was told to put its text into one argument mostly does; what it wrote otherwise is its text. */
function unwrap(args: string): string {
  try {
    const parsed: unknown = JSON.parse(args)
    if (typeof parsed === "object" && parsed !== null && FREEFORM_ARGUMENT in parsed) {
      const input = parsed[FREEFORM_ARGUMENT]
      return typeof input === "string" ? input : JSON.stringify(input)
    }
  } catch {
    // no JSON: the text itself
  }
  return args
}
