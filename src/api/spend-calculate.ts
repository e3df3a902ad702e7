/**
 * LiteLLM's `POST /spend/calculate`: what a call would cost before it is made, or did cost by the answer's own counts. Nothing is sent and nothing is written down.
 * https://docs.litellm.ai/docs/proxy/cost_tracking, LiteLLM's `spend_management_endpoints.py`
 */
import { Elysia } from "elysia"
import { readUsage } from "../dialects/openai-chat/usage.ts"
import { type Json, type JsonObject, Refusal, type Usage } from "../exchange.ts"
import { invalid, isObject, parseObject } from "./body.ts"
import { answers, jsonBody, object } from "./documentation.ts"

interface SpendCalculateDeps {
  /** @throws Refusal for whoever does not hold the master key */
  admit: (request: Request) => void
  readBody: (request: Request) => Promise<string>
  /** USD for so much use of a model, by its public name or the provider's; null: no price is known */
  costOf: (model: string, usage: Usage) => Promise<number | null>
  /** tokens of a text */
  estimate: (text: string) => number
}

const SAYS = `Send "model" and "messages", or "completion_response" with its "model" and "usage".`

export function spendCalculateApi({ admit, readBody, costOf, estimate }: SpendCalculateDeps) {
  return new Elysia({ name: "spend-calculate" }).post(
    "/spend/calculate",
    async ({ request }) => {
      admit(request)
      const { model, usage } = readCall(parseObject(await readBody(request), SAYS), estimate)
      const cost = await costOf(model, usage)
      if (cost === null) throw unpriced(model)
      return Response.json({ cost })
    },
    {
      parse: "none",
      detail: {
        tags: ["LiteLLM"],
        summary:
          "LiteLLM's: what a call costs, before it (input alone, its tokens estimated) or after it (by the answer's usage)",
        requestBody: jsonBody({
          type: "object",
          properties: {
            model: { type: "string", description: "a model_name of the config, or provider/model" },
            messages: { type: "array", items: { type: "object" } },
            completion_response: { type: "object", description: "a Chat Completion with its usage" },
          },
        }),
        responses: answers(object({ cost: { type: "number", description: "USD" } }), 400, 401, 403, 404, 413),
      },
    },
  )
}

/** @throws Refusal 400 naming what is missing */
function readCall(body: JsonObject, estimate: (text: string) => number): { model: string; usage: Usage } {
  const { model, messages, completion_response: answer } = body
  if (typeof model === "string" && model !== "") {
    if (!Array.isArray(messages)) throw invalid("messages", SAYS)
    // Each message has a head of about four tokens: https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
    const tokens = textsOf(messages).reduce((sum, text) => sum + estimate(text), 4 * messages.length)
    return { model, usage: readUsage({ prompt_tokens: tokens, completion_tokens: 0 })! }
  }
  if (!isObject(answer)) throw invalid("completion_response", SAYS)
  const usage = isObject(answer["usage"]) ? readUsage(answer["usage"]) : null
  if (typeof answer["model"] !== "string" || usage === null) throw invalid("completion_response", SAYS)
  return { model: answer["model"], usage }
}

const TEXTS = new Set(["content", "text", "name", "arguments", "refusal"])

/** What is said in messages, their parts and their tool calls; images and sound are not counted. */
export function textsOf(value: Json, name = "content"): string[] {
  if (typeof value === "string") return TEXTS.has(name) ? [value] : []
  if (Array.isArray(value)) return value.flatMap((one) => textsOf(one, name))
  return isObject(value) ? Object.entries(value).flatMap(([key, inner]) => textsOf(inner, key)) : []
}

const unpriced = (model: string) =>
  new Refusal(
    404,
    "not_found",
    `No price is known for "${model.slice(0, 200)}". Write input_cost_per_token and output_cost_per_token, or base_model, into its model_info.`,
    { code: "price_not_known", param: "model" },
  )
