/**
 * LiteLLM's `POST /utils/token_counter`: how long a prompt is for a model. Nobody is asked: it is the estimate that also marks rows of cut streams.
 * https://docs.litellm.ai/docs/proxy/token_counting, LiteLLM's `TokenCountResponse`
 */
import { Elysia } from "elysia"
import type { Json } from "../exchange.ts"
import { invalid, parseObject } from "./body.ts"
import { answers, jsonBody, object } from "./documentation.ts"
import { textsOf } from "./spend-calculate.ts"

interface TokenCounterDeps {
  /** @throws Refusal for whoever holds no key */
  admit: (request: Request) => void
  readBody: (request: Request) => Promise<string>
  /** the provider's own name of a public model */
  upstreamOf: (model: string) => string
  /** tokens of a text */
  estimate: (text: string) => number
}

const SAYS = `Send "model" and one of "messages", "contents" and "prompt".`

export function tokenCounterApi({ admit, readBody, upstreamOf, estimate }: TokenCounterDeps) {
  return new Elysia({ name: "token-counter" }).post(
    "/utils/token_counter",
    async ({ request }) => {
      admit(request)
      const { model, messages, contents, prompt } = parseObject(await readBody(request), SAYS)
      const said: Json | undefined = messages ?? contents ?? prompt
      if (typeof model !== "string" || model === "" || said === undefined || said === null) throw invalid("model", SAYS)
      const heads = Array.isArray(said) ? 4 * said.length : 0
      return Response.json({
        total_tokens: textsOf(said).reduce((sum, text) => sum + estimate(text), heads),
        request_model: model,
        model_used: upstreamOf(model),
        tokenizer_type: "estimate",
      })
    },
    {
      parse: "none",
      detail: {
        tags: ["LiteLLM"],
        summary: "LiteLLM's: tokens of a prompt, estimated; no provider is called",
        requestBody: jsonBody({
          type: "object",
          required: ["model"],
          properties: {
            model: { type: "string" },
            messages: { type: "array", items: { type: "object" } },
            contents: { type: "array", items: { type: "object" }, description: "as in Gemini's requests" },
            prompt: { type: "string" },
          },
        }),
        responses: answers(
          object({
            total_tokens: { type: "integer" },
            request_model: { type: "string" },
            model_used: { type: "string" },
            tokenizer_type: { type: "string" },
          }),
          400,
          401,
          413,
        ),
      },
    },
  )
}
