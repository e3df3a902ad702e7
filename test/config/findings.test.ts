import { describe, expect, test } from "bun:test"
import { brief, configOf, errors, load, withText } from "./read-text.ts"

const TEN_MISTAKES = `general_settings:
  master_key: sk-long-enough-to-be-good
  completion_modle: gpt-4o
model_list:
  - model_name: a
    litellm_params:
      model: sagemaker/anthropic.claude-v2
  - model_name: b
    litellm_params:
      model: antropic/claude
  - litellm_params:
      model: openai/gpt-4o
  - model_name: c
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/NOT_THERE
      timeout: soon
user_id_mappings:
  header_patterns:
    - header: user-agent
      pattern: "(?=lookahead)"
      user_id: someone
    - header: user-agent
      pattern: "^curl"
      user_id: "two words"
memproxy:
  memory:
    engine: locla
    max_tokens: -5
  allowed_origins: ["*"]
`

test("ten mistakes and more are told at once, each at its line and column", () => {
  const { config, findings } = load(TEN_MISTAKES)
  expect(brief(findings)).toEqual([
    "config.yaml:3:3 warning general_settings.completion_modle",
    "config.yaml:7:14 error model_list[0].litellm_params.model",
    "config.yaml:10:14 error model_list[1].litellm_params.model",
    "config.yaml:11:5 error model_list[2]",
    "config.yaml:16:16 warning model_list[3].litellm_params.api_key",
    "config.yaml:17:16 error model_list[3].litellm_params.timeout",
    "config.yaml:21:16 error user_id_mappings.header_patterns[0].pattern",
    "config.yaml:25:16 error user_id_mappings.header_patterns[1].user_id",
    "config.yaml:28:13 error memproxy.memory.engine",
    "config.yaml:29:17 error memproxy.memory.max_tokens",
    "config.yaml:30:21 error memproxy.allowed_origins[0]",
  ])
  expect(config?.deployments.map((d) => d.name)).toEqual(["c"])
  expect(config?.findings).toEqual(findings)
})

test("a slip of the fingers gets a did-you-mean", () => {
  const said = load(TEN_MISTAKES).findings.map((f) => f.message)
  for (const word of ["completion_model", "anthropic", "local"])
    expect(said.some((m) => m.includes(`did you mean \`${word}\``))).toBe(true)
})

test("a misspelt key gets it too where its variable is not set", () => {
  const { findings } = load(`model_list:
  - model_name: m
    litellm_params:
      model: openai/x
      apik_ey: os.environ/NOT_THERE
      temperature: os.environ/NOT_THERE
`)
  expect(brief(withText(findings, "did you mean `api_key`"))).toEqual([
    "config.yaml:5:7 warning model_list[0].litellm_params.apik_ey",
  ])
  expect(withText(findings, "unknown key")).toHaveLength(1)
})

test("what cannot be read is told where it begins, once a line, in words for people", () => {
  const unreadable = (text: string) => load(text).findings.map(({ line, col, message }) => [line, col, message])
  expect(unreadable(`general_settings:\n  master_key: "sk-open\n  port: 1\n  host: h\n`)).toEqual([
    [2, 15, expect.stringContaining("closing")],
  ])
  expect(unreadable(`general_settings:\n  a: 'b\n`)).toEqual([[2, 6, expect.stringContaining("closing")]])
  expect(unreadable("model_list: []\n---\nmodel_list: []\n")).toEqual([
    [2, 1, expect.stringContaining("a second document")],
  ])
  const tab = unreadable("model_list:\n  - model_name: a\n\tlitellm_params: {}\n")
  expect(tab).toContainEqual([3, 1, expect.stringContaining("Tabs")])
  const many = unreadable(`a: "[{"b": ["c"]}]"\n${"d: {e: f}\n".repeat(50)}`)
  expect(many.length).toBeLessThanOrEqual(5)
  expect(new Set(many.map(([line]) => line)).size).toBe(many.length)
})

test("an unquoted * is told to be quoted, and only its entry is lost", () => {
  const { config, findings } = load(`model_list:
  - model_name: *
    litellm_params: { model: openai/*, mock_response: hi }
  - model_name: */gpt
    litellm_params: { model: openai/x, mock_response: hi }
  - model_name: fine
    litellm_params: { model: openai/x, mock_response: hi }
`)
  const quote = withText(findings, "quote it")
  expect(brief(quote)).toEqual([
    "config.yaml:2:17 error model_list[0].model_name",
    "config.yaml:4:17 error model_list[1].model_name",
  ])
  expect(errors(findings)).toHaveLength(2)
  expect(config?.deployments.map((d) => d.name)).toEqual(["fine"])
})

describe("a file that cannot be read", () => {
  test.each([
    ["an unclosed bracket", "model_list: [\n  a", 2, "not readable as YAML"],
    ["a tab as indentation", "a:\n\tb: 1\n", 2, "not readable as YAML"],
    ["a second document", "a: 1\n---\nb: 2\n", 2, "not readable as YAML"],
    ["nothing", "# only a comment\n", 1, "the file is empty"],
    ["a list", "- a\n", 1, "must be a map of settings"],
  ])("%s is an error with a line, and no config", (_, text, line, message) => {
    const { config, findings } = load(text)
    expect(config).toBeNull()
    expect(errors(findings)[0]).toMatchObject({ line, message: expect.stringContaining(message) })
  })

  test("a missing file is an error and still watched", () => {
    const { config, findings, files } = load("", { files: { "config.yaml": undefined as never } })
    expect(config).toBeNull()
    expect(findings[0]?.message).toContain("does not exist")
    expect(files).toEqual(["config.yaml"])
  })

  test("aliases of aliases end in an error, not in all memory", () => {
    const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(", ")}]`)
    const { config, findings } = load(["a0: &a0 [x]", ...levels].join("\n"))
    expect(config).toBeNull()
    expect(withText(findings, "aliases of aliases")).toHaveLength(1)
  })

  test("an alias of what it stands in ends", () => {
    expect(errors(load("general_settings: &g\n  inner: *g\n").findings)[0]).toMatchObject({
      line: 2,
      message: "an alias of what it is in",
    })
  })
})

test("a key written twice is told, and the last one counts, as in PyYAML", () => {
  const { config, findings } = load("memproxy:\n  port: 1\n  memory: off\n  port: 2\n")
  expect(config?.port).toBe(2)
  expect(brief(withText(findings, "written twice"))).toEqual(["config.yaml:4:3 warning memproxy.port"])
})

test("yes, no, on and off are booleans where one is meant, and text where text is", () => {
  const config = configOf(`general_settings:
  forward_client_headers_to_llm_api: yes
  forward_openai_org_id: On
model_list:
  - model_name: "on"
    litellm_params: { model: openai/off, mock_response: no, parallel_tool_calls: off, user: "off" }
`)
  expect(config.forwardClientHeaders).toBe("all")
  expect(config.forwardOrganization).toBe(true)
  const [model] = config.deployments
  expect(model).toMatchObject({
    name: "on",
    model: "off",
    mock: "no",
    params: { parallel_tool_calls: false, user: "off" },
  })
})

test.each(["off", "false", "no", '"off"'])("memory engine %s is off", (word) => {
  expect(configOf(`memproxy: { memory: { engine: ${word} } }`).memory.engine).toBe("off")
  const { config, findings } = load(`memproxy: { memory: ${word}, logging: { bodies: ${word} } }`)
  expect([config?.memory.engine, config?.logging.bodies, errors(findings)]).toEqual(["off", "off", []])
})

test("merge keys and anchors give what they give in LiteLLM", () => {
  const deployments = configOf(`
common: &common { api_key: sk-shared, timeout: 7 }
model_list:
  - model_name: a
    litellm_params: { <<: *common, model: openai/gpt-4o, timeout: 9 }
`).deployments
  expect(deployments[0]?.key?.reveal()).toBe("sk-shared")
  expect(deployments[0]?.timeoutMs).toBe(9000)
})

test("numbers may be text and text may be numbers", () => {
  const { config, findings } = load(`
user_id_mappings: { default_user_id: 007 }
memproxy: { port: "8080" }
model_list:
  - model_name: a
    litellm_params: { model: openai/x, api_key: k, input_cost_per_token: "3e-7", timeout: "2.5", rpm: "60" }
`)
  expect(config?.port).toBe(8080)
  expect(config?.users.defaultUserId).toBe("007")
  expect(config?.deployments[0]).toMatchObject({ prices: { input_cost_per_token: 3e-7 }, timeoutMs: 2500, weight: 60 })
  expect(withText(findings, "quote it")).toHaveLength(1)
})

test("names that every object has are unknown keys like others", () => {
  const { findings } = load("constructor: 1\n__proto__: { x: 1 }\ngeneral_settings: { toString: 2 }\n")
  expect(withText(findings, "unknown key").map((f) => f.line)).toEqual([1, 2, 3])
})
