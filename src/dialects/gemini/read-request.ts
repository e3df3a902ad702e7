/** A Gemini generateContent request, read. https://ai.google.dev/api/generate-content, and what Gemini CLI sends. */
import type { Json, JsonObject } from "../../exchange.ts"
import { booleanOf, invalid, listOf, numberOf, objectOf, textOf, textsOf, wordOf } from "../fields.ts"
import type {
  CallPart,
  FormRequest,
  OutputFormat,
  Part,
  ResultPart,
  TextPart,
  Thinking,
  Tool,
  ToolChoice,
  Turn,
} from "../form.ts"
import { readEffort } from "../thinking.ts"
import { member, objectIn, objectsIn } from "./members.ts"
import { joined, readMedia, readPart } from "./parts.ts"
import { jsonSchema } from "./schema.ts"

/** Safety settings and caches are Google's alone. */
const HELD = /^(contents|system_?instruction|tools|tool_?config|generation_?config|model|labels)$/i
const GENERATION_HELD =
  /^(temperature|top_?p|top_?k|candidate_?count|max_?output_?tokens|stop_?sequences|seed|presence_?penalty|frequency_?penalty|response_?(mime_?type|schema|json_?schema|logprobs)|logprobs|thinking_?config)$/i

export function readRequest(body: JsonObject): FormRequest {
  const config = objectIn(body, "generationConfig")
  const number = (name: string) => numberOf(member(config, name))
  const calling = objectIn(objectIn(body, "toolConfig"), "functionCallingConfig")
  return {
    system: readSystem(member(body, "systemInstruction")),
    turns: readContents(body["contents"]),
    tools: objectsIn(body, "tools").flatMap(readTools),
    toolChoice: readChoice(calling),
    parallelCalls: null,
    maxTokens: number("maxOutputTokens"),
    temperature: number("temperature"),
    topP: number("topP"),
    topK: number("topK"),
    stop: textsOf(member(config, "stopSequences")),
    seed: number("seed"),
    presencePenalty: number("presencePenalty"),
    frequencyPenalty: number("frequencyPenalty"),
    candidates: number("candidateCount"),
    topLogprobs: member(config, "responseLogprobs") === true ? (number("logprobs") ?? 0) : null,
    thinking: readThinking(objectIn(config, "thinkingConfig")),
    format: readFormat(config),
    verbosity: null,
    serviceTier: null,
    endUser: null,
    cacheKey: null,
    unheld: [
      ...Object.keys(body).filter((name) => !HELD.test(name)),
      ...Object.keys(config ?? {})
        .filter((name) => !GENERATION_HELD.test(name))
        .map((name) => `generationConfig.${name}`),
    ],
  }
}

function readSystem(instruction: Json | undefined): TextPart[] {
  if (typeof instruction === "string") return [{ kind: "text", text: instruction }]
  return objectsIn(objectOf(instruction), "parts").flatMap((part) => {
    const text = wordOf(part["text"])
    return text ? [{ kind: "text" as const, text }] : []
  })
}

/** Calls without an id get one by their place, the same in every request of the conversation; responses find theirs by id, else by name, in order. */
function readContents(contents: Json | undefined): Turn[] {
  const open: CallPart[] = []
  let calls = 0
  const list =
    typeof contents === "string"
      ? [{ role: "user", parts: [{ text: contents }] }]
      : objectOf(contents)
        ? [contents!]
        : listOf(contents)
  return list.map((item, at): Turn => {
    const content = objectOf(item)
    if (!content) throw invalid(`contents[${at}]`, "must be an object")
    const role = content["role"] === "model" ? "assistant" : "user"
    const parts = objectsIn(content, "parts").flatMap((part): Part[] => {
      const response = objectIn(part, "functionResponse")
      if (response) return [readResponse(response, open)]
      const read = readPart(part)
      if (read.kind !== "call") return [read]
      const call = read.id === "" ? { ...read, id: `call_${calls}_${read.name}` } : read
      calls++
      open.push(call)
      return [call]
    })
    return { role, parts: joined(parts) }
  })
}

function readResponse(response: JsonObject, open: CallPart[]): ResultPart {
  const id = wordOf(response["id"])
  const name = textOf(response["name"]) ?? ""
  const byId = id === null ? -1 : open.findIndex((call) => call.id === id)
  const at = byId >= 0 ? byId : open.findIndex((call) => call.name === name)
  const [call] = at >= 0 ? open.splice(at, 1) : []
  const said = response["response"]
  const error = objectOf(said)?.["error"]
  const text = resultText(said ?? null)
  const media = objectsIn(response, "parts").flatMap((part) => readMedia(part) ?? [])
  return {
    kind: "result",
    callId: call?.id ?? id ?? name,
    name,
    parts: [...(text === "" ? [] : [{ kind: "text" as const, text }]), ...media],
    isError: error !== undefined && error !== null,
    form: "json",
  }
}

/** `{output}`, `{result}` and `{error}` are Google's words for a plain text. */
function resultText(response: Json): string {
  const object = objectOf(response)
  const names = Object.keys(object ?? {})
  const only = names.length === 1 && /^(output|result|error|content)$/.test(names[0]!) ? object![names[0]!] : undefined
  if (typeof only === "string") return only
  return response === null ? "" : typeof response === "string" ? response : JSON.stringify(response)
}

function readTools(tool: JsonObject): Tool[] {
  const declared = objectsIn(tool, "functionDeclarations").map((one): Tool => {
    const schema = objectIn(one, "parametersJsonSchema")
    const own = objectIn(one, "parameters")
    return {
      kind: "function",
      name: textOf(one["name"]) ?? "",
      description: textOf(one["description"]),
      schema: lowered(schema) ?? (own && jsonSchema(own)),
      strict: null,
      form: "json",
    }
  })
  const hosted = Object.keys(tool)
    .filter((name) => !/^function_?declarations$/i.test(name))
    .map((name): Tool => ({ kind: "hosted", dialect: "gemini", what: name, raw: { [name]: tool[name]! } }))
  return [...declared, ...hosted]
}

function readChoice(calling: JsonObject | null): ToolChoice | null {
  const mode = textOf(calling?.["mode"])?.toUpperCase()
  const names = textsOf(member(calling, "allowedFunctionNames"))
  if (mode === "NONE") return { mode: "none" }
  if (mode === "ANY") return names.length > 0 ? { mode: "some", names, required: true } : { mode: "required" }
  if (mode === "AUTO" || mode === "VALIDATED")
    return names.length > 0 ? { mode: "some", names, required: false } : { mode: "auto" }
  return null
}

function readThinking(config: JsonObject | null): Thinking | null {
  if (!config) return null
  const level = wordOf(member(config, "thinkingLevel"))
  return {
    effort: readEffort(level && level.toLowerCase()),
    budget: numberOf(member(config, "thinkingBudget")),
    shown: booleanOf(member(config, "includeThoughts")),
  }
}

function readFormat(config: JsonObject | null): OutputFormat | null {
  const schema = objectIn(config, "responseJsonSchema")
  const own = objectIn(config, "responseSchema")
  const isJson = member(config, "responseMimeType") === "application/json"
  if (!schema && !own && !isJson) return null
  return { schema: lowered(schema) ?? (own && jsonSchema(own)), name: null, description: null, strict: null }
}

/** Gemini CLI writes upper-case types in JSON Schemas too. */
const lowered = (schema: JsonObject | null) =>
  schema && typeof schema["type"] === "string" && schema["type"] === schema["type"].toUpperCase()
    ? jsonSchema(schema)
    : schema
