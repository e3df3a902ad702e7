/** What a request says about the answers before it and the one it asks for: results of tools, tools on offer, the schema of the answer. In all dialects; pure. */
import type { Dialect, Json, JsonObject } from "../exchange.ts"
import { list, record, word } from "./meter-tally.ts"
import { excerpt, type ToolResult } from "./quality-results.ts"

/** Entries of one kind are told apart by these words; what is neither is the client's. */
const MODEL_ITEMS = new Set(
  "reasoning function_call custom_tool_call local_shell_call shell_call apply_patch_call computer_call web_search_call file_search_call code_interpreter_call mcp_call".split(
    " ",
  ),
)

/** The results of tools after the last thing the model said in this request. */
export function readToolResults(dialect: Dialect, body: JsonObject): ToolResult[] {
  const entries = list(body["messages"] ?? body["input"] ?? body["contents"])
  const results: ToolResult[] = []
  for (let at = entries.length - 1; at >= 0; at--) {
    const entry = record(entries[at])
    if (!entry) continue
    if (isOfModel(entry)) break
    results.unshift(...resultsIn(dialect, entry))
  }
  return results
}

const isOfModel = ({ role, type }: JsonObject) =>
  role === "assistant" || role === "model" || (role === undefined && typeof type === "string" && MODEL_ITEMS.has(type))

function resultsIn(dialect: Dialect, entry: JsonObject): ToolResult[] {
  switch (dialect) {
    case "openai-chat":
      return entry["role"] === "tool" ? [result(entry["tool_call_id"], entry["name"], entry["content"], null)] : []
    case "openai-responses":
      return String(entry["type"]).endsWith("_call_output")
        ? [result(entry["call_id"], null, entry["output"], entry["status"] === "failed" ? true : null)]
        : []
    case "anthropic":
      return list(entry["content"]).flatMap((one) => {
        const block = record(one)
        if (block?.["type"] !== "tool_result") return []
        const isError = block["is_error"]
        return [result(block["tool_use_id"], null, block["content"], typeof isError === "boolean" ? isError : null)]
      })
    case "gemini":
      return list(entry["parts"]).flatMap((one) => {
        const answer = record(record(one)?.["functionResponse"])
        if (!answer) return []
        const said = record(answer["response"])
        const failed = said?.["error"] ? true : null
        return [
          result(answer["id"], answer["name"], said?.["error"] ?? said?.["output"] ?? said?.["result"] ?? said, failed),
        ]
      })
  }
}

function result(
  id: Json | undefined,
  name: Json | undefined,
  content: Json | undefined,
  failed: boolean | null,
): ToolResult {
  return { id: word(id), name: word(name), text: excerpt(textOf(content)), failed }
}

function textOf(content: Json | undefined): string {
  if (typeof content === "string") return content
  if (Array.isArray(content)) return content.map((part) => textOf(record(part)?.["text"] ?? part)).join("\n")
  return content === undefined || content === null ? "" : JSON.stringify(content)
}

/** The tools a request offers, by name; the value is the schema of the arguments, null where there is none to check (freeform and built-in ones). */
export function readTools(body: JsonObject): Map<string, Json | null> {
  const tools = new Map<string, Json | null>()
  for (const one of list(body["tools"])) addTool(tools, record(one), "")
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
export function readAnswerSchema(body: JsonObject): Json | true | null {
  const config = record(body["generationConfig"] ?? body["generation_config"])
  const format =
    record(body["response_format"]) ??
    record(record(body["text"])?.["format"]) ??
    record(record(body["output_config"])?.["format"]) ??
    record(body["output_format"])
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
