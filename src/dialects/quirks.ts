/**
 * What single providers and models refuse, or want otherwise than their dialect says: a table, each row with its reason. How a row is carried out is `fitting.ts`'s.
 * A row that is not sure is not here: a provider that ignores what it does not know needs none.
 */
import type { Dialect, JsonObject } from "../exchange.ts"
import { generation, takesOneSampler } from "./anthropic/models.ts"
import type { Patch } from "./quirk-patches.ts"

export interface Quirk {
  dialect: Dialect
  /** ids of providers' rows; absent: whoever serves the model */
  provider?: readonly string[]
  model?: RegExp | ((model: string) => boolean)
  /** only bodies of which this holds */
  when?: (body: JsonObject) => boolean
  /** refused: names as LiteLLM writes them, or paths */
  drops?: readonly string[]
  /** the same under another name */
  renames?: readonly (readonly [from: string, to: string])[]
  /** the only efforts known, least first */
  efforts?: readonly string[]
  patches?: readonly Patch[]
  /** with the source */
  because: string
}

const words = (text: string): readonly string[] => text.split(" ")

const OPENAI = ["openai", "azure"]
const SAMPLING = words("temperature top_p presence_penalty frequency_penalty logprobs top_logprobs logit_bias")
const EFFORT = ["reasoning_effort"]

/** GPT-5.1 and later do not reason unless asked to. */
const REASONS_UNASKED = /^(o\d|gpt-5(?!\.\d|.*chat)|codex)/
const REASONS_IF_ASKED = /^gpt-(5\.\d|[6-9])(?!.*(chat|codex|pro))/
const REASONS_ALWAYS = /^gpt-(5\.\d|[6-9]).*(codex|pro)/
const isThinking = ({ reasoning_effort: effort, reasoning }: JsonObject) => {
  const asked = effort ?? (reasoning as JsonObject | null | undefined)?.["effort"] ?? "none"
  return asked !== "none"
}
const CHAT_REASONING =
  "https://platform.openai.com/docs/guides/reasoning#limitations: unsupported with reasoning models"
const GPT_5_1 =
  "https://platform.openai.com/docs/guides/latest-model: temperature, top_p and logprobs only with reasoning effort none"

const CHAT: readonly Omit<Quirk, "dialect">[] = [
  {
    provider: ["azure"],
    renames: [["max_tokens", "max_completion_tokens"]],
    because: "as OpenAI's own; a deployment may have any name",
  },
  {
    provider: ["openai"],
    // `openai/NAME` is also how any compatible server is written, and many know the old name alone
    model: /^(gpt-|o\d|chatgpt|codex|ft:|computer-use)/,
    renames: [["max_tokens", "max_completion_tokens"]],
    because:
      "\"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.\"; the older ones take both",
  },
  { provider: OPENAI, model: REASONS_UNASKED, drops: [...SAMPLING, "stop"], because: CHAT_REASONING },
  { provider: OPENAI, model: REASONS_ALWAYS, drops: [...SAMPLING, "stop"], because: CHAT_REASONING },
  { provider: OPENAI, model: REASONS_IF_ASKED, when: isThinking, drops: SAMPLING, because: GPT_5_1 },
  {
    provider: OPENAI,
    model: REASONS_IF_ASKED,
    drops: ["stop"],
    because: "\"'stop' is not supported with this model\"",
  },
  {
    provider: OPENAI,
    model: /^(gpt-[34]|chatgpt|ft:gpt-[34]|gpt-5.*chat|o1-(mini|preview))/,
    drops: EFFORT,
    because: '"Unrecognized request argument supplied: reasoning_effort": it does not reason, or only as it likes',
  },
  {
    provider: OPENAI,
    model: /^(?!gpt-[5-9])/,
    drops: ["verbosity"],
    because: "https://platform.openai.com/docs/guides/latest-model#verbosity: since GPT-5",
  },
  { provider: OPENAI, model: /^o\d/, efforts: words("low medium high"), because: "o-series: low, medium, high" },
  {
    provider: OPENAI,
    model: /^gpt-5(?!\.\d)/,
    efforts: words("minimal low medium high"),
    because: "https://platform.openai.com/docs/api-reference/chat/create: none came with GPT-5.1",
  },
  {
    provider: OPENAI,
    model: /^gpt-5\.1(?!.*codex-max)/,
    efforts: words("none low medium high"),
    because: "https://platform.openai.com/docs/api-reference/chat/create: no minimal, and xhigh came with codex-max",
  },
  {
    provider: OPENAI,
    model: /^o1-(mini|preview)/,
    drops: words("tools tool_choice parallel_tool_calls response_format"),
    patches: ["systemAsUser"],
    because: "https://platform.openai.com/docs/guides/reasoning: no system messages, tools or formats in the first o1",
  },
  {
    provider: ["groq"],
    drops: words("logprobs top_logprobs logit_bias messages[*].name"),
    because: 'https://console.groq.com/docs/openai: "will result in a 400 error (yikes) if they are supplied"',
  },
  {
    provider: ["groq"],
    model: /^(?!.*(gpt-oss|qwen))/,
    drops: EFFORT,
    because: "https://console.groq.com/docs/reasoning: GPT-OSS and Qwen alone",
  },
  {
    provider: ["groq"],
    model: /gpt-oss/,
    efforts: words("low medium high"),
    because: "https://console.groq.com/docs/reasoning#options-for-reasoning-effort",
  },
  {
    provider: ["groq"],
    model: /qwen/,
    efforts: words("none default"),
    because: "https://console.groq.com/docs/reasoning#options-for-reasoning-effort",
  },
  {
    provider: ["mistral", "codestral"],
    renames: [
      ["seed", "random_seed"],
      ["max_completion_tokens", "max_tokens"],
    ],
    drops: words("stream_options logprobs top_logprobs logit_bias user service_tier store"),
    patches: ["nineCharacterIds", "prefixOfLastAnswer"],
    because:
      'https://docs.mistral.ai/api: unknown members are refused with 422 (extra_forbidden), usage comes unasked, and "Tool call id has to be defined and must be only a-z, A-Z, 0-9 with a length of 9"',
  },
  {
    provider: ["mistral"],
    model: /^(?!.*(magistral|mistral-(small|medium)))/,
    drops: EFFORT,
    because: "https://docs.mistral.ai/capabilities/reasoning",
  },
  {
    provider: ["deepseek"],
    model: /reasoner/,
    drops: words("logprobs top_logprobs"),
    because: "https://api-docs.deepseek.com/guides/reasoning_model: setting logprobs, top_logprobs triggers an error",
  },
  {
    provider: ["deepseek"],
    patches: ["textOnly"],
    because: 'https://api-docs.deepseek.com/api/create-chat-completion: "unknown variant `image_url`, expected `text`"',
  },
  {
    provider: ["deepseek", "zai"],
    patches: ["schemaAsInstruction"],
    because:
      'https://api-docs.deepseek.com/guides/json_mode: json_object only; "This response_format type is unavailable now"',
  },
  {
    provider: ["groq"],
    model: /^(?!.*(gpt-oss|kimi|llama-4))/,
    patches: ["schemaAsInstruction"],
    because: "https://console.groq.com/docs/structured-outputs#supported-models",
  },
  {
    provider: ["deepseek"],
    model: /reasoner/,
    patches: ["forcedToolAsAuto"],
    because: '"deepseek-reasoner does not support this tool_choice"',
  },
  {
    provider: ["moonshot"],
    patches: ["forcedToolAsAuto"],
    because:
      "https://platform.moonshot.ai/docs/guide/migrating-from-openai-to-kimi: tool_choice required is not supported",
  },
  {
    provider: ["xai"],
    model: /^grok-(4|code)/,
    drops: words("presence_penalty frequency_penalty stop"),
    because: 'https://docs.x.ai/docs/models: not supported by reasoning models, "will result in an error"',
  },
  {
    provider: ["xai"],
    model: /^grok-(?!3-mini)/,
    drops: EFFORT,
    because: "https://docs.x.ai/docs/guides/reasoning: grok-3-mini alone takes it",
  },
  {
    provider: ["xai"],
    model: /^grok-3-mini/,
    efforts: words("low high"),
    because: "https://docs.x.ai/docs/guides/reasoning",
  },
  {
    provider: ["ollama"],
    efforts: words("none low medium high"),
    because: "https://docs.ollama.com/openai: \"must be 'high', 'medium', 'low' or 'none'\"",
  },
  {
    provider: ["perplexity"],
    drops: words("tools tool_choice parallel_tool_calls logprobs top_logprobs logit_bias stop seed"),
    because: "https://docs.perplexity.ai/api-reference/chat-completions-post: not among its parameters",
  },
  {
    provider: ["cerebras"],
    drops: words("frequency_penalty presence_penalty logit_bias"),
    because: 'https://inference-docs.cerebras.ai/resources/openai: "will result in a 400 error"',
  },
  {
    provider: words("groq mistral codestral deepseek xai cerebras perplexity fireworks_ai together_ai moonshot"),
    drops: ["verbosity"],
    because: "OpenAI's own; providers that check their input answer 400 or 422",
  },
]

const RESPONSES: readonly Omit<Quirk, "dialect">[] = [
  {
    provider: OPENAI,
    model: REASONS_UNASKED,
    drops: words("temperature top_p top_logprobs"),
    because: CHAT_REASONING,
  },
  { provider: OPENAI, model: REASONS_ALWAYS, drops: words("temperature top_p top_logprobs"), because: CHAT_REASONING },
  {
    provider: OPENAI,
    model: REASONS_IF_ASKED,
    when: isThinking,
    drops: words("temperature top_p top_logprobs"),
    because: GPT_5_1,
  },
  {
    provider: OPENAI,
    model: /^(?!gpt-[5-9])/,
    drops: ["text.verbosity"],
    because: "https://platform.openai.com/docs/guides/latest-model#verbosity: since GPT-5",
  },
]

const ANTHROPIC: readonly Omit<Quirk, "dialect">[] = [
  {
    patches: ["toolForPastCalls"],
    because: '"Requests which include `tool_use` or `tool_result` blocks must define tools"',
  },
  {
    patches: ["noThinkingInPlainLoop"],
    because: '"Expected `thinking` or `redacted_thinking`, but found `tool_use`"',
  },
  {
    model: (model) => (generation(model) ?? 0) >= 4.7,
    patches: ["adaptiveThinking"],
    because:
      "https://platform.claude.com/docs/en/about-claude/models/migration-guide: budget_tokens is refused since Opus 4.7",
  },
  {
    model: (model) => (generation(model) ?? 0) >= 4.7,
    drops: words("temperature top_p top_k"),
    because:
      'https://platform.claude.com/docs/en/about-claude/models/migration-guide: "`temperature` is deprecated for this model."',
  },
  {
    model: takesOneSampler,
    when: ({ temperature }) => typeof temperature === "number",
    drops: ["top_p"],
    because: '"`temperature` and `top_p` cannot both be specified for this model."',
  },
]

const GEMINI: readonly Omit<Quirk, "dialect">[] = [
  {
    provider: ["vertex_ai"],
    patches: ["callsWithoutIds"],
    because: '"Unknown name \\"id\\" at \'contents[1].parts[0].function_call\'": Vertex AI pairs calls by order',
  },
  {
    model: /gemini-(2\.5-pro|[3-9])/,
    drops: words("presence_penalty frequency_penalty"),
    because: '"Penalty is not enabled for models/gemini-2.5-pro"',
  },
  {
    model: /gemma/,
    drops: words("tools toolConfig"),
    patches: ["systemAsUser"],
    because: '"Developer instruction is not enabled for models/gemma-3", and no more is function calling',
  },
]

export const QUIRKS: Readonly<Record<Dialect, readonly Omit<Quirk, "dialect">[]>> = {
  "openai-chat": CHAT,
  "openai-responses": RESPONSES,
  anthropic: ANTHROPIC,
  gemini: GEMINI,
}

/** What an assistant's thinking is called where the provider wants it back in a tool loop. */
export const REASONING_BACK: readonly { provider: readonly string[]; model?: RegExp; name: string; because: string }[] =
  [
    {
      provider: words("deepseek moonshot minimax zai"),
      name: "reasoning_content",
      because: "https://api-docs.deepseek.com/guides/thinking_mode#tool-calls and its followers: 400 without it",
    },
    {
      provider: ["openrouter"],
      name: "reasoning",
      because: "https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning-blocks",
    },
    {
      provider: ["groq"],
      model: /gpt-oss/,
      name: "reasoning",
      because: "https://console.groq.com/docs/reasoning: other models refuse the member",
    },
  ]
