/** What a request says about the answers before it and the one it asks for: results of tools, tools on offer, the schema of the answer. In all dialects; pure. */
import type { Dialect, Json, JsonObject } from "../exchange.ts"
import type { JsonNode } from "../json/json-node.ts"
import { list, record, word } from "./meter-tally.ts"
import { excerpt, type ToolResult } from "./quality-results.ts"

/** Entries of one kind are told apart by these words; what is neither is the client's. */
const MODEL_ITEMS = new Set(
  "reasoning function_call custom_tool_call local_shell_call shell_call apply_patch_call computer_call web_search_call file_search_call code_interpreter_call mcp_call".split(
    " ",
  ),
)

/** The results of tools after the last thing the model said in this request. */
export function readToolResults(dialect: Dialect, body: JsonNode): ToolResult[] {
  const entries = (body.get("messages") ?? body.get("input") ?? body.get("contents"))?.items() ?? []
  const results: ToolResult[] = []
  for (let at = entries.length - 1; at >= 0; at--) {
    const entry = entries[at]!
    if (isOfModel(entry)) break
    results.unshift(...resultsIn(dialect, entry))
  }
  return results
}

function isOfModel(entry: JsonNode): boolean {
  const role = entry.get("role")
  return role ? role.is("assistant") || role.is("model") : MODEL_ITEMS.has(entry.get("type")?.string() ?? "")
}

function resultsIn(dialect: Dialect, entry: JsonNode): ToolResult[] {
  switch (dialect) {
    case "openai-chat":
      return entry.get("role")?.is("tool")
        ? [result(entry.get("tool_call_id"), entry.get("name"), entry.get("content"), null)]
        : []
    case "openai-responses":
      return entry.get("type")?.string()?.endsWith("_call_output")
        ? [result(entry.get("call_id"), null, entry.get("output"), entry.get("status")?.is("failed") ? true : null)]
        : []
    case "anthropic":
      return (entry.get("content")?.items() ?? []).flatMap((block) => {
        if (!block.get("type")?.is("tool_result")) return []
        const isError = block.get("is_error")?.value()
        const failed = typeof isError === "boolean" ? isError : null
        return [result(block.get("tool_use_id"), null, block.get("content"), failed)]
      })
    case "gemini":
      return (entry.get("parts")?.items() ?? []).flatMap((part) => {
        const answer = part.get("functionResponse")
        if (!answer) return []
        const response = answer.get("response")
        const said = response?.get("error") ?? response?.get("output") ?? response?.get("result") ?? response
        const failed = response?.get("error")?.value() ? true : null
        return [result(answer.get("id"), answer.get("name"), said ?? null, failed)]
      })
  }
}

function result(
  id: JsonNode | null,
  name: JsonNode | null,
  content: JsonNode | null,
  failed: boolean | null,
): ToolResult {
  return { id: id?.string() || null, name: name?.string() || null, text: excerpt(textOf(content)), failed }
}

function textOf(content: JsonNode | null): string {
  if (content === null) return ""
  if (content.isList)
    return content
      .items()
      .map((part) => textOf(part.get("text") ?? part))
      .join("\n")
  return content.string() ?? JSON.stringify(content.value())
}

/** The tools a request offers, by name; the value is the schema of the arguments, null where there is none to check (freeform and built-in ones). */
export function readTools(body: JsonNode): Map<string, Json | null> {
  const tools = new Map<string, Json | null>()
  for (const one of list(body.get("tools")?.value())) addTool(tools, record(one), "")
  return tools
}

function addTool(tools: Map<string, Json | null>, tool: JsonObject | null, prefix: string): void {
  if (!tool) return
  for (const one of list(tool["functionDeclarations"] ?? tool["function_declarations"])) addTool(tools, record(one), "")
  const inner = record(tool["function"]) ?? record(tool["custom"]) ?? tool
  const name = word(inner["name"]) ?? word(tool["type"])
  if (name === null) return
  // Codex groups tools; the model calls them by their own name, some by the group's before it.
  for (const one of list(tool["tools"]))
    for (const before of ["", `${name}.`, name.endsWith("__") ? name : `${name}__`]) addTool(tools, record(one), before)
  const schema =
    inner["parameters"] ?? inner["input_schema"] ?? inner["parametersJsonSchema"] ?? inner["parameters_json_schema"]
  tools.set(prefix + name, schema ?? null)
}

/** The schema the answer has to meet; `true`: any JSON will do; null: none was asked for. */
export function readAnswerSchema(body: JsonNode): Json | true | null {
  const member = (name: string) => record(body.get(name)?.value())
  const config = member("generationConfig") ?? member("generation_config")
  const format =
    member("response_format") ??
    record(member("text")?.["format"]) ??
    record(member("output_config")?.["format"]) ??
    member("output_format")
  const type = word(format?.["type"])
  if (type === "json_schema") return record(format?.["json_schema"])?.["schema"] ?? format?.["schema"] ?? true
  if (type === "json_object") return true
  const schema =
    config?.["responseSchema"] ??
    config?.["responseJsonSchema"] ??
    config?.["response_schema"] ??
    config?.["response_json_schema"]
  if (schema) return schema
  return (config?.["responseMimeType"] ?? config?.["response_mime_type"]) === "application/json" ? true : null
}
