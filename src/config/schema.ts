/**
 * What may stand in the file: LiteLLM's keys, those of LiteLLM Memory Proxy, which came before, and our own under `memproxy`.
 * A table: what the keys do is said where they are used. Those that are known and not acted on are `litellm-keys.ts`'s.
 */

import { Type, type Static, type TProperties, type TSchema } from "typebox"
import { FILE_TOLD, GENERAL_TOLD, LITELLM_TOLD, MODEL_TOLD, PARAMS_TOLD, ROUTER_TOLD } from "./litellm-keys.ts"
import type { Hints } from "./validate.ts"

const hints = (more: Hints): Hints => more
const opt = <T extends TSchema>(schema: T) => Type.Optional(schema)
const text = (more: Hints & { pattern?: string } = {}) => opt(Type.String({ minLength: 1, ...more }))
const flag = () => opt(Type.Boolean())
const list = <T extends TSchema>(items: T) => opt(Type.Array(items))
const texts = () => list(Type.String())
const seconds = () => opt(Type.Number({ minimum: 0.001, wants: "a number of seconds above 0" }))
const count = (minimum = 0) => opt(Type.Integer({ minimum, wants: `a whole number, ${minimum} or more` }))
const amount = () => opt(Type.Number({ minimum: 0, wants: "a number, 0 or more" }))
const object = <P extends TProperties>(properties: P, more: Hints = {}) => opt(Type.Object(properties, { ...more }))
/** A map of free names to values of one type. */
const mapOf = <T extends TSchema>(values: T) =>
  opt(
    Type.Unsafe<Record<string, Static<T>>>({
      type: "object",
      properties: {},
      ...hints({ open: true }),
      additionalProperties: values,
    }),
  )
const duration = () =>
  text({
    loose: true,
    pattern: "^[0-9]+(\\.[0-9]+)? ?(s|m|h|d|w|mo)?$",
    wants: 'a time like "90d" (s, m, h, d, w, mo; a bare number is days)',
  })
const url = () => text({ pattern: "^https?://[^\\s/?#]", wants: "an address that begins with http:// or https://" })

/** For one model, or in `litellm_settings` for all. */
const FITTING = {
  drop_params: flag(),
  modify_params: flag(),
  allowed_openai_params: texts(),
  additional_drop_params: texts(),
}

export const LitellmParams = Type.Object(
  {
    model: Type.String({ minLength: 1 }),
    api_key: opt(Type.String()),
    api_base: url(),
    base_url: url(),
    api_version: text({ loose: true }),
    custom_llm_provider: text(),
    organization: opt(Type.Union([Type.String(), Type.Array(Type.String())])),
    extra_headers: mapOf(Type.String({ loose: true })),
    mock_response: opt(Type.String({ loose: true })),
    timeout: seconds(),
    stream_timeout: seconds(),
    rpm: amount(),
    tpm: amount(),
    weight: amount(),
    order: count(),
    ...FITTING,
    vertex_project: text({ loose: true }),
    vertex_location: text(),
    vertex_credentials: opt(Type.Unknown()),
    vertex_ai_project: text({ loose: true }), // as LiteLLM's older guides write the three
    vertex_ai_location: text(),
    vertex_ai_credentials: opt(Type.Unknown()),
    aws_access_key_id: opt(Type.String()),
    aws_secret_access_key: opt(Type.String()),
    aws_session_token: opt(Type.String()),
    aws_region_name: text(),
    aws_profile_name: text(),
    aws_bedrock_runtime_endpoint: url(),
    litellm_credential_name: text(),
  },
  {
    open: true,
    told: PARAMS_TOLD,
  },
)

const ModelInfo = object(
  {
    id: text({ loose: true }),
    mode: text(),
    base_model: text(),
  },
  { open: true },
)

export const ModelEntry = Type.Object(
  {
    model_name: Type.String({ minLength: 1 }),
    litellm_params: LitellmParams,
    model_info: ModelInfo,
    rpm: amount(),
    tpm: amount(),
  },
  { told: MODEL_TOLD },
)

export const Credential = Type.Object({
  credential_name: Type.String({ minLength: 1 }),
  credential_values: Type.Unknown(),
  credential_info: opt(Type.Unknown()),
})

export const HeaderPatternEntry = Type.Object({
  header: Type.String({ minLength: 1 }),
  pattern: Type.String({ minLength: 1 }),
  user_id: Type.String({
    minLength: 1,
    pattern: "^[^\\s\\u0000-\\u001f\\u007f]+$",
    wants: "a name without spaces or control characters",
  }),
})

const RouterSettings = object(
  {
    timeout: seconds(),
    stream_timeout: seconds(),
    model_group_alias: mapOf(
      Type.Union([Type.String(), Type.Object({ model: Type.String({ minLength: 1 }), hidden: flag() })]),
    ),
    default_litellm_params: opt(Type.Unknown()),
  },
  {
    told: ROUTER_TOLD,
  },
)

const LitellmSettings = object(
  {
    master_key: opt(Type.String({ loose: true })),
    request_timeout: seconds(),
    ...FITTING,
    turn_off_message_logging: flag(),
    forward_traceparent_to_llm_provider: flag(),
    cost_discount_config: mapOf(Type.Number({ minimum: 0, maximum: 1, wants: "a part between 0 and 1" })),
    cost_margin_config: mapOf(
      Type.Union([Type.Number(), Type.Object({ percentage: opt(Type.Number()), fixed_amount: opt(Type.Number()) })]),
    ),
    cache_params: opt(Type.Object({ type: text() }, { open: true })),
    model_group_settings: object({ forward_client_headers_to_llm_api: texts() }),
    otel: flag(),
    success_callback: texts(),
    failure_callback: texts(),
    callbacks: texts(),
  },
  {
    told: LITELLM_TOLD,
  },
)

const GeneralSettings = object(
  {
    master_key: opt(Type.String({ loose: true })),
    litellm_key_header_name: text({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", wants: "a header's name" }),
    completion_model: text(),
    store_prompts_in_spend_logs: flag(),
    maximum_spend_logs_retention_period: duration(),
    forward_client_headers_to_llm_api: flag(),
    forward_llm_provider_auth_headers: flag(),
    forward_openai_org_id: flag(),
  },
  {
    told: GENERAL_TOLD,
  },
)

const UserIdMappings = object({
  custom_header: text({ pattern: "^\\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+\\s*$", wants: "a header's name" }),
  /** read one by one */
  header_patterns: list(Type.Unknown()),
  default_user_id: text(),
})

const ContextRetrieval = object({
  enabled: flag(),
  api_key: opt(Type.String()),
  base_url: url(),
  max_context_length: opt(
    Type.Integer({ minimum: 100, maximum: 100_000, wants: "a number of characters from 100 to 100000" }),
  ),
  query_strategy: opt(Type.Enum(["last_user", "first_user", "all_user", "last_assistant"])),
  injection_strategy: opt(Type.Enum(["system", "user_prefix", "user_suffix", "dual"])),
  container_tag: text(),
  max_results: opt(Type.Integer({ minimum: 1, maximum: 20, wants: "a whole number from 1 to 20" })),
  timeout: opt(Type.Number({ minimum: 1, maximum: 60, wants: "a number of seconds from 1 to 60" })),
  enabled_for_models: texts(),
  disabled_for_models: texts(),
})

export const Memproxy = object({
  host: opt(
    Type.String({
      pattern: "^[0-9A-Za-z._:%\\[\\]-]+$",
      wants: "an address or host name to listen on, like 127.0.0.1",
    }),
  ),
  port: opt(Type.Integer({ minimum: 0, maximum: 65_535, wants: "a port number from 0 to 65535" })),
  data_dir: text({ loose: true }),
  allowed_hosts: texts(),
  allowed_origins: texts(),
  media_hosts: texts(),
  idle_timeout: opt(Type.Integer({ minimum: 1, wants: "a whole number of seconds, 1 or more" })),
  memory: object(
    {
      engine: opt(
        Type.Enum(["local", "supermemory", "off"], { ...hints({ booleans: { true: "local", false: "off" } }) }),
      ),
      scope: opt(Type.Enum(["user", "project"])),
      max_tokens: count(1),
      remember: flag(),
      holdout: opt(Type.Number({ minimum: 0, maximum: 1, wants: "a share from 0 to 1, like 0.05" })),
      timeout: opt(Type.Number({ minimum: 0.001, maximum: 60, wants: "a number of seconds from 0.001 to 60" })),
    },
    { booleans: { true: { engine: "local" }, false: { engine: "off" } } },
  ),
  judge: object({
    model: opt(Type.String({ minLength: 1, wants: "the name of a model of model_list" })),
    sample: opt(Type.Number({ minimum: 0, maximum: 1, wants: "a share from 0 to 1, like 0.05" })),
    budget_usd_per_day: opt(Type.Number({ minimum: 0, wants: "an amount of US dollars, 0 or more" })),
  }),
  supermemory: object({ api_key: opt(Type.String()), base_url: url(), router_base_url: url() }),
  logging: object({
    bodies: opt(Type.Enum(["off", "redacted", "full"], { ...hints({ booleans: { true: "redacted", false: "off" } }) })),
    retention: duration(),
  }),
  telemetry: object({ endpoint: url(), headers: mapOf(Type.String({ loose: true })), service_name: text() }),
})

/** The settings beside `model_list`, which is read entry by entry. */
export const ConfigFile = Type.Object(
  {
    general_settings: GeneralSettings,
    router_settings: RouterSettings,
    litellm_settings: LitellmSettings,
    user_id_mappings: UserIdMappings,
    context_retrieval: ContextRetrieval,
    memproxy: Memproxy,
  },
  {
    told: FILE_TOLD,
  },
)

export type ConfigFile = Static<typeof ConfigFile>
export type ModelEntry = Static<typeof ModelEntry>

/** Request parameters that clients and providers know: in `litellm_params` they are defaults for the request. */
export const REQUEST_PARAMS: ReadonlySet<string> = new Set(
  `temperature top_p top_k min_p max_tokens max_completion_tokens max_output_tokens n stop stop_sequences stream stream_options seed user
  presence_penalty frequency_penalty repetition_penalty logit_bias logprobs top_logprobs response_format tools tool_choice
  parallel_tool_calls functions function_call reasoning_effort reasoning thinking think enable_thinking thinking_budget verbosity
  web_search_options metadata service_tier store modalities audio prediction dimensions encoding_format input_type include text
  truncation instructions system system_instruction generationConfig generation_config safety_settings safetySettings extra_body
  num_ctx num_predict keep_alive chat_template_kwargs provider providers transforms models plugins route anthropic_beta
  context_management cache_control safety_identifier prompt_cache_key prompt_cache_retention best_of echo suffix mirostat
  output_config speed mcp_servers container betas`.split(/\s+/),
)
