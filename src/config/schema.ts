/**
 * What may stand in the file: LiteLLM's keys, those of LiteLLM Memory Proxy, which came before, and our own under `memproxy`.
 * A table: what the keys do is said where they are used. `told` holds keys that are known and not acted on.
 * Sources: LiteLLM's docs/proxy/configs.md and config_settings.md.
 */

import { Type, type Static, type TProperties, type TSchema } from "typebox"
import type { Hints, Told } from "./validate.ts"

const say =
  (severity: Told["severity"], message: string) =>
  (names: string): Record<string, Told> =>
    Object.fromEntries(
      names
        .trim()
        .split(/\s+/)
        .map((name) => [name, { severity, message }]),
    )

const later = say("note", "read, but nothing in this version acts on it")
const notNeeded = say("note", "not needed: memproxy keeps its data in its own directory")
const elsewhere = say("note", "has no meaning here, ignored")
const unsupported = say("warning", "not supported, ignored")

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

/** In `litellm_params`, what is neither ours nor a parameter of the request. */
export const PARAMS_TOLD: Readonly<Record<string, Told>> = {
  ...later(`max_retries num_retries cooldown_time max_parallel_requests tags tag_regex cache_control_injection_points
        max_budget budget_duration use_in_pass_through fallbacks retry_policy rpd tpd itpm otpm daily_reset_time keepalive_seconds
        timeout_by_service_tier stream_timeout_by_service_tier provider_affinity_header
        merge_reasoning_content_in_choices`),
  ...elsewhere(`configurable_clientside_auth_params litellm_trace_id use_litellm_proxy use_chat_completions_api vector_store_ids
        max_file_size_mb default_api_key_tpm_limit default_api_key_rpm_limit timeout_type ssl_verify`),
  ...unsupported(`aws_role_name aws_session_name aws_web_identity_token aws_sts_endpoint azure_ad_token tenant_id client_id client_secret azure_username azure_password azure_scope region_name
        gcs_bucket_name watsonx_region_name hf_model_name auto_router_config auto_router_default_model prompt_id
        auto_router_config_path auto_router_embedding_model adaptive_router_config adaptive_router_default_model complexity_router_config
        complexity_router_default_model quality_router_config quality_router_default_model
        aws_batch_role_arn aws_bedrock_control_plane_endpoint aws_bedrock_project_id aws_external_id aws_session_tags
        s3_bucket_name s3_region_name s3_access_key_id s3_secret_access_key s3_bucket_owner s3_encryption_key_id s3_endpoint_url s3_output_bucket_name
        token_exchange_audience token_exchange_endpoint token_exchange_profile token_exchange_scope use_xai_oauth chatgpt_auth_file
        openai_identity_provider_id openai_identity_token_file openai_service_account_id anthropic_federation_rule_id anthropic_federation_workspace_id
        anthropic_identity_source anthropic_identity_token anthropic_identity_token_file anthropic_organization_id anthropic_service_account_id
        responses_api_version`),
}

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

export const ModelInfo = object(
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
  { told: later("max_parallel_requests tags blocked") },
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

/** The names both `router_settings` and `litellm_settings` know. */
const ROUTING = `num_retries fallbacks context_window_fallbacks content_policy_fallbacks default_fallbacks allowed_fails cooldown_time
  max_fallbacks retry_after`

export const RouterSettings = object(
  {
    timeout: seconds(),
    stream_timeout: seconds(),
    model_group_alias: mapOf(
      Type.Union([Type.String(), Type.Object({ model: Type.String({ minLength: 1 }), hidden: flag() })]),
    ),
    default_litellm_params: opt(Type.Unknown()),
  },
  {
    told: {
      ...later(`${ROUTING} routing_strategy routing_strategy_args disable_cooldowns retry_policy model_group_retry_policy
        allowed_fails_policy enable_pre_call_checks optional_pre_call_checks enable_tag_filtering tag_filtering_match_any
        provider_budget_config default_max_parallel_requests default_priority polling_interval cache_responses caching_groups
        ignore_invalid_deployments enable_health_check_routing enable_weighted_failover deployment_affinity_ttl_seconds`),
      ...elsewhere(
        "debug_level set_verbose client_ttl router_general_settings assistants_config search_tools guardrail_list",
      ),
      ...unsupported(
        "redis_host redis_port redis_password redis_url redis_db redis_username redis_ssl cache_kwargs alerting_config",
      ),
    },
  },
)

export const LitellmSettings = object(
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
    told: {
      ...later(`${ROUTING} cache max_budget budget_duration extra_spend_tag_headers
        disable_add_user_agent_to_request_tags check_provider_endpoint redact_user_api_key_info
        enable_caching_on_provider_specific_optional_params json_logs set_verbose
        max_end_user_budget upperbound_key_generate_params default_key_generate_params`),
      ...later("otel_exporter otel_endpoint otel_service_name otel_headers"),
      ...notNeeded("database_type database_url store_model_in_db"),
      ...elsewhere(`use_client_cache force_ipv4 telemetry suppress_debug_info turn_off_sentry disable_end_user_cost_tracking
        disable_end_user_cost_tracking_prometheus_only enable_json_schema_validation disable_hf_tokenizer_download
        route_all_chat_openai_to_responses use_chat_completions_url_for_anthropic_messages user_url_validation public_routes
        default_team_params tag_budget_config s3_callback_params langfuse_default_tags token service_callback ssl_verify
        datadog_params prometheus_metrics_config custom_provider_map post_call_rules audio_speech_chunk_size
        network_mock default_redis_ttl default_in_memory_ttl openai_system_message_first add_function_to_prompt priority_reservation`),
      ...unsupported(`mcp_aliases guardrails default_internal_user_params default_team_settings key_generation_settings
        max_internal_user_budget internal_user_budget_duration secret_manager_settings default_vertex_config sso_settings`),
    },
  },
)

export const GeneralSettings = object(
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
    told: {
      ...later(`disable_error_logs maximum_spend_logs_retention_interval maximum_spend_logs_cleanup_cron max_parallel_requests
        global_max_parallel_requests max_request_size_mb max_response_size_mb background_health_checks health_check_interval
        health_check_details health_check_concurrency health_check_ignore_transient_errors pass_through_endpoints user_header_name
        user_header_mappings alerting alerting_threshold alert_types alert_to_webhook_url alerting_args infer_model_from_keys
        use_background_health_checks_for_routing`),
      ...say("note", "always so: what the provider used is asked for on every stream")("always_include_stream_usage"),
      ...notNeeded(`database_url database_connection_pool_limit database_connection_timeout database_type database_args
        store_model_in_db allow_requests_on_db_unavailable use_redis_transaction_buffer proxy_batch_write_at
        proxy_batch_polling_interval proxy_budget_rescheduler_min_time proxy_budget_rescheduler_max_time disable_spend_updates
        disable_prisma_schema_update use_shared_health_check`),
      ...elsewhere(`set_verbose embedding_model image_generation_model moderation_model disable_retry_on_max_parallel_request_limit_error
        disable_reset_budget disable_adding_master_key_hash_to_db enable_public_model_hub ui_access_mode enforce_user_param
        allowed_routes disable_responses_id_security reject_clientside_metadata_tags supported_db_objects disable_model_usage
        allow_client_side_credentials proxy_config coding_agents otel enable_openapi_docs use_x_forwarded_for trusted_proxy_ranges
        block_robots store_audit_logs search_tools spend_report_frequency default_team_disabled pass_through_request_timeout`),
      ...say("warning", "not supported: the ledger always writes a row for every request")("disable_spend_logs"),
      ...unsupported(`allowed_ips public_routes admin_only_routes enable_jwt_auth litellm_jwtauth custom_auth custom_auth_settings
        custom_key_generate custom_sso custom_ui_sso_sign_in_handler enable_oauth2_auth enable_oauth2_proxy_auth oauth2_config_mappings
        key_management_system key_management_settings google_kms use_google_kms use_azure_key_vault use_aws_secret_manager
        control_plane_url role_permissions allowed_email_domains sso enforced_params dynamodb_endpoint`),
    },
  },
)

export const UserIdMappings = object({
  custom_header: text({ pattern: "^\\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+\\s*$", wants: "a header's name" }),
  /** read one by one */
  header_patterns: list(Type.Unknown()),
  default_user_id: text(),
})

export const ContextRetrieval = object({
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
    told: {
      ...unsupported(
        "mcp_servers mcp_tools tool_execution guardrails vector_store_registry prompts policies search_tools agents agent_list",
      ),
      ...later("callback_settings"),
      ...elsewhere(
        "files_settings finetune_settings default_vertex_config assistant_settings litellm_license worker_config",
      ),
    },
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
