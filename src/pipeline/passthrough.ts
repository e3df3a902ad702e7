/** A provider's own API, passed through: `/anthropic/*`, `/openai/*`, `/gemini/*`. */
import type { App } from "../app.ts"
import { matchEndpoint } from "../dialects/endpoints.ts"
import { type Arrival, Refusal } from "../exchange.ts"
import type { Answer } from "../http/answer.ts"
import { bodyJson, receiveBody } from "../http/body.ts"
import { refuse, replyWith } from "../http/reply.ts"
import { Prompt } from "../identify/prompt.ts"
import { noteMemory } from "../memory/call.ts"
import { JsonText } from "../json/json-text.ts"
import { type Choice, isReady, missingVariable } from "../route/routes.ts"
import type { Config } from "../settings.ts"
import { bringsKey, noteChoice, noteRequest, openExchange } from "./open-exchange.ts"
import { recognise } from "./recognise.ts"
import { callProvider } from "./send.ts"

const NOT_LOOKED_AT = JsonText.from("")
const RAW = { operation: "passthrough", model: null, stream: null, version: null } as const
const RAW_DIALECT = { anthropic: "anthropic", openai: "openai-chat", gemini: "gemini" } as const

/** The same bytes to the same path, only the key is exchanged. It never throws, and settles once. */
export async function handlePassthrough(
  arrival: Arrival,
  provider: keyof Config["passthrough"],
  app: App,
): Promise<Answer> {
  const rest = arrival.path.slice(provider.length + 1)
  const inference = matchEndpoint(arrival.method, rest)
  const exchange = openExchange(arrival, inference ?? { ...RAW, dialect: RAW_DIALECT[provider] }, app, "passthrough")
  const { config, gate } = exchange.snapshot
  try {
    exchange.caller = gate.open(arrival.headers, arrival.keysFromUrl)
    const bytes = await receiveBody(arrival)
    const text = inference ? bodyJson(bytes) : NOT_LOOKED_AT
    exchange.draft.tap?.request(text)
    const body = Prompt.parse(text)
    const model = inference?.model ?? body?.get("model")?.string() ?? ""
    noteRequest(exchange, text, model, inference?.stream ?? body?.get("stream")?.value() === true)
    recognise(exchange, body)
    const deployment = config.passthrough[provider]
    if (!deployment) throw noProvider(provider)
    if (!isReady(deployment, bringsKey(exchange))) throw missingVariable(provider, deployment)
    const choice: Choice = { deployment, model, group: model, features: [] }
    noteChoice(exchange, choice)
    if (app.memories.engine(config)) noteMemory(exchange.draft, "skip", "passthrough")
    const answer = await callProvider(
      exchange,
      choice,
      { method: arrival.method, rest },
      bytes.length > 0 ? [bytes] : null,
    )
    return await replyWith(exchange, answer, false)
  } catch (error) {
    return refuse(exchange, error)
  }
}

const noProvider = (provider: string) =>
  new Refusal(
    404,
    "not_found",
    `No ${provider} deployment is configured, so there is no key to call ${provider} with. Add one to model_list.`,
    { code: "provider_not_configured" },
  )
