import { describe, expect, test } from "bun:test"
import { inferProvider, PROVIDERS, UNSUPPORTED_PROVIDERS } from "../../src/config/providers.ts"
import { brief, configOf, deploymentsOf, errors, load, one, withText } from "./read-text.ts"

describe("providers", () => {
  test("every name stands for one provider only", () => {
    const names = PROVIDERS.flatMap((p) => [p.id, ...(p.aliases ?? [])])
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(UNSUPPORTED_PROVIDERS.has(name)).toBe(false)
  })

  test.each([
    ["gpt-5.1", "openai"],
    ["o3-mini", "openai"],
    ["claude-sonnet-4-5", "anthropic"],
    ["gemini-2.5-pro", "gemini"],
    ["grok-4", "xai"],
    ["text-embedding-3-small", "openai"],
    ["text-embedding-005", "gemini"],
    ["eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock"],
  ])("a bare %s is %s's", (model, provider) => {
    expect(inferProvider(model)?.id).toBe(provider)
    expect(one(`{ model_name: m, litellm_params: { model: ${model}, api_key: k } }`)).toMatchObject({ provider, model })
  })

  test.each([
    ["openai/gpt-4o", "openai", "gpt-4o", "https://api.openai.com/v1", ["openai-chat", "openai-responses"]],
    ["openai/responses/gpt-5", "openai", "gpt-5", "https://api.openai.com/v1", ["openai-responses"]],
    ["anthropic/claude-x", "anthropic", "claude-x", "https://api.anthropic.com", ["anthropic"]],
    ["gemini/gemini-2.5-pro", "gemini", "gemini-2.5-pro", "https://generativelanguage.googleapis.com", ["gemini"]],
    ["ollama_chat/llama3", "ollama", "llama3", "http://127.0.0.1:11434/v1", ["openai-chat"]],
    [
      "openrouter/anthropic/claude-x",
      "openrouter",
      "anthropic/claude-x",
      "https://openrouter.ai/api/v1",
      ["openai-chat"],
    ],
    [
      "text-completion-openai/davinci-002",
      "openai",
      "davinci-002",
      "https://api.openai.com/v1",
      ["openai-chat", "openai-responses"],
    ],
  ] as const)("%s is resolved as LiteLLM does", (written, provider, model, base, speaks) => {
    expect(one(`{ model_name: m, litellm_params: { model: ${written}, api_key: k } }`)).toMatchObject({
      provider,
      model,
      base,
      speaks: [...speaks],
    })
  })

  test("Gemini and Claude in a project of Google's cloud need no prefix; a prefix wins", () => {
    const place = "vertex_project: p, vertex_location: europe-west1"
    const provider = (model: string) =>
      one(`{ model_name: m, litellm_params: { model: ${model}, ${place}, api_key: k } }`).provider
    expect(["gemini-2.5-flash", "claude-sonnet-4-5@20250929", "gemini/gemini-2.5-flash"].map(provider)).toEqual([
      "vertex_ai",
      "vertex_ai",
      "gemini",
    ])
  })

  test.each([
    ["mistralai/Mixtral-8x7B", "https://api.together.xyz/v1", "together_ai"],
    ["llama-3.3-70b-versatile", "https://api.groq.com/openai/v1", "groq"],
  ])("%s, which names no provider, is of the one at its address", (model, api_base, provider) => {
    const entry = `{ model_name: m, litellm_params: { model: ${model}, api_base: "${api_base}", api_key: k } }`
    expect(one(entry)).toMatchObject({ provider, model, base: api_base })
  })

  test.each(["cohere/x", "huggingface/a/b", "sagemaker/x"])("%s is a clear error and the rest is served", (model) => {
    const { config, findings } = load(`model_list:
  - { model_name: bad, litellm_params: { model: ${model} } }
  - { model_name: good, litellm_params: { model: openai/x, api_key: k } }
`)
    expect(errors(findings)).toMatchObject([{ line: 2, message: expect.stringContaining("not supported") }])
    expect(config?.deployments.map((d) => d.name)).toEqual(["good"])
  })

  test("custom_llm_provider decides, and a prefix that repeats it is cut", () => {
    expect(
      one(
        "{ model_name: m, litellm_params: { model: org/llama, custom_llm_provider: openai, api_key: k, api_base: http://h/v1 } }",
      ),
    ).toMatchObject({ provider: "openai", model: "org/llama" })
    expect(
      one("{ model_name: m, litellm_params: { model: groq/llama, custom_llm_provider: groq, api_key: k } }"),
    ).toMatchObject({ provider: "groq", model: "llama" })
  })
})

describe("api_base", () => {
  test.each([
    ["openai/x", "http://localhost:1234/v1/", "http://localhost:1234/v1", ["openai-chat"]],
    ["anthropic/x", "https://proxy.example/anthropic", "https://proxy.example/anthropic", ["anthropic"]],
    ["gemini/x", "https://h.example/v1beta/", "https://h.example/v1beta", ["gemini"]],
    ["ollama/x", "http://gpu:11434", "http://gpu:11434/v1", ["openai-chat"]],
    ["ollama/x", "http://gpu:11434/v1", "http://gpu:11434/v1", ["openai-chat"]],
    ["openai/x", "https://h/v1/chat/completions", "https://h/v1", ["openai-chat"]],
  ] as const)("%s at %s is reached at %s", (model, written, base, speaks) => {
    expect(
      one(`{ model_name: m, litellm_params: { model: ${model}, api_key: k, api_base: "${written}" } }`),
    ).toMatchObject({ base, speaks: [...speaks] })
  })

  test("mode says what else another address speaks", () => {
    const at = (mode: string) =>
      one(
        `{ model_name: m, litellm_params: { model: openai/x, api_key: k, api_base: http://h/v1 }, model_info: { mode: ${mode} } }`,
      ).speaks
    expect(at("responses")).toEqual(["openai-responses"])
    expect(at("both")).toEqual(["openai-chat", "openai-responses"])
    expect(at("embedding")).toEqual(["openai-chat"])
  })

  test("one that cannot be read never falls back to the provider's own address", () => {
    for (const base of ["localhost:1234/v1", "[a]", "ftp://h/v1", "https://user:pw@h/v1"]) {
      const { config, findings } = load(
        `model_list:\n  - { model_name: m, litellm_params: { model: openai/x, api_key: k, api_base: "${base}" } }\n`.replace(
          '"[a]"',
          "[a]",
        ),
      )
      expect(config?.deployments).toEqual([])
      expect(errors(findings)).toHaveLength(1)
    }
    const unset = load(
      "model_list:\n  - { model_name: m, litellm_params: { model: openai/x, api_key: k, api_base: os.environ/BASE } }\n",
    ).config?.deployments[0]
    expect(unset).toMatchObject({ missing: "BASE", base: "http://unset.invalid" })
  })

  test("Azure's address, deployment and version are told apart", () => {
    const azure = one(
      `{ model_name: m, litellm_params: { model: azure/my-gpt, api_key: k, api_base: "https://r.openai.azure.com/openai/deployments/my-gpt?api-version=2024-10-21" } }`,
    )
    expect(azure).toMatchObject({
      base: "https://r.openai.azure.com",
      model: "my-gpt",
      apiVersion: "2024-10-21",
      auth: "api-key",
    })
    expect(
      one(
        "{ model_name: m, litellm_params: { model: azure/x, api_key: k, api_base: https://r.openai.azure.com, api_version: 2024-02-01 } }",
      ).apiVersion,
    ).toBe("2024-02-01")
  })
})

describe("keys", () => {
  test("an own key, a variable, the provider's usual variables in order", () => {
    const env = { MINE: "sk-mine", GEMINI_API_KEY: " g-key\n", GOOGLE_API_KEY: "other" }
    const keys = deploymentsOf(
      [
        "{ model_name: a, litellm_params: { model: openai/x, api_key: sk-own } }",
        "{ model_name: b, litellm_params: { model: openai/x, api_key: os.environ/MINE } }",
        "{ model_name: c, litellm_params: { model: gemini/x } }",
      ],
      { env },
    ).map((d) => d.key?.reveal())
    expect(keys).toEqual(["sk-own", "sk-mine", "g-key"])
  })

  test("an unset variable disables the models that need it, and no other", () => {
    const { config, findings } = load(`model_list:
  - { model_name: a, litellm_params: { model: openai/x, api_key: os.environ/NOPE } }
  - { model_name: b, litellm_params: { model: openai/x, api_key: k, extra_headers: { x-a: os.environ/NOPE2 } } }
  - { model_name: c, litellm_params: { model: anthropic/x } }
  - { model_name: d, litellm_params: { model: ollama/x } }
  - { model_name: e, litellm_params: { model: openai/x, api_base: http://127.0.0.1:1/v1 } }
  - { model_name: f, litellm_params: { model: openai/x, api_key: os.environ/NOPE, mock_response: hi } }
`)
    expect(config?.deployments.map((d) => d.missing)).toEqual(["NOPE", "NOPE2", "ANTHROPIC_API_KEY", null, null, null])
    expect(brief(withText(findings, "NOPE is not set"))).toEqual([
      "config.yaml:2:66 warning model_list[0].litellm_params.api_key",
      "config.yaml:7:66 warning model_list[5].litellm_params.api_key",
    ])
    expect(errors(findings)).toEqual([])
  })

  test("an empty variable counts as unset", () => {
    expect(
      one("{ model_name: a, litellm_params: { model: openai/x, api_key: os.environ/E } }", { env: { E: " " } }).missing,
    ).toBe("E")
  })

  test("the usual key going to another address is told", () => {
    const { findings } = load(
      "model_list:\n  - { model_name: a, litellm_params: { model: openai/x, api_base: http://h/v1 } }\n",
      { env: { OPENAI_API_KEY: "k" } },
    )
    expect(withText(findings, "this address gets the key in OPENAI_API_KEY")).toHaveLength(1)
  })

  test("credentials are filled in, and what the entry says wins", () => {
    const { config, findings } = load(
      `credential_list:
  - credential_name: azure_eu
    credential_values: { api_key: os.environ/EU, api_base: https://eu.example, api_version: "2024-10-21" }
    credential_info: { description: Europe }
model_list:
  - { model_name: a, litellm_params: { model: azure/x, litellm_credential_name: azure_eu, api_version: "2025-01-01" } }
  - { model_name: b, litellm_params: { model: azure/x, litellm_credential_name: azure_ue } }
`,
      { env: { EU: "eu-key" } },
    )
    expect(config?.deployments).toMatchObject([{ name: "a", base: "https://eu.example", apiVersion: "2025-01-01" }])
    expect(config?.deployments[0]?.key?.reveal()).toBe("eu-key")
    expect(errors(findings)).toMatchObject([{ line: 7, message: expect.stringContaining("`azure_eu`") }])
  })
})

describe("Supermemory's router", () => {
  const entry =
    "{ model_name: m, litellm_params: { model: anthropic/x, api_key: k, api_base: https://api.supermemory.ai/v3/api.anthropic.com, extra_headers: { X-Supermemory-Api-Key: os.environ/SM } } }"

  test("is known by its host and path, and needs its own key", () => {
    expect(one(entry, { env: { SM: "sm" } })).toMatchObject({
      router: true,
      missing: null,
      base: "https://api.supermemory.ai/v3/api.anthropic.com",
    })
    const bare =
      "{ model_name: m, litellm_params: { model: openai/x, api_key: k, api_base: https://api.supermemory.ai/v3/https://api.openai.com/v1 } }"
    expect(one(bare)).toMatchObject({ router: true, missing: "SUPERMEMORY_API_KEY" })
    expect(one(bare, { env: { SUPERMEMORY_API_KEY: "sm" } }).missing).toBeNull()
  })

  test("a host that only looks like it is none, and gets none of its headers", () => {
    const { config, findings } = load(
      `model_list:\n  - ${entry.replace("api.supermemory.ai/v3", "api.supermemory.ai.evil.example/v3")}\n`,
      { env: { SM: "sm" } },
    )
    expect(config?.deployments[0]).toMatchObject({ router: false })
    expect(Object.keys(config?.deployments[0]?.headers ?? { x: "" })).toEqual([])
    expect(withText(findings, "router only")).toHaveLength(1)
  })

  test("its address can be another", () => {
    const text = `memproxy: { supermemory: { router_base_url: "http://127.0.0.1:9/v3/" } }\nmodel_list:\n  - { model_name: m, litellm_params: { model: openai/x, api_key: k, api_base: "http://127.0.0.1:9/v3/https://api.openai.com/v1" } }\n`
    expect(configOf(text, { env: { SUPERMEMORY_API_KEY: "sm" } }).deployments[0]?.router).toBe(true)
  })
})

test("parameters of the request stay, LiteLLM's own go, slips are told", () => {
  const { config, findings } = load(`model_list:
  - model_name: m
    litellm_params:
      model: openai/x
      api_key: k
      temperature: 0.2
      thinking: { type: enabled, budget_tokens: 4096 }
      vendor_switch: on
      api_bse: http://h/v1
      aws_region_name: us-east-1
      max_retries: 3
      additional_drop_params: [user, "tools[*].input_examples"]
      output_cost_per_token: 0
    model_info: { mode: chat, base_model: gpt-4o, input_cost_per_token: 1e-6, owner: { team: a } }
`)
  expect(config?.deployments[0]).toMatchObject({
    params: { temperature: 0.2, thinking: { type: "enabled", budget_tokens: 4096 }, vendor_switch: true },
    dropParams: ["user", "tools[*].input_examples"],
    prices: { output_cost_per_token: 0, input_cost_per_token: 1e-6 },
    baseModel: "gpt-4o",
    info: { owner: { team: "a" } },
  })
  expect(findings.filter((f) => f.line > 7).map((f) => [f.line, f.severity])).toEqual([
    [8, "note"],
    [9, "warning"],
    [11, "note"],
  ])
})

describe("groups", () => {
  test("weights come from weight, rpm or tpm, as in simple-shuffle", () => {
    const weights = (...more: string[]) =>
      deploymentsOf(
        more.map((m, i) => `{ model_name: m, litellm_params: { model: openai/x${i}, api_key: k${m} } }`),
      ).map((d) => d.weight)
    expect(weights(", rpm: 10, tpm: 5", ", rpm: 30")).toEqual([10, 30])
    expect(weights(", weight: 2, rpm: 10", ", rpm: 30")).toEqual([2, 0])
    expect(weights("", "")).toEqual([1, 1])
    expect(
      deploymentsOf(["{ model_name: m, rpm: 7, litellm_params: { model: openai/x, api_key: k } }"])[0]?.weight,
    ).toBe(7)
  })

  test("ids are the file's, or stable; entries alike get different ones", () => {
    const entry = "{ model_name: m, litellm_params: { model: openai/x, api_key: KEY } }"
    const list = [
      entry.replace("KEY", "k1"),
      entry.replace("KEY", "k2"),
      "{ model_name: m, litellm_params: { model: openai/x, api_key: k }, model_info: { id: mine } }",
    ]
    const ids = deploymentsOf(list).map((d) => d.id)
    expect(new Set(ids).size).toBe(3)
    expect(ids[2]).toBe("mine")
    expect(deploymentsOf(list.map((e) => e.replace("k1", "another"))).map((d) => d.id)).toEqual(ids)
  })

  test("a second entry with the same id is left out, a superfluous one told", () => {
    const { config, findings } = load(`model_list:
  - { model_name: a, litellm_params: { model: openai/x, api_key: k }, model_info: { id: i } }
  - { model_name: b, litellm_params: { model: openai/y, api_key: k }, model_info: { id: i } }
  - { model_name: c, litellm_params: { model: openai/z, api_key: k } }
  - { model_name: c, litellm_params: { model: openai/z, api_key: k } }
`)
    expect(config?.deployments.map((d) => d.name)).toEqual(["a", "c", "c"])
    expect(brief(errors(findings))).toEqual(["config.yaml:3:89 error model_list[1].model_info.id"])
    expect(withText(findings, "says the same as the entry in line 4")).toHaveLength(1)
  })

  test("a list of organizations is one deployment each", () => {
    const list = deploymentsOf([
      "{ model_name: '*', litellm_params: { model: openai/*, api_key: k, organization: [org-1, org-2] } }",
    ])
    expect(list.map((d) => d.headers["openai-organization"])).toEqual(["org-1", "org-2"])
    expect(new Set(list.map((d) => d.id)).size).toBe(2)
  })

  test("a model of * is every provider whose key there is", () => {
    const list = deploymentsOf(["{ model_name: '*', litellm_params: { model: '*' } }"], {
      env: { OPENAI_API_KEY: "a", ANTHROPIC_API_KEY: "b" },
    })
    const names = list.map((d) => `${d.name} > ${d.provider}:${d.model}`)
    expect(names).toContain("openai/* > openai:*")
    expect(names).toContain("claude-* > anthropic:claude-*")
    expect(list.every((d) => d.missing === null)).toBe(true)
    expect(
      errors(load("model_list:\n  - { model_name: '*', litellm_params: { model: '*' } }\n").findings),
    ).toHaveLength(1)
  })

  test("an alias has a model and may be hidden", () => {
    const config = configOf("router_settings: { model_group_alias: { gpt-4: m, secretly: { model: m, hidden: yes } } }")
    expect(config.aliases).toEqual({ "gpt-4": { model: "m", hidden: false }, secretly: { model: "m", hidden: true } })
  })
})

test("pass-through prefers the provider's own address, then any, then its usual variable", () => {
  const at = (entries: string[], env = {}) =>
    configOf(`model_list:\n${entries.map((e) => `  - ${e}\n`).join("")}`, { env }).passthrough
  const other = "{ model_name: a, litellm_params: { model: openai/x, api_key: other, api_base: http://h/v1 } }"
  const own = "{ model_name: b, litellm_params: { model: openai/x, api_key: own } }"
  const mock = "{ model_name: c, litellm_params: { model: openai/x, mock_response: m } }"
  expect(at([mock, other, own]).openai?.key?.reveal()).toBe("own")
  expect(at([mock, other]).openai?.base).toBe("http://h/v1")
  expect(at([mock], { OPENAI_API_KEY: "env" }).openai?.key?.reveal()).toBe("env")
  expect(at([mock])).toEqual({ openai: null, anthropic: null, gemini: null })
})
