/**
 * What a provider would refuse in a request, by its documentation: the judge of translated requests. It says each fault in words; an empty list is a valid request.
 * It knows nothing of the product's own writing.
 */
import type { Dialect } from "../../src/exchange.ts"
import type { Loose } from "./json.ts"

export function wrongIn(dialect: Dialect, body: Loose): string[] {
  if (typeof body !== "object" || body === null) return ["no JSON object"]
  return judges[dialect](body)
}

const NAME = /^[a-zA-Z0-9_-]{1,64}$/
const GEMINI_NAME = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/

/** Every list of calls must be answered by exactly its results before anything else is said. */
function pairing(calls: string[], results: string[], where: string): string[] {
  const missing = calls.filter((id) => !results.includes(id)).map((id) => `${where}: call ${id} has no result`)
  const extra = results.filter((id) => !calls.includes(id)).map((id) => `${where}: result ${id} has no call`)
  const twice = results.length === new Set(results).size ? [] : [`${where}: two results for one call`]
  return [...missing, ...extra, ...twice]
}

const isJson = (text: Loose) => {
  try {
    return typeof text === "string" && JSON.parse(text) !== undefined
  } catch {
    return false
  }
}

const judges: Record<Dialect, (body: Loose) => string[]> = {
  "openai-chat": chat,
  "openai-responses": responses,
  anthropic,
  gemini,
}

function chat(body: Loose): string[] {
  const wrong: string[] = []
  let open: string[] = []
  let results: string[] = []
  const settle = (at: number) => {
    wrong.push(...pairing(open, results, `messages[${at}]`))
    open = []
    results = []
  }
  if (!body.messages?.length) wrong.push("no messages")
  ;(body.messages ?? []).forEach((message: Loose, at: number) => {
    if (message.role === "tool") {
      results.push(message.tool_call_id)
      if (typeof message.content !== "string" && !message.content?.every((part: Loose) => part.type === "text"))
        wrong.push(`messages[${at}]: a tool's content is text`)
      return
    }
    settle(at)
    if (!["system", "developer", "user", "assistant"].includes(message.role))
      wrong.push(`messages[${at}]: role ${message.role}`)
    if (message.role !== "assistant") {
      if (message.content == null || message.content.length === 0) wrong.push(`messages[${at}]: no content`)
      return
    }
    if (!message.content && !message.tool_calls?.length) wrong.push(`messages[${at}]: an assistant that says nothing`)
    if (message.tool_calls?.length === 0) wrong.push(`messages[${at}]: empty tool_calls`)
    for (const call of message.tool_calls ?? []) {
      open.push(call.id)
      if (!NAME.test(call.function?.name ?? call.custom?.name)) wrong.push(`messages[${at}]: tool name`)
      if (call.type === "function" && !isJson(call.function.arguments))
        wrong.push(`messages[${at}]: arguments are no JSON`)
    }
  })
  settle(body.messages?.length ?? 0)
  for (const tool of body.tools ?? [])
    if (!NAME.test(tool.function?.name ?? tool.custom?.name)) wrong.push(`tool name ${JSON.stringify(tool)}`)
  if (body.tools?.length === 0) wrong.push("empty tools")
  return wrong
}

function responses(body: Loose): string[] {
  const wrong: string[] = []
  const calls: string[] = []
  const results: string[] = []
  if (typeof body.input === "string") return body.input ? [] : ["no input"]
  if (!body.input?.length) wrong.push("no input")
  ;(body.input ?? []).forEach((item: Loose, at: number) => {
    const type = item.type ?? "message"
    if (type === "message") {
      const kinds =
        item.role === "assistant"
          ? ["output_text", "refusal"]
          : ["input_text", "input_image", "input_file", "input_audio"]
      if (Array.isArray(item.content))
        for (const part of item.content)
          if (!kinds.includes(part.type)) wrong.push(`input[${at}]: ${item.role} says ${part.type}`)
      if (!item.content?.length) wrong.push(`input[${at}]: no content`)
    } else if (type === "function_call" || type === "custom_tool_call") {
      calls.push(item.call_id)
      if (!NAME.test(item.name)) wrong.push(`input[${at}]: tool name`)
      if (type === "function_call" && !isJson(item.arguments)) wrong.push(`input[${at}]: arguments are no JSON`)
      if (item.id !== undefined && !/^(fc|ctc)_/.test(item.id)) wrong.push(`input[${at}]: id ${item.id}`)
    } else if (type === "function_call_output" || type === "custom_tool_call_output") {
      results.push(item.call_id)
      if (!calls.includes(item.call_id)) wrong.push(`input[${at}]: output before its call`)
      if (typeof item.output !== "string" && !Array.isArray(item.output)) wrong.push(`input[${at}]: no output`)
    } else if (type === "reasoning") {
      const next = body.input[at + 1]
      if (!next || next.role === "user" || next.type?.endsWith("_output"))
        wrong.push(`input[${at}]: reasoning without the item it led to`)
      if (!Array.isArray(item.summary)) wrong.push(`input[${at}]: reasoning without summary`)
    } else wrong.push(`input[${at}]: type ${type}`)
  })
  wrong.push(...pairing(calls, results, "input"))
  for (const tool of body.tools ?? [])
    if (tool.type === "function" && !NAME.test(tool.name)) wrong.push(`tool name ${tool.name}`)
  return wrong
}

function anthropic(body: Loose): string[] {
  const wrong: string[] = []
  if (!Number.isInteger(body.max_tokens) || body.max_tokens < 1) wrong.push("max_tokens")
  if (body.thinking?.type === "enabled" && body.max_tokens <= body.thinking.budget_tokens)
    wrong.push("max_tokens <= budget_tokens")
  const messages: Loose[] = body.messages ?? []
  if (messages[0]?.role !== "user") wrong.push("the first message is no user's")
  let open: string[] = []
  const marks = JSON.stringify([body.system, body.tools, body.messages]).split('"cache_control"').length - 1
  if (marks > 4) wrong.push(`${marks} cache marks`)
  messages.forEach((message, at) => {
    if (!["user", "assistant"].includes(message.role)) wrong.push(`messages[${at}]: role ${message.role}`)
    if (at > 0 && messages[at - 1].role === message.role) wrong.push(`messages[${at}]: roles do not alternate`)
    const blocks: Loose[] =
      typeof message.content === "string" ? [{ type: "text", text: message.content }] : message.content
    if (!blocks?.length) wrong.push(`messages[${at}]: no content`)
    const results = (blocks ?? []).filter((block) => block.type === "tool_result")
    if (message.role === "user" || open.length > 0) {
      wrong.push(
        ...pairing(
          open,
          results.map((one) => one.tool_use_id),
          `messages[${at}]`,
        ),
      )
      if (blocks.slice(0, results.length).some((block) => block.type !== "tool_result"))
        wrong.push(`messages[${at}]: results come first`)
    }
    open = []
    for (const block of blocks ?? []) {
      if (block.type === "text" && !block.text.trim()) wrong.push(`messages[${at}]: empty text`)
      if (block.type === "thinking" && !block.signature) wrong.push(`messages[${at}]: thinking without signature`)
      if (block.type !== "tool_use") continue
      open.push(block.id)
      if (!/^[a-zA-Z0-9_-]+$/.test(block.id)) wrong.push(`messages[${at}]: id ${block.id}`)
      if (!NAME.test(block.name)) wrong.push(`messages[${at}]: tool name ${block.name}`)
      if (typeof block.input !== "object" || block.input === null || Array.isArray(block.input))
        wrong.push(`messages[${at}]: input is no object`)
    }
  })
  wrong.push(...pairing(open, [], "the end"))
  for (const block of typeof body.system === "string" ? [] : (body.system ?? []))
    if (!block.text?.trim()) wrong.push("empty system text")
  for (const tool of body.tools ?? []) {
    if (!NAME.test(tool.name)) wrong.push(`tool name ${tool.name}`)
    if (!tool.type && tool.input_schema?.type !== "object") wrong.push(`${tool.name}: input_schema.type is not object`)
  }
  return wrong
}

function gemini(body: Loose): string[] {
  const wrong: string[] = []
  const contents: Loose[] = body.contents ?? []
  if (!contents.length) wrong.push("no contents")
  if (contents.length && contents[0].role === "model") wrong.push("the first content is the model's")
  let open: string[] = []
  contents.forEach((content, at) => {
    if (!["user", "model"].includes(content.role)) wrong.push(`contents[${at}]: role ${content.role}`)
    if (at > 0 && contents[at - 1].role === content.role) wrong.push(`contents[${at}]: roles do not alternate`)
    if (!content.parts?.length) wrong.push(`contents[${at}]: no parts`)
    const answers = (content.parts ?? []).filter((part: Loose) => part.functionResponse)
    if (open.length > 0 && answers.length !== open.length)
      wrong.push(`contents[${at}]: ${open.length} calls, ${answers.length} responses`)
    if (open.length === 0 && answers.length > 0) wrong.push(`contents[${at}]: responses without calls`)
    answers.forEach((part: Loose, index: number) => {
      if (open[index] !== undefined && part.functionResponse.name !== open[index])
        wrong.push(`contents[${at}]: response to ${part.functionResponse.name}`)
      if (typeof part.functionResponse.response !== "object") wrong.push(`contents[${at}]: response is no object`)
    })
    open = []
    for (const part of content.parts ?? []) {
      if (
        Object.keys(part).filter((key) => !/^(thought|thoughtSignature|videoMetadata|mediaResolution)$/.test(key))
          .length !== 1
      )
        wrong.push(`contents[${at}]: a part of ${Object.keys(part).join("+")}`)
      if (!part.functionCall) continue
      open.push(part.functionCall.name)
      if (!GEMINI_NAME.test(part.functionCall.name)) wrong.push(`contents[${at}]: tool name`)
      if (typeof (part.functionCall.args ?? {}) !== "object") wrong.push(`contents[${at}]: args are no object`)
    }
  })
  if (open.length > 0) wrong.push("the end: calls without responses")
  for (const tool of (body.tools ?? []).flatMap((one: Loose) => one.functionDeclarations ?? []))
    if (!GEMINI_NAME.test(tool.name)) wrong.push(`tool name ${tool.name}`)
  return wrong
}
