/** A request on its way from the client's dialect to another: what lies between reading it and writing it. Pure. */
import { Refusal, type Dialect } from "../../exchange.ts"
import type { CallPart, FormRequest, FunctionTool, Losses, Part, Tool, ToolChoice } from "../form.ts"
import { nameTools, type ToolNames } from "./tool-names.ts"

/** The only argument of a custom tool where functions alone are known. */
export const FREEFORM_ARGUMENT = "input"

/**
 * Renames tools and calls to what `dialect` takes, wraps custom tools as functions, and takes out what only the client's dialect understands.
 * Changes `form`; returns the names, which the answer needs.
 */
export function fitTools(form: FormRequest, dialect: Dialect, losses: Losses): ToolNames {
  const names = nameTools(form, dialect)
  const wraps = dialect !== "openai-responses"
  form.tools = form.tools.flatMap((tool, at) => fitTool(tool, at, names, wraps, dialect, losses))
  form.toolChoice = fitChoice(form.toolChoice, form.tools, names)
  if (form.tools.length === 0) form.parallelCalls = null
  for (const turn of form.turns) turn.parts = turn.parts.flatMap((part) => fitPart(part, names, wraps, dialect, losses))
  return names
}

function fitTool(tool: Tool, at: number, names: ToolNames, wraps: boolean, dialect: Dialect, losses: Losses): Tool[] {
  if (tool.kind === "hosted") {
    if (tool.dialect === dialect) return [tool]
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

function fitPart(part: Part, names: ToolNames, wraps: boolean, dialect: Dialect, losses: Losses): Part[] {
  switch (part.kind) {
    case "call":
      return [fitCall(part, names, wraps)]
    case "result": {
      const parts = part.parts.filter((inner) => isCarried(inner, dialect, losses))
      const form = wraps ? "json" : part.form
      return [
        part.name === undefined
          ? { ...part, parts, form }
          : { ...part, parts, form, name: names.outward({ name: part.name }) },
      ]
    }
    default:
      return isCarried(part, dialect, losses) ? [part] : []
  }
}

function isCarried(part: Part, dialect: Dialect, losses: Losses): boolean {
  if (part.kind !== "opaque" || part.dialect === dialect) return true
  losses.note(part.what)
  return false
}

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
