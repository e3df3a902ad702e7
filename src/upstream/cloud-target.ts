/** Where Vertex AI and Bedrock want a call. Pure. */
import type { Dialect, Operation } from "../exchange.ts"
import type { Cloud } from "../settings.ts"

interface CloudCall {
  dialect: Dialect
  operation: Operation
  /** the provider's name for it */
  model: string
  stream: boolean
}

export function cloudTarget(root: string, cloud: Cloud, call: CloudCall): string {
  return root + (cloud.kind === "vertex" ? vertexPath(cloud, call) : bedrockPath(call))
}

/** https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference, …/partner-models/claude/use-claude, …/migrate/openai/overview */
function vertexPath(
  { project, location }: Extract<Cloud, { kind: "vertex" }>,
  { dialect, operation, model, stream }: CloudCall,
): string {
  const place = `projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}`
  if (dialect === "anthropic") {
    const models = `/v1/${place}/publishers/anthropic/models`
    if (operation === "count_tokens") return `${models}/count-tokens:rawPredict`
    return `${models}/${segment(model)}:${stream ? "streamRawPredict" : "rawPredict"}`
  }
  if (dialect === "gemini") {
    const method = operation === "count_tokens" ? "countTokens" : stream ? "streamGenerateContent" : "generateContent"
    return `/v1beta1/${place}/publishers/google/models/${segment(model)}:${method}`
  }
  return `/v1beta1/${place}/endpoints/openapi/chat/completions`
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html, …/userguide/inference-chat-completions.html */
function bedrockPath({ dialect, model, stream }: CloudCall): string {
  if (dialect !== "anthropic") return "/openai/v1/chat/completions"
  // an ARN is one segment, its slashes too
  return `/model/${encodeURIComponent(model)}/${stream ? "invoke-with-response-stream" : "invoke"}`
}

const segment = (name: string) => encodeURIComponent(name).replaceAll("%40", "@")
