/** A request on its way from the client's dialect to another: what lies between reading it and writing it. Pure. */
import { Refusal, type Dialect } from "../../exchange.ts"
import type {
  CallPart,
  FormRequest,
  FunctionTool,
  Losses,
  MediaPart,
  OpaquePart,
  Part,
  TextPart,
  Tool,
  ToolChoice,
} from "../form.ts"
import { nameTools, type ToolNames } from "./tool-names.ts"

/** The only argument of a custom tool where functions alone are known. */
export const FREEFORM_ARGUMENT = "input"

/** Whose server keeps the files that a dialect's ids name. */
const FILES_OF: Readonly<Record<Dialect, string>> = {
  "openai-chat": "OpenAI",
  "openai-responses": "OpenAI",
  anthropic: "Anthropic",
  gemini: "Google",
}

/** From which dialect to which, and what is kept of it. */
interface Fit {
  from: Dialect
  to: Dialect
  names: ToolNames
  /** custom tools have to become functions */
  wraps: boolean
  losses: Losses
}

/**
 * Renames tools and calls to what the dialect `to` takes, wraps custom tools as functions, and takes out what only the client's dialect understands, or its
 * vendor's server has. Changes `form`; returns the names, which the answer needs.
 */
export function fitRequest(form: FormRequest, from: Dialect, to: Dialect, losses: Losses): ToolNames {
  const names = nameTools(form, to)
  const fit: Fit = { from, to, names, wraps: to !== "openai-responses", losses }
  form.tools = form.tools.flatMap((tool, at) => fitTool(tool, at, fit))
  form.toolChoice = fitChoice(form.toolChoice, form.tools, names)
  if (form.tools.length === 0) form.parallelCalls = null
  for (const turn of form.turns) turn.parts = turn.parts.flatMap((part) => fitPart(part, fit))
  return names
}

function fitTool(tool: Tool, at: number, { to, names, wraps, losses }: Fit): Tool[] {
  if (tool.kind === "hosted") {
    if (tool.dialect === to) return [tool]
    losses.note(`tools[${at}] (${tool.what})`)
    return []
  }
  const name = names.outward(tool)
  const { namespace: _, ...flat } = tool
  if (tool.form === "json" || !wraps) return [{ ...flat, name }]
  names.wrap(tool)
  return [{ ...wrapped(flat), name }]
}

function wrapped(tool: FunctionTool): FunctionTool {
  const { grammar, ...rest } = tool
  const definition = grammar?.["definition"]
  const description =
    typeof definition === "string"
      ? `${tool.description ?? ""}\n\nThe input must follow this ${String(grammar?.["syntax"] ?? "")} grammar:\n${definition}`.trim()
      : tool.description
  return {
    ...rest,
    description,
    form: "json",
    strict: null,
    schema: {
      type: "object",
      properties: { [FREEFORM_ARGUMENT]: { type: "string", description: "The tool's whole input, as plain text." } },
      required: [FREEFORM_ARGUMENT],
      additionalProperties: false,
    },
  }
}

/** A choice of tools that are no longer there is none. */
function fitChoice(choice: ToolChoice | null, tools: readonly Tool[], names: ToolNames): ToolChoice | null {
  if (choice === null || tools.length === 0) return null
  if (choice.mode !== "some") return choice
  const there = new Set(tools.flatMap((tool) => (tool.kind === "function" ? [tool.name] : [])))
  const fitted = choice.names.map((name) => names.outward({ name })).filter((name) => there.has(name))
  return fitted.length === 0 ? { mode: "auto" } : { ...choice, names: fitted }
}

function fitPart(part: Part, fit: Fit): Part[] {
  const { names, wraps } = fit
  switch (part.kind) {
    case "call":
      return [fitCall(part, names, wraps)]
    case "result": {
      const parts = part.parts.flatMap((inner) => fitContent(inner, fit))
      const form = wraps ? "json" : part.form
      return [
        part.name === undefined
          ? { ...part, parts, form }
          : { ...part, parts, form, name: names.outward({ name: part.name }) },
      ]
    }
    case "media":
    case "opaque":
      return fitContent(part, fit)
    default:
      return [part]
  }
}

/** Where nothing can stand for a part, none does; a file's name can. */
function fitContent(part: TextPart | MediaPart | OpaquePart, fit: Fit): (TextPart | MediaPart | OpaquePart)[] {
  const { to, losses } = fit
  if (part.kind === "opaque" && part.dialect !== to) {
    losses.note(part.what)
    return []
  }
  if (!isForeignFile(part, fit)) return [part]
  losses.note(`${part.type} (${part.source.id})`)
  return [{ kind: "text", text: `[${part.type} ${part.name ?? part.source.id}: cannot be opened here]` }]
}

type File = MediaPart & { source: { by: "id" } }

/** An id says nothing to a server that does not keep the file. */
const isForeignFile = (part: Part, { from, to }: Pick<Fit, "from" | "to">): part is File =>
  part.kind === "media" && part.source.by === "id" && FILES_OF[from] !== FILES_OF[to]

function fitCall(part: CallPart, names: ToolNames, wraps: boolean): CallPart {
  const { namespace: _, ...flat } = part
  const name = names.outward(part)
  if (part.form === "json" || !wraps) return { ...flat, name }
  return { ...flat, name, form: "json", args: JSON.stringify({ [FREEFORM_ARGUMENT]: part.args }) }
}

/** @throws Refusal 400 for a conversation in which nobody has said anything */
export function requireTurns(form: FormRequest): void {
  if (form.turns.length > 0 || form.system.length > 0) return
  throw new Refusal(400, "invalid_request", "The request holds no message that this model could answer.", {
    code: "empty_conversation",
  })
}

/** @throws Refusal 400 where the user said nothing but files that the provider cannot open */
export function requireReadable({ turns }: FormRequest, from: Dialect, to: Dialect): void {
  const said = turns.flatMap(({ role, parts }) => (role === "user" ? parts : []))
  if (said.length === 0 || !said.every((part) => isForeignFile(part, { from, to }))) return
  throw new Refusal(
    400,
    "invalid_request",
    `The request holds only files stored at ${FILES_OF[from]}, and its model cannot read those. Send their bytes (base64) or an address instead.`,
    { code: "foreign_file" },
  )
}
