/** A model that calls one tool and then speaks: the smallest agent loop, for SDKs and for the real command-line clients. */
import { answerIn, dialectOf } from "./answers.ts"
import type { Received, Script } from "./fake-provider.ts"
import type { Loose } from "./json.ts"

export interface ToolLoop {
  /** which of the offered tools is called; default: a shell, by its usual names */
  tool?: RegExp
  /** default: filled from the tool's schema, with `command` wherever it asks for a command */
  args?: Loose
  command?: string
  /** what is said once the tool has answered */
  text?: string
}

const SHELL =
  /^(bash|shell|shell_command|exec_command|run_shell_command|execute_command|run_commands|run_terminal_command|local_shell)$/i

/** First answer: a call of the tool; once its result is in the conversation, or where no such tool is offered: the text. */
export function toolLoop(loop: ToolLoop = {}): Script {
  return (request) => {
    if (!dialectOf(request.path)) return null
    const tool = offeredTools(request).find(({ name }) => (loop.tool ?? SHELL).test(name))
    const text = loop.text ?? "The tool has answered."
    if (!tool || hasToolResult(request)) return answerIn(request, { text })
    const args = loop.args ?? fill(tool.schema, loop.command ?? "echo tool-ran")
    return answerIn(request, { tools: [{ name: tool.name, args }] })
  }
}

/** The function tools a request offers, in any dialect. */
function offeredTools(request: Received): { name: string; schema: Loose }[] {
  const tools: Loose[] = request.json?.tools ?? []
  return tools.flatMap((tool) => {
    if (tool.functionDeclarations)
      return tool.functionDeclarations.map((one: Loose) => ({
        name: one.name,
        schema: one.parametersJsonSchema ?? one.parameters,
      }))
    const one = tool.function ?? tool
    return typeof one.name === "string" && one.type !== "namespace"
      ? [{ name: one.name, schema: one.parameters ?? one.input_schema }]
      : []
  })
}

/** Whether the newest turn carries a tool's result. */
export function hasToolResult(request: Received): boolean {
  const body = request.json ?? {}
  const turns: Loose[] = body.messages ?? body.contents ?? (Array.isArray(body.input) ? body.input : [])
  const spoke = (turn: Loose) => turn.role === "assistant" || turn.role === "model" || turn.type === "function_call"
  const newest = turns.slice(turns.findLastIndex(spoke) + 1)
  return newest.some(
    (turn) =>
      turn.role === "tool" ||
      turn.type?.endsWith("_call_output") ||
      [turn.content, turn.parts].flat().some((part) => part?.type === "tool_result" || part?.functionResponse),
  )
}

function fill(schema: Loose, command: string): Loose {
  const args: Loose = {}
  const properties: Record<string, Loose> = schema?.properties ?? {}
  for (const [name, property] of Object.entries(properties)) {
    const isCommand = /^(command|cmd|commands)$/i.test(name)
    if (!isCommand && !schema.required?.includes(name)) continue
    args[name] = valueFor(property, isCommand ? command : "say a word")
  }
  return args
}

function valueFor(property: Loose, text: string): Loose {
  const type = String([property.type].flat()[0] ?? "string").toLowerCase()
  if (property.enum) return property.enum[0]
  if (type === "array")
    return String(property.items?.type ?? "string").toLowerCase() === "object" ? [] : text.split(" ")
  if (type === "boolean") return false
  if (type === "integer" || type === "number") return Math.max(1, property.minimum ?? 10_000)
  if (type === "object") return {}
  return text
}
