/** Model providers as rows of data, and which of them a model's name means. It sends nothing and reads no environment. */

import type { Cloud, Provider } from "../settings.ts"

/** A provider and what only the reading of a config file needs to know of it. */
export interface ProviderRow extends Provider {
  /** the environment variable LiteLLM looks for its address in */
  baseVariable?: string
  /** LiteLLM's `api_base` for it is the bare host: this path comes after it */
  basePath?: string
  cloud?: Cloud["kind"]
}

type More = Partial<Omit<ProviderRow, "id" | "base" | "keyVariables">>

/** Most of them: OpenAI's chat dialect, the key as a bearer token. `keys` are separated by spaces. */
const row = (id: string, base: string | null, keys: string, more: More = {}): ProviderRow => ({
  id,
  base,
  speaks: ["openai-chat"],
  auth: "bearer",
  keyVariables: keys.split(" "),
  ...more,
})

// Addresses and variables as in LiteLLM's get_llm_provider_logic.py and docs/providers/*. `OPENAI_BASE_URL` is not looked at:
// on a machine whose clients use this proxy it names the proxy itself.
export const PROVIDERS: readonly ProviderRow[] = [
  row("openai", "https://api.openai.com/v1", "OPENAI_API_KEY", {
    speaks: ["openai-chat", "openai-responses"],
    aliases: ["text-completion-openai"],
  }),
  row("anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY", { speaks: ["anthropic"], auth: "x-api-key" }),
  row("gemini", "https://generativelanguage.googleapis.com", "GEMINI_API_KEY GOOGLE_API_KEY", {
    speaks: ["gemini"],
    auth: "x-goog-api-key",
    aliases: ["google_ai_studio"],
  }),
  row("azure", null, "AZURE_API_KEY AZURE_OPENAI_API_KEY", {
    auth: "api-key",
    aliases: ["azure_text"],
    baseVariable: "AZURE_API_BASE",
  }),
  row("ollama", "http://127.0.0.1:11434/v1", "OLLAMA_API_KEY", {
    aliases: ["ollama_chat"],
    keyOptional: true,
    baseVariable: "OLLAMA_API_BASE",
    basePath: "/v1",
  }),
  row("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY OR_API_KEY"),
  row("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
  row("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
  row("codestral", "https://codestral.mistral.ai/v1", "CODESTRAL_API_KEY"),
  row("deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
  row("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
  row(
    "together_ai",
    "https://api.together.xyz/v1",
    "TOGETHERAI_API_KEY TOGETHER_API_KEY TOGETHER_AI_API_KEY TOGETHER_AI_TOKEN",
  ),
  row(
    "fireworks_ai",
    "https://api.fireworks.ai/inference/v1",
    "FIREWORKS_API_KEY FIREWORKS_AI_API_KEY FIREWORKSAI_API_KEY FIREWORKS_AI_TOKEN",
  ),
  row("perplexity", "https://api.perplexity.ai", "PERPLEXITYAI_API_KEY PERPLEXITY_API_KEY"),
  row("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
  row("deepinfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
  row("nvidia_nim", "https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY"),
  row("sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
  row("hyperbolic", "https://api.hyperbolic.xyz/v1", "HYPERBOLIC_API_KEY"),
  row("novita", "https://api.novita.ai/v3/openai", "NOVITA_API_KEY"),
  row("moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
  row("dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"),
  row("minimax", "https://api.minimax.io/v1", "MINIMAX_API_KEY"),
  row("nebius", "https://api.studio.nebius.ai/v1", "NEBIUS_API_KEY"),
  row("zai", "https://api.z.ai/api/paas/v4", "ZAI_API_KEY"),
  row("volcengine", "https://ark.cn-beijing.volces.com/api/v3", "VOLCENGINE_API_KEY ARK_API_KEY"),
  row("meta_llama", "https://api.llama.com/compat/v1", "LLAMA_API_KEY"),
  row("vercel_ai_gateway", "https://ai-gateway.vercel.sh/v1", "VERCEL_AI_GATEWAY_API_KEY AI_GATEWAY_API_KEY"),
  // Their addresses, sign-in and dialects depend on the entry and the model: `cloud.ts`
  row("vertex_ai", null, "VERTEX_ACCESS_TOKEN", {
    aliases: ["vertex_ai_beta", "vertex"],
    keyOptional: true,
    cloud: "vertex",
  }),
  row("bedrock", null, "AWS_BEARER_TOKEN_BEDROCK", {
    aliases: ["bedrock_converse"],
    keyOptional: true,
    cloud: "bedrock",
  }),
  row("hosted_vllm", null, "HOSTED_VLLM_API_KEY", { keyOptional: true, baseVariable: "HOSTED_VLLM_API_BASE" }),
  row("lm_studio", "http://127.0.0.1:1234/v1", "LM_STUDIO_API_KEY", {
    keyOptional: true,
    baseVariable: "LM_STUDIO_API_BASE",
  }),
  row("llamafile", "http://127.0.0.1:8080/v1", "LLAMAFILE_API_KEY", {
    keyOptional: true,
    baseVariable: "LLAMAFILE_API_BASE",
  }),
  row("litellm_proxy", null, "LITELLM_PROXY_API_KEY", { keyOptional: true, baseVariable: "LITELLM_PROXY_API_BASE" }),
  row("custom_openai", null, "OPENAI_LIKE_API_KEY", {
    aliases: ["openai_like", "openai-compatible", "xinference", "custom"],
    keyOptional: true,
    baseVariable: "OPENAI_LIKE_API_BASE",
  }),
]

/** Names that LiteLLM knows and this proxy has no dialect or sign-in for. */
export const UNSUPPORTED_PROVIDERS: ReadonlySet<string> = new Set(
  `ai21 ai21_chat aiohttp_openai aleph_alpha anthropic_text anyscale assemblyai aws_polly azure_ai baseten
  bytez chatgpt clarifai cloudflare cohere cohere_chat compactifai dashscope_image databricks datarobot deepgram docker_model_runner
  elevenlabs empower fal_ai featherless_ai friendliai galadriel gigachat github github_copilot gradient_ai heroku huggingface
  infinity jina_ai lambda_ai langgraph lemonade maritalk morph nlp_cloud nscale oci oobabooga ovhcloud petals poe predibase ragflow
  recraft replicate runwayml sagemaker sagemaker_chat sap snowflake stability topaz triton v0 vllm voyage
  wandb watsonx watsonx_text xiaomi_mimo`.split(/\s+/),
)

const BY_NAME = new Map(PROVIDERS.flatMap((p) => [p.id, ...(p.aliases ?? [])].map((name) => [name, p] as const)))

/** The provider of that name or alias. */
export const findProvider = (name: string): ProviderRow | undefined => BY_NAME.get(name.toLowerCase())

/** Every name a provider can be written with. */
export const providerNames = (): string[] => [...BY_NAME.keys()]

/** How providers name their models: what a name without a prefix means, and what `*` may stand for. */
export const MODEL_NAMES: readonly (readonly [pattern: string, provider: string])[] = [
  ["gpt-*", "openai"],
  ["chatgpt-*", "openai"],
  ["codex-*", "openai"],
  ["o1*", "openai"],
  ["o3*", "openai"],
  ["o4*", "openai"],
  ["ft:gpt-*", "openai"],
  ["text-embedding-0*", "gemini"],
  ["text-embedding-*", "openai"],
  ["babbage-002", "openai"],
  ["davinci-002", "openai"],
  ["claude-*", "anthropic"],
  ["gemini-*", "gemini"],
  ["gemma-3*", "gemini"],
  ["mistral-*", "mistral"],
  ["ministral-*", "mistral"],
  ["magistral-*", "mistral"],
  ["devstral-*", "mistral"],
  ["open-mistral-*", "mistral"],
  ["open-mixtral-*", "mistral"],
  ["pixtral-*", "mistral"],
  ["codestral-*", "mistral"],
  ["deepseek-*", "deepseek"],
  ["grok-*", "xai"],
  ["sonar*", "perplexity"],
  ["kimi-*", "moonshot"],
  ["moonshot-*", "moonshot"],
  ["anthropic.claude-*", "bedrock"],
  ["us.anthropic.claude-*", "bedrock"],
  ["eu.anthropic.claude-*", "bedrock"],
  ["apac.anthropic.claude-*", "bedrock"],
  ["global.anthropic.claude-*", "bedrock"],
]

/** The provider whose models are named so, for a name written without `provider/`. */
export function inferProvider(model: string): ProviderRow | undefined {
  const name = model.toLowerCase()
  const hit = MODEL_NAMES.find(([pattern]) =>
    pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  )
  return hit && BY_NAME.get(hit[1])
}

/** The provider whose own address this is: LiteLLM's `openai_compatible_endpoints`. */
export function providerAt(address: string): ProviderRow | undefined {
  const host = URL.canParse(address) ? new URL(address).host : null
  return PROVIDERS.find(({ base }) => base !== null && new URL(base).host === host)
}
