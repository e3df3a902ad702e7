/** The official SDKs as judges: one call in a dialect, and everything the program on top would have seen of it. */
import Anthropic from "@anthropic-ai/sdk"
import { GoogleGenAI } from "@google/genai"
import OpenAI from "openai"
import type { Dialect } from "../../src/exchange.ts"
import type { Loose } from "./json.ts"

export interface SdkCall {
  /** the server's root, without `/v1` */
  url: string
  key: string
  dialect: Dialect
  model: string
  stream: boolean
  /** the request's body where one was recorded */
  body?: Loose
}

/** Everything the SDK made of the answer: its events and its accumulated result, or the error it threw. */
export async function callSdk(call: SdkCall): Promise<Loose> {
  try {
    const value = await (call.stream ? streamed : whole)[call.dialect](call)
    return JSON.parse(JSON.stringify(value, dropHeaders) ?? "null")
  } catch (error) {
    return thrown(error)
  }
}

const thrown = (error: Loose) => ({
  threw: error?.constructor?.name,
  status: error?.status ?? null,
  message: String(error?.message),
})
/** The only part of an SDK's result that may differ between two servers. */
const dropHeaders = (key: string, value: Loose) =>
  key === "sdkHttpResponse" || key === "_request_id" ? undefined : value

const openai = ({ url, key }: SdkCall) => new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 })
const anthropic = ({ url, key }: SdkCall) => new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 })
const google = ({ url, key }: SdkCall) => new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } })

const chatBody = (call: SdkCall): Loose => ({
  messages: [{ role: "user", content: "hi" }],
  ...call.body,
  model: call.model,
})
const responsesBody = (call: SdkCall): Loose => ({ input: "hi", ...call.body, model: call.model })
const messagesBody = (call: SdkCall): Loose => ({
  max_tokens: 64,
  messages: [{ role: "user", content: "hi" }],
  ...call.body,
  model: call.model,
})

const whole: Record<Dialect, (call: SdkCall) => Promise<unknown>> = {
  "openai-chat": (call) => openai(call).chat.completions.create({ ...chatBody(call), stream: false }),
  "openai-responses": (call) => openai(call).responses.create({ ...responsesBody(call), stream: false }),
  anthropic: (call) => anthropic(call).messages.create({ ...messagesBody(call), stream: false }),
  gemini: (call) => google(call).models.generateContent({ model: call.model, contents: "hi" }),
}

const streamed: Record<Dialect, (call: SdkCall) => Promise<unknown>> = {
  "openai-chat": async (call) => {
    const client = openai(call)
    const body = { ...chatBody(call), stream: true }
    const events = await gather(() => client.chat.completions.create(body) as Loose)
    const { stream: _, ...plain } = body
    const final = await client.chat.completions.stream(plain).finalChatCompletion().catch(thrown)
    return { events, final }
  },
  "openai-responses": async (call) => {
    const client = openai(call)
    const body = { ...responsesBody(call), stream: true }
    const events = await gather(() => client.responses.create(body) as Loose)
    const { stream: _, ...plain } = body
    const final = await client.responses.stream(plain).finalResponse().catch(thrown)
    return { events, final }
  },
  anthropic: async (call) => {
    const client = anthropic(call)
    const body = { ...messagesBody(call), stream: true }
    const events = await gather(() => client.messages.create(body) as Loose)
    const final = await client.messages.stream(body).finalMessage().catch(thrown)
    return { events, final }
  },
  gemini: async (call) => ({
    events: await gather(() => google(call).models.generateContentStream({ model: call.model, contents: "hi" })),
  }),
}

/** What came before an error is part of what was seen. */
async function gather(open: () => Promise<AsyncIterable<unknown>>): Promise<unknown[]> {
  const seen: unknown[] = []
  try {
    for await (const event of await open()) seen.push(event)
  } catch (error) {
    seen.push(thrown(error))
  }
  return seen
}
