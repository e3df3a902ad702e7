/**
 * LiteLLM's keys that are known and not acted on, and what is said about them. A table.
 * Sources: LiteLLM's docs/proxy/configs.md and config_settings.md; of 1.110.2 `ConfigGeneralSettings`, `RouterConfig`, `UpdateRouterConfig`, `GenericLiteLLMParams` and
 * what its proxy reads from `general_settings`; in `litellm_settings` the settings of its module, all of which may stand there.
 */

import type { Told } from "./validate.ts"

type Table = Readonly<Record<string, Told>>

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

/** In `litellm_params`, what is neither ours nor a parameter of the request. */
export const PARAMS_TOLD: Table = {
  ...later(`max_retries num_retries cooldown_time max_parallel_requests tags tag_regex cache_control_injection_points
        max_budget budget_duration use_in_pass_through fallbacks retry_policy rpd tpd itpm otpm daily_reset_time keepalive_seconds
        timeout_by_service_tier stream_timeout_by_service_tier provider_affinity_header
        merge_reasoning_content_in_choices
        allow_client_keepalive_override fedramp_uplift_multiplier regional_endpoint_uplift_multiplier regional_processing_uplift_multiplier_eu
        regional_processing_uplift_multiplier_us`),
  ...elsewhere(`configurable_clientside_auth_params litellm_trace_id use_litellm_proxy use_chat_completions_api vector_store_ids
        max_file_size_mb default_api_key_tpm_limit default_api_key_rpm_limit timeout_type ssl_verify
        allow_legacy_cloud_file_ids fireworks_forward_user_id model_info thought_signature_in_tool_call_id`),
  ...unsupported(`aws_role_name aws_session_name aws_web_identity_token aws_sts_endpoint azure_ad_token tenant_id client_id client_secret azure_username azure_password azure_scope region_name
        gcs_bucket_name watsonx_region_name hf_model_name auto_router_config auto_router_default_model prompt_id
        auto_router_config_path auto_router_embedding_model adaptive_router_config adaptive_router_default_model complexity_router_config
        complexity_router_default_model quality_router_config quality_router_default_model
        aws_batch_role_arn aws_bedrock_control_plane_endpoint aws_bedrock_project_id aws_external_id aws_session_tags
        s3_bucket_name s3_region_name s3_access_key_id s3_secret_access_key s3_bucket_owner s3_encryption_key_id s3_endpoint_url s3_output_bucket_name
        token_exchange_audience token_exchange_endpoint token_exchange_profile token_exchange_scope use_xai_oauth chatgpt_auth_file
        openai_identity_provider_id openai_identity_token_file openai_service_account_id anthropic_federation_rule_id anthropic_federation_workspace_id
        anthropic_identity_source anthropic_identity_token anthropic_identity_token_file anthropic_organization_id anthropic_service_account_id
        responses_api_version
        anthropic_disable_workload_identity_federation anthropic_issuer_audience anthropic_issuer_signing_key_ref anthropic_issuer_subject
        anthropic_issuer_ttl_seconds anthropic_issuer_url anthropic_keycloak_auth_method anthropic_keycloak_client_id anthropic_keycloak_client_secret_ref
        anthropic_keycloak_scope anthropic_keycloak_token_url auto_router_max_input_chars auto_router_model_compression auto_router_routing_compression
        bedrock_tags bucket_name embedding_model index_name kubernetes_pod_discovery milvus_db_name milvus_partition_names milvus_text_field
        output_vector_size switchyard_router_config valkey_embedding_field valkey_host valkey_password valkey_port valkey_ssl valkey_text_field
        vector_bucket_name vector_store_id`),
}

/** The names both `router_settings` and `litellm_settings` know. */
const ROUTING = `num_retries fallbacks context_window_fallbacks content_policy_fallbacks default_fallbacks allowed_fails cooldown_time
  max_fallbacks retry_after`

export const ROUTER_TOLD: Table = {
  ...later(`${ROUTING} routing_strategy routing_strategy_args disable_cooldowns retry_policy model_group_retry_policy
        allowed_fails_policy enable_pre_call_checks optional_pre_call_checks enable_tag_filtering tag_filtering_match_any
        provider_budget_config default_max_parallel_requests default_priority polling_interval cache_responses caching_groups
        ignore_invalid_deployments enable_health_check_routing enable_weighted_failover deployment_affinity_ttl_seconds
        enable_pre_call_check fallback_on_unsupported_params max_retries model_group_affinity_config routing_groups tag_routing_prefix weights`),
  ...elsewhere(
    "debug_level set_verbose client_ttl router_general_settings assistants_config search_tools guardrail_list",
  ),
  ...unsupported(
    "redis_host redis_port redis_password redis_url redis_db redis_username redis_ssl cache_kwargs alerting_config",
  ),
}

export const LITELLM_TOLD: Table = {
  ...later(`${ROUTING} cache max_budget budget_duration extra_spend_tag_headers
        disable_add_user_agent_to_request_tags check_provider_endpoint redact_user_api_key_info
        enable_caching_on_provider_specific_optional_params json_logs set_verbose
        max_end_user_budget upperbound_key_generate_params default_key_generate_params
        add_user_information_to_llm_headers allow_dynamic_callback_disabling anthropic_beta_headers_url anthropic_messages_estimate_initial_input_tokens
        anthropic_prompt_caching_ttl anthropic_sse_ping_interval_seconds argilla_batch_size argilla_transformation_object audit_log_callbacks
        aws_sqs_callback_params batch_line_item_callbacks blog_posts_url budget_reset_time budget_rollover caching callback_settings
        cold_storage_custom_logger custom_prometheus_metadata_labels custom_prometheus_tags datadog_llm_observability_params datadog_use_v1
        default_key_max_budget_alert_emails default_redis_batch_cache_expiry disable_anthropic_gemini_context_caching_transform disable_streaming_logging
        enable_anthropic_prompt_caching enable_end_user_cost_tracking_prometheus_only enable_gemini_default_thinking_level_low gemini_include_thoughts_default
        gemini_live_defer_setup generic_logger_headers global_disable_no_log_param include_cost_in_streaming_usage input_callback
        langfuse_enable_update_trace_keys langsmith_batch_size log_auth_failure_key_identity log_client_error_tracebacks log_raw_request_response
        max_end_user_budget_id max_tokens model_cost_map_url newrelic_params num_retries_per_request openai_system_messages_first otel_tenant_destination_mode
        overwrite_user_with_key_hash pointfive_params priority_reservation_settings prometheus_deployment_and_latency_caller_identity
        prometheus_emit_input_sequence_length_label prometheus_emit_rate_limit_labels prometheus_emit_stream_label
        prometheus_end_user_metrics_cleanup_interval_seconds prometheus_end_user_metrics_max_series_per_metric prometheus_end_user_metrics_ttl_seconds
        prometheus_exclude_labels prometheus_exclude_metrics prometheus_initialize_budget_metrics prometheus_latency_buckets
        prometheus_metrics_cleanup_interval_seconds prometheus_metrics_max_series_per_metric prometheus_metrics_ttl_seconds
        prometheus_user_budget_label_include_email_alias reasoning_auto_summary reasoning_effort_rounding redact_messages_in_exceptions
        request_correlation_in_logs responses retry return_response_headers s3_audit_callback_params sse_keepalive_ping_interval_seconds
        standard_logging_payload_excluded_fields store_audit_logs strip_anthropic_total_tokens zerobus_params`),
  ...later("otel_exporter otel_endpoint otel_service_name otel_headers"),
  ...notNeeded("database_type database_url store_model_in_db"),
  ...elsewhere(`use_client_cache force_ipv4 telemetry suppress_debug_info turn_off_sentry disable_end_user_cost_tracking
        disable_end_user_cost_tracking_prometheus_only enable_json_schema_validation disable_hf_tokenizer_download
        route_all_chat_openai_to_responses use_chat_completions_url_for_anthropic_messages user_url_validation public_routes
        default_team_params tag_budget_config s3_callback_params langfuse_default_tags token service_callback service_callbacks ssl_verify
        datadog_params prometheus_metrics_config custom_provider_map post_call_rules audio_speech_chunk_size
        network_mock default_redis_ttl default_in_memory_ttl openai_system_message_first add_function_to_prompt priority_reservation
        agent_search_embedding_model aiohttp_trust_env apply_search_free_tier autorouter_presets_url bedrock_neutralize_orphaned_tool_blocks
        bedrock_request_metadata_fields disable_add_prefix_to_prompt disable_add_transform_inline_image_block disable_aiohttp_transport
        disable_aiohttp_trust_env disable_copilot_system_to_assistant disable_stop_sequence_limit disable_token_counter
        disable_vertex_batch_output_transformation dynamodb_table_name email enable_loadbalancing_on_batch_endpoints enable_model_config_credential_overrides
        enable_preview_features enable_redis_auth_cache expose_router_debug_in_errors filter_invalid_headers force_redis_hash_tag_grouping gcs_pub_sub_use_v1
        generic_api_use_v1 http2 personal_key_model_access_from_teams public_agent_groups public_model_groups public_model_groups_links public_skills_index
        safe_memory_mode skill_search_embedding_model suppress_startup_output use_aiohttp_transport use_client use_litellm_proxy`),
  ...unsupported(`mcp_aliases guardrails default_internal_user_params default_team_settings key_generation_settings
        max_internal_user_budget internal_user_budget_duration secret_manager_settings default_vertex_config sso_settings
        ai21_key aleph_alpha_key amazon_nova_api_key anthropic_key api_base api_key api_version azure_content_safety_params azure_key banned_keywords_list
        baseten_key block_requests_for_models_without_pricing blocked_user_list budget_exceeded_status_code budget_exceeded_throttle_percentage bytez_key
        clarifai_key cloudflare_api_key cohere_key cometapi_key common_cloud_provider_auth_params custom_prompt_dict databricks_key datarobot_key
        default_max_internal_user_budget default_soft_budget enable_azure_ad_token_refresh enable_key_alias_format_validation gdc_api_base gdc_key
        gigachat_key global_bitbucket_config global_gitlab_config global_prompt_directory google_moderation_confidence_threshold gradient_ai_api_key groq_key
        heroku_key huggingface_key inception_key infinity_key key_alias_pattern lemonade_key llama_api_key llamaguard_model_name
        llamaguard_unsafe_content_categories llm_guard_mode maritalk_key max_ui_session_budget max_user_budget mcp_semantic_tool_filter mcp_tool_search
        model_alias_map model_fallbacks nebius_key nlp_cloud_key novita_api_key ollama_key openai_key openai_like_key openai_moderations_model_name
        openrouter_key organization output_parse_pii ovhcloud_key pre_call_rules predibase_key predibase_tenant_id presidio_ad_hoc_recognizers
        presidio_logging_only project prompt_injection_params provider_url_destination_allowed_hosts proxy_auth public_mcp_hub_strict_whitelist
        public_mcp_servers replicate_key require_auth_for_metrics_endpoint require_managed_files sap_service_key scim_admin_group scim_upsert_user
        skip_system_message_in_guardrail skip_tool_message_in_guardrail snowflake_key ssl_certificate ssl_ecdh_curve ssl_security_level togetherai_api_key
        user_url_allowed_hosts validate_end_user_id_in_db vector_store_registry vector_store_search_failure_mode vercel_ai_gateway_key
        vertex_ai_safety_settings vertex_location vertex_project wandb_key websearch_interception_params xai_key`),
}

export const GENERAL_TOLD: Table = {
  ...later(`disable_error_logs maximum_spend_logs_retention_interval maximum_spend_logs_cleanup_cron max_parallel_requests
        global_max_parallel_requests max_request_size_mb max_response_size_mb background_health_checks health_check_interval
        health_check_details health_check_concurrency health_check_ignore_transient_errors pass_through_endpoints user_header_name
        user_header_mappings alerting alerting_threshold alert_types alert_to_webhook_url alerting_args infer_model_from_keys
        use_background_health_checks_for_routing
        admission_queue_timeout_seconds alert_type_config background_health_check_model_groups cancel_on_disconnect disable_fallbacks_on_per_model_rate_limits
        disable_model_info_refresh disable_requester_ip_address_logging enable_health_check_routing enable_openai_websocket_passthrough
        expose_fallback_errors_to_caller health_check_skip_disabled_background_models health_check_staleness_threshold include_call_id_in_error_body
        max_in_flight_requests_per_worker max_queued_requests_per_worker maximum_autorouter_session_retention_period maximum_daily_tag_spend_retention_period
        maximum_health_check_retention_period maximum_spend_logs_cleanup_batch_size maximum_spend_logs_cleanup_batch_timeout
        maximum_spend_logs_cleanup_max_batches maximum_spend_logs_cleanup_run_budget maximum_spend_logs_cleanup_target_size maximum_spend_logs_size
        maximum_spend_logs_size_check_interval missing_session_id model_list_healthy_only request_tag_mappings responses_websocket_session_limit_seconds
        return_wildcard_routes spend_capture_rate_check spend_logs_metadata_fields spend_logs_prompt_storage`),
  ...say("note", "always so: what the provider used is asked for on every stream")("always_include_stream_usage"),
  ...notNeeded(`database_url database_connection_pool_limit database_connection_timeout database_type database_args
        store_model_in_db allow_requests_on_db_unavailable use_redis_transaction_buffer proxy_batch_write_at
        proxy_batch_polling_interval proxy_budget_rescheduler_min_time proxy_budget_rescheduler_max_time disable_spend_updates
        disable_prisma_schema_update use_shared_health_check
        coordination_redis database_connect_timeout database_connection_pool_timeout database_disable_prepared_statements database_extra_connection_params
        database_max_idle_connection_lifetime database_socket_timeout proxy_config_reload_interval_seconds scheduled_job_stagger use_spend_logs_ledger
        use_spend_logs_partitioning user_api_key_cache_max_size user_api_key_cache_ttl`),
  ...elsewhere(`set_verbose embedding_model image_generation_model moderation_model disable_retry_on_max_parallel_request_limit_error
        disable_reset_budget disable_adding_master_key_hash_to_db enable_public_model_hub ui_access_mode enforce_user_param
        allowed_routes disable_responses_id_security reject_clientside_metadata_tags supported_db_objects disable_model_usage
        allow_client_side_credentials proxy_config coding_agents otel enable_openapi_docs use_x_forwarded_for trusted_proxy_ranges
        block_robots store_audit_logs search_tools spend_report_frequency default_team_disabled pass_through_request_timeout
        allow_cli_sso_verification_uri_complete allow_public_health_readiness_details allow_unmanaged_response_ids apply_user_budget_to_team_keys
        auto_redirect_ui_login_to_sso claude_code_gateway_managed_settings claude_code_marketplace_auth_required custom_team_metadata_validate
        disable_auto_add_proxy_admin_to_teams disable_batch_input_file_rate_limiting disable_bedrock_agent_runtime_passthrough
        disable_key_generate_for_org_admin disable_master_key_return litellm_license use_client_credentials_pass_through_routes drain_endpoint_token enable_claude_code_gateway enable_drain_endpoint
        hide_default_credentials_hint max_batch_file_records max_batch_file_size_mb max_batch_file_uploads_per_day max_file_downloads_per_minute
        max_file_size_mb passthrough_managed_object_ids self_serve_budget_policy skip_batch_input_file_rate_limiting_for_models
        skip_batch_input_file_rate_limiting_for_providers team_metadata_schema team_metadata_validation_error_message team_metadata_validation_timeout tracing
        track_unmanaged_batch_cost transcribe_media_buckets use_team_public_model_name user_mcp_management_mode vertex_ai_pass_through_drop_anthropic_betas`),
  ...say("warning", "not supported: the ledger always writes a row for every request")("disable_spend_logs"),
  ...unsupported(`allowed_ips public_routes admin_only_routes enable_jwt_auth litellm_jwtauth custom_auth custom_auth_settings
        custom_key_generate custom_sso custom_ui_sso_sign_in_handler enable_oauth2_auth enable_oauth2_proxy_auth oauth2_config_mappings
        key_management_system key_management_settings google_kms use_google_kms use_azure_key_vault use_aws_secret_manager
        control_plane_url role_permissions allowed_email_domains sso enforced_params dynamodb_endpoint
        agent_access_default_deny allow_user_auth allowed_client_side_s3_buckets allowed_client_side_s3_endpoint_urls allowed_file_extensions
        blocked_file_extensions custom_auth_run_common_checks custom_key_policy custom_key_update dangerously_permit_weak_or_unset_master_key
        disable_budget_reservation disable_custom_api_keys disable_env_credential_login disable_password_login_when_sso_enabled enable_mcp_registry
        enable_oauth enforce_fallback_model_access enforce_rbac fail_closed_budget_enforcement fail_closed_rate_limit_enforcement failed_login_block_seconds
        failed_login_window_seconds max_failed_login_attempts_per_source max_failed_login_attempts_per_source_overrides mcp_advertised_versions
        mcp_allow_all_keys_respects_mcp_scope mcp_allowed_clients mcp_client_id_header mcp_client_side_auth_header_name mcp_disabled_capabilities
        mcp_internal_ip_ranges mcp_prefer_client_id_metadata_document mcp_require_explicit_server_scope mcp_required_fields mcp_session_token_signing
        mcp_trusted_proxy_ranges mcp_xff_num_trusted_hops oauth password_policy_check_breached_passwords password_policy_min_length
        password_policy_require_lowercase password_policy_require_numbers password_policy_require_special_characters password_policy_require_uppercase plugins
        provider_url_destination_allowed_hosts require_end_user_mcp_access_defined require_key_mcp_access_defined search_tool_deny_by_default
        service_account_settings skill_scanner token_rate_limit_type user_url_allowed_hosts user_url_validation vector_store_deny_by_default`),
}

/** Beside the blocks. */
export const FILE_TOLD: Table = {
  ...unsupported(
    `mcp_servers mcp_tools tool_execution guardrails vector_store_registry prompts policies search_tools agents agent_list
        plugins policy_attachments sandbox_tools`,
  ),
  ...later("callback_settings pass_through_endpoints"),
  ...elsewhere(
    `files_settings finetune_settings default_vertex_config assistant_settings litellm_license worker_config
        worker_registry`,
  ),
}

/** Beside `litellm_params`. */
export const MODEL_TOLD: Table = later("max_parallel_requests tags blocked")
