/** Files as people have them: LiteLLM's of several kinds, and the Python project's with every key it knew. */

import { describe, expect, test } from "bun:test"
import { brief, configOf, errors, load, withText } from "./read-text.ts"

const SEED = `general_settings:
  master_key: sk-seed-master-key-1
  forward_openai_org_id: true
  forward_client_headers_to_llm_api: true
  database_url: os.environ/DATABASE_URL
  database_connection_pool_limit: 100
  store_model_in_db: true
  store_prompts_in_spend_logs: true
  set_verbose: false
user_id_mappings:
  custom_header: X-Memory-User-Id
  header_patterns:
    - { header: user-agent, pattern: "^OpenAIClientImpl/Java", user_id: pycharm-ai-chat }
    - { header: user-agent, pattern: "^Claude Code", user_id: claude-cli }
  default_user_id: default-dev
model_list:
  - model_name: claude-sonnet-4.5
    litellm_params:
      model: anthropic/claude-sonnet-4-5-20250929
      api_base: https://api.supermemory.ai/v3/api.anthropic.com
      api_key: os.environ/ANTHROPIC_API_KEY
      custom_llm_provider: anthropic
      extra_headers: { x-supermemory-api-key: os.environ/SUPERMEMORY_API_KEY }
      thinking: { type: enabled, budget_tokens: 4096 }
      timeout: 600
      max_retries: 2
      stream_timeout: 60
      web_search_options: { search_context_size: medium }
    model_info: { description: Sonnet }
  - model_name: gpt-5-pro
    litellm_params: { model: openai/gpt-5-pro, api_key: os.environ/OPENAI_API_KEY, reasoning_effort: high }
mcp_servers:
  supermemory: { transport: sse, url: "https://mcp.supermemory.ai/sse", auth_type: bearer }
  files: { transport: stdio, command: npx, args: [-y, server], env: { A: b } }
context_retrieval:
  enabled: true
  api_key: os.environ/SUPERMEMORY_API_KEY
  base_url: https://api.supermemory.ai/
  query_strategy: last_user
  injection_strategy: dual
  container_tag: supermemory
  max_context_length: 4000
  max_results: 5
  timeout: 10.0
  enabled_for_models: [claude-sonnet-4.5]
tool_execution:
  enabled: true
  max_iterations: 10
  timeout_per_tool: 30.0
  supermemory_api_key: os.environ/SUPERMEMORY_API_KEY
litellm_settings:
  database_type: prisma
  database_url: os.environ/DATABASE_URL
  store_model_in_db: true
  success_callback: [postgres]
  failure_callback: [postgres]
  otel: true
  otel_exporter: otlp_http
  otel_endpoint: http://localhost:4318/v1/traces
  otel_service_name: litellm-proxy
  otel_headers: ""
  cache: true
  cache_params: { type: redis, host: localhost, port: 6379, password: os.environ/REDIS_PASSWORD, ttl: 3600 }
  mcp_aliases: { memory: supermemory }
  set_verbose: false
  json_logs: true
  drop_params: true
  forward_traceparent_to_llm_provider: true
  use_client_cache: true
`

test("the Python project's file loads with every key it knew: no error, nothing unknown", () => {
  const { config, findings } = load(SEED, {
    env: { ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "o", SUPERMEMORY_API_KEY: "sm" },
  })
  expect(errors(findings)).toEqual([])
  expect(withText(findings, "unknown key")).toEqual([])
  expect(
    withText(findings, "not supported")
      .map((f) => f.path)
      .sort(),
  ).toEqual([
    "litellm_settings.cache_params",
    "litellm_settings.failure_callback",
    "litellm_settings.mcp_aliases",
    "litellm_settings.success_callback",
    "mcp_servers",
    "tool_execution",
  ])
  expect(config).toMatchObject({
    forwardClientHeaders: "all",
    forwardOrganization: true,
    forwardTraceparent: true,
    users: { customHeader: "x-memory-user-id", defaultUserId: "default-dev" },
    memory: { engine: "supermemory", maxTokens: 1000 },
    logging: { bodies: "redacted" },
    supermemory: { base: "https://api.supermemory.ai" },
  })
  expect(config?.deployments).toMatchObject([
    {
      name: "claude-sonnet-4.5",
      provider: "anthropic",
      router: true,
      missing: null,
      timeoutMs: 600_000,
      streamTimeoutMs: 60_000,
    },
    { name: "gpt-5-pro", provider: "openai", router: false, params: { reasoning_effort: "high" } },
  ])
  expect(config?.deployments[0]?.params).toMatchObject({
    thinking: { type: "enabled", budget_tokens: 4096 },
    web_search_options: { search_context_size: "medium" },
  })
  expect(config?.users.patterns.map((p) => p.userId)).toEqual(["pycharm-ai-chat", "claude-cli"])
})

test("without Supermemory's key only the models behind its router are disabled", () => {
  const { config } = load(SEED, { env: { ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "o" } })
  expect(config?.deployments.map((d) => d.missing)).toEqual(["SUPERMEMORY_API_KEY", null])
})

describe("LiteLLM's files", () => {
  const files: [string, string, string[]][] = [
    [
      "wildcards",
      `model_list:
  - { model_name: "anthropic/*", litellm_params: { model: "anthropic/*", api_key: k } }
  - { model_name: "fo::*:static::*", litellm_params: { model: "openai/fo::*:static::*", api_key: k } }
  - { model_name: "*", litellm_params: { model: "openrouter/*", api_key: k } }
litellm_settings: { check_provider_endpoint: true }
`,
      ["anthropic/*", "fo::*:static::*", "*"],
    ],
    [
      "fallbacks and routing",
      `model_list:
  - { model_name: gpt-4o, litellm_params: { model: azure/gpt-4o-eu, api_base: https://eu.openai.azure.com/, api_key: k, rpm: 6 } }
  - { model_name: gpt-4o, litellm_params: { model: azure/gpt-4o-ca, api_base: https://ca.openai.azure.com/, api_key: k2, rpm: 60 } }
  - { model_name: backup, litellm_params: { model: groq/llama-3.3-70b-versatile, api_key: k } }
router_settings:
  routing_strategy: usage-based-routing-v2
  num_retries: 2
  timeout: 30
  allowed_fails: 3
  cooldown_time: 30
  fallbacks: [{ gpt-4o: [backup] }]
  context_window_fallbacks: [{ gpt-4o: [backup] }]
  model_group_alias: { gpt-4: gpt-4o }
  redis_host: os.environ/REDIS_HOST
  redis_password: os.environ/REDIS_PASSWORD
litellm_settings: { num_retries: 3, request_timeout: 10, fallbacks: [], drop_params: True, cache: True, cache_params: { type: local } }
`,
      ["gpt-4o", "gpt-4o", "backup"],
    ],
    [
      "database and interface settings",
      `model_list:
  - { model_name: m, litellm_params: { model: openai/my-model, api_base: http://localhost:8000/v1, api_key: none } }
general_settings:
  master_key: sk-not-that-known-9
  database_url: "postgresql://u:p@h:5432/db"
  database_connection_pool_limit: 10
  proxy_batch_write_at: 60
  store_model_in_db: True
  alerting: [slack]
  alerting_threshold: 300
  background_health_checks: true
  health_check_interval: 300
  always_include_stream_usage: true
  user_header_name: X-OpenWebUI-User-Id
  maximum_spend_logs_retention_period: "30d"
litellm_settings: { set_verbose: False, json_logs: true, callbacks: [prometheus, otel], turn_off_message_logging: true }
`,
      ["m"],
    ],
    [
      "mixed providers, two of them clouds",
      `model_list:
  - { model_name: a, litellm_params: { model: vertex_ai/gemini-2.5-pro, vertex_project: p, vertex_location: us-central1, vertex_credentials: /sa.json } }
  - { model_name: b, litellm_params: { model: bedrock/anthropic.claude-v2, aws_region_name: us-east-1 } }
  - { model_name: c, litellm_params: { model: gemini/gemini-2.5-flash, api_key: k } }
  - { model_name: d, litellm_params: { model: text-embedding-3-small, api_key: k }, model_info: { mode: embedding } }
`,
      ["a", "b", "c", "d"],
    ],
    [
      "older spellings of Vertex AI's keys, and what LiteLLM itself reads",
      `model_list:
  - { model_name: a, litellm_params: { model: vertex_ai/claude-sonnet-4-5, vertex_ai_project: p, vertex_ai_location: us-east5, vertex_ai_credentials: /sa.json } }
  - { model_name: b, litellm_params: { model: openai/x, api_key: k, s3_bucket_name: b, rpd: 100, aws_batch_role_arn: r, token_exchange_scope: s } }
`,
      ["a", "b"],
    ],
    [
      "what LiteLLM added of late",
      `general_settings: { max_in_flight_requests_per_worker: 8, database_socket_timeout: 3, spend_logs_metadata_fields: [a], mcp_allowed_clients: [b], password_policy_min_length: 9 }
router_settings: { routing_groups: [], weights: {}, max_retries: 2, tag_routing_prefix: x }
litellm_settings: { budget_reset_time: "09:00", prometheus_exclude_labels: [a], sse_keepalive_ping_interval_seconds: 5, ssl_certificate: a.pem, http2: true }
policy_attachments: []
model_list:
  - model_name: m
    litellm_params: { model: openai/x, api_key: k, allow_client_keepalive_override: true, kubernetes_pod_discovery: true, valkey_port: 1, anthropic_keycloak_scope: s }
`,
      ["m"],
    ],
    [
      "prices, tags and limits",
      `model_list:
  - model_name: m
    litellm_params: { model: deepseek/deepseek-chat, api_key: k, tags: [free], max_parallel_requests: 5, order: 1, input_cost_per_token: 0.0000006 }
    model_info: { id: ds-1, base_model: deepseek-chat, max_input_tokens: 64000, supported_environments: [production], access_groups: [x], cache_read_input_token_cost: "1e-8" }
    tpm: 100000
`,
      ["m"],
    ],
  ]
  test.each(files)("%s: everything is known, what can be served is", (_, text, names) => {
    const { config, findings } = load(text)
    expect(withText(findings, "unknown key")).toEqual([])
    expect(config?.deployments.map((d) => d.name)).toEqual(names)
    expect(withText(findings, "sent to the provider")).toEqual([])
    expect(errors(findings).every((f) => f.message.includes("not supported"))).toBe(true)
  })

  test("Vertex AI's project and location are found in either spelling", () => {
    const { config } = load(`model_list:
  - { model_name: a, litellm_params: { model: vertex_ai/claude-sonnet-4-5, vertex_project: p, vertex_location: us-east5 } }
  - { model_name: b, litellm_params: { model: vertex_ai/claude-sonnet-4-5, vertex_ai_project: p, vertex_ai_location: us-east5 } }
`)
    for (const { cloud } of config!.deployments) expect(cloud).toMatchObject({ project: "p", location: "us-east5" })
    expect(config?.deployments).toHaveLength(2)
  })
})

describe("include", () => {
  const model = (name: string) =>
    `  - { model_name: ${name}, litellm_params: { model: openai/x, mock_response: hi } }\n`

  test("lists are extended, the rest is overwritten, files nest relative to the one that names them", () => {
    const { config, findings } = load(
      `include: [sub/models.yaml]
model_list:
${model("main")}general_settings: { master_key: sk-first-key-77, completion_model: a }
`,
      {
        files: {
          "sub/models.yaml": `include:\n  - more.yaml\nmodel_list:\n${model("sub")}general_settings: { master_key: sk-second-key-88 }\n`,
          "sub/more.yaml": `model_list:\n${model("more")}  - { model_name: bad, litellm_params: { model: sagemaker/x } }\n`,
        },
      },
    )
    expect(config?.deployments.map((d) => d.name)).toEqual(["main", "sub", "more"])
    expect(config?.masterKey?.reveal()).toBe("sk-second-key-88")
    expect(config?.completionModel).toBeNull()
    expect(config?.files).toEqual(["config.yaml", "sub/models.yaml", "sub/more.yaml"])
    expect(brief(errors(findings))).toEqual(["sub/more.yaml:3:49 error model_list[1].litellm_params.model"])
    expect(withText(findings, "replaces all of `general_settings` in config.yaml:4")).toHaveLength(1)
  })

  test("a circle ends with a warning", () => {
    const { config, findings } = load(`include: [b.yaml]\nmodel_list:\n${model("a")}`, {
      files: { "b.yaml": `include: [config.yaml, b.yaml]\nmodel_list:\n${model("b")}` },
    })
    expect(config?.deployments.map((d) => d.name)).toEqual(["a", "b"])
    expect(brief(withText(findings, "already being read"))).toEqual([
      "b.yaml:1:11 warning include[0]",
      "b.yaml:1:24 warning include[1]",
    ])
  })

  test("a missing or unreadable one is an error: it could have held the key", () => {
    const missing = load("model_list: []\ninclude:\n  - nowhere.yaml\n")
    expect(missing.config).toBeNull()
    expect(brief(missing.findings)).toEqual(["config.yaml:3:5 error include[0]"])
    expect(missing.files).toEqual(["config.yaml", "nowhere.yaml"])
    const broken = load("include: [b.yaml]\n", { files: { "b.yaml": "a: [\n" } })
    expect(broken.config).toBeNull()
    expect(broken.findings[0]).toMatchObject({ file: "b.yaml", severity: "error" })
  })

  test("one path that is no list is read, and told to be one", () => {
    const { config, findings } = load("include: b.yaml\n", { files: { "b.yaml": `model_list:\n${model("b")}` } })
    expect(config?.deployments).toHaveLength(1)
    expect(errors(findings)).toMatchObject([{ message: "must be a list of file paths" }])
  })
})

test("a large file is no problem", () => {
  const entries = Array.from(
    { length: 2000 },
    (_, i) => `  - { model_name: m${i}, litellm_params: { model: openai/x${i}, api_key: k } }`,
  )
  expect(configOf(`model_list:\n${entries.join("\n")}\n`).deployments).toHaveLength(2000)
})
