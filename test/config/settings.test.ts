import { describe, expect, test } from "bun:test"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { loadConfig } from "../../src/config/load.ts"
import { Secret } from "../../src/exchange.ts"
import { brief, configOf, errors, load, withText } from "./read-text.ts"

describe("the master key", () => {
  const key = (value: string) => `general_settings: { master_key: ${value} }\n`

  test("absent, this machine only, with a warning", () => {
    expect(load("model_list: []\n").findings.find((f) => f.path === "general_settings.master_key")?.severity).toBe(
      "warning",
    )
    expect(configOf("model_list: []\n").masterKey).toBeNull()
    for (const host of ["0.0.0.0", "::", "192.168.1.2", "example.org"]) {
      expect(load(`memproxy: { host: "${host}" }\n`).config).toBeNull()
      expect(load("model_list: []\n", { overrides: { host } }).config).toBeNull()
    }
    for (const host of ["localhost", "127.0.0.2", "::1"])
      expect(load(`memproxy: { host: "${host}" }\n`).config?.host).toBe(host)
  })

  test.each(['""', "", "os.environ/NOT_SET", "[a]", "true", '"with space"'])(
    "written as %s refuses to start",
    (value) => {
      const { config, findings } = load(key(value))
      expect(config).toBeNull()
      expect(errors(findings).length).toBeGreaterThan(0)
      expect(errors(findings)[0]?.line).toBe(1)
    },
  )

  test.each(["sk-1234", "sk-12345678", "sk-xxxx", "sk-test", "changeme", "sk-master-key"])(
    "%s is good on this machine only",
    (value) => {
      expect(load(key(value)).config?.masterKey?.reveal()).toBe(value)
      expect(withText(load(key(value)).findings, "this machine only")).toMatchObject([{ severity: "warning" }])
      expect(load(key(value), { overrides: { host: "0.0.0.0" } }).config).toBeNull()
    },
  )

  test("a good one opens other machines too", () => {
    expect(load(key("sk-7f3a9c1e5b"), { overrides: { host: "0.0.0.0" } }).config?.host).toBe("0.0.0.0")
  })

  test("comes from LITELLM_MASTER_KEY when the file is silent, from litellm_settings with a warning", () => {
    expect(configOf("model_list: []\n", { env: { LITELLM_MASTER_KEY: "sk-env-key-9" } }).masterKey?.reveal()).toBe(
      "sk-env-key-9",
    )
    const { config, findings } = load("litellm_settings: { master_key: sk-wrong-place }\n")
    expect(config?.masterKey).toBeInstanceOf(Secret)
    expect(withText(findings, "belongs under `general_settings`")).toHaveLength(1)
  })

  test("settings that might hold it and cannot be read are no reason to open the door", () => {
    for (const text of ["general_settings: [master_key]\n", "general_settings: yes\n", "memproxy: [host]\n"])
      expect(load(text).config).toBeNull()
  })
})

test.each(["port: 70000", "port: http", "port: -1", "port: 1.5", "host: [a]", 'host: "http://x"', 'host: ""'])(
  "%s refuses to start, unless the command line decides",
  (setting) => {
    expect(load(`memproxy: { ${setting} }\n`).config).toBeNull()
    expect(load(`memproxy: { ${setting} }\n`, { overrides: { host: "127.0.0.1", port: 0 } }).config).toMatchObject({
      host: "127.0.0.1",
      port: 0,
    })
  },
)

test("an edit of where a process listens and keeps its data says that it waits for the next start", () => {
  const running = { host: "127.0.0.1", port: 8764, dataDir: "/data" }
  const said = (text: string, overrides: object = { host: undefined, port: undefined, dataDir: undefined }) => {
    const { config, findings } = load(text, { running, overrides })
    expect(config).toMatchObject(running)
    return withText(findings, "next start").map(({ severity, path, line }) => [severity, path, line])
  }
  expect(said("memproxy:\n  data_dir: /data\n  port: 9000\n  host: localhost\n")).toEqual([
    ["note", "memproxy.port", 3],
    ["note", "memproxy.host", 4],
  ])
  expect(said("memproxy: { data_dir: /other }\n")).toEqual([["note", "memproxy.data_dir", 1]])
  expect(said("memproxy: { data_dir: /data, port: 8764 }\n")).toEqual([])
  expect(said("memproxy: { data_dir: /other, port: 9000 }\n", { dataDir: "/data", port: 8764 })).toEqual([])
})

test("the data directory is the command line's, the file's or the system's", () => {
  const at = (text: string, more = {}) => configOf(text, more).dataDir
  expect(at("memproxy: { data_dir: ./data }\n", { overrides: { dataDir: "here" } })).toBe(resolve("here"))
  expect(at("memproxy: { data_dir: ./data }\n")).toBe(resolve("data"))
  expect(at("memproxy: { data_dir: ~/x }\n", { env: { HOME: "/home/me" } })).toBe("/home/me/x")
  expect(at("a: 1\n", { env: { XDG_DATA_HOME: "/xdg" } })).toBe("/xdg/memproxy")
  expect(at("a: 1\n", { env: { XDG_DATA_HOME: "relative", HOME: "/home/me" } })).toBe("/home/me/.local/share/memproxy")
  expect(at("a: 1\n")).toBe(join(homedir(), ".local/share/memproxy"))
  expect(at("a: 1\n", { platform: "win32", env: { LOCALAPPDATA: "/appdata" } })).toBe("/appdata/memproxy")
})

test("router_settings beats litellm_settings, and times are milliseconds inside", () => {
  expect(configOf("a: 1\n")).toMatchObject({ timeoutMs: 600_000, streamTimeoutMs: 600_000, idleTimeoutMs: 300_000 })
  expect(configOf("litellm_settings: { request_timeout: 30 }\n")).toMatchObject({
    timeoutMs: 30_000,
    streamTimeoutMs: 30_000,
  })
  expect(
    configOf("litellm_settings: { request_timeout: 30 }\nrouter_settings: { timeout: 20, stream_timeout: 5 }\n"),
  ).toMatchObject({ timeoutMs: 20_000, streamTimeoutMs: 5_000 })
})

test("bodies are kept when the file says so, in its own words or LiteLLM's", () => {
  const logging = (text: string) => configOf(text).logging
  expect(logging("a: 1\n")).toEqual({ bodies: "off", retentionDays: null })
  expect(
    logging("general_settings: { store_prompts_in_spend_logs: true, maximum_spend_logs_retention_period: 30d }\n"),
  ).toEqual({ bodies: "redacted", retentionDays: 30 })
  expect(
    logging(
      "general_settings: { store_prompts_in_spend_logs: true }\nlitellm_settings: { turn_off_message_logging: true }\n",
    ).bodies,
  ).toBe("off")
  expect(
    logging(
      "general_settings: { store_prompts_in_spend_logs: true }\nmemproxy: { logging: { bodies: off, retention: 36h } }\n",
    ),
  ).toEqual({ bodies: "off", retentionDays: 1.5 })
  expect(logging("memproxy: { logging: { bodies: full, retention: 7 } }\n")).toEqual({
    bodies: "full",
    retentionDays: 7,
  })
})

test("memory is off with a note, on as the file says, and off when the file cannot be understood", () => {
  expect(withText(load("a: 1\n").findings, "memory is off")).toHaveLength(1)
  expect(configOf("a: 1\n").memory).toEqual({
    engine: "off",
    scope: "project",
    scopeWritten: false,
    maxTokens: 512,
    remember: true,
    budgetMs: 0,
    position: "tail",
    maxResults: 10,
    onlyModels: null,
    exceptModels: [],
    holdout: 0,
  })
  expect(
    configOf(
      "memproxy: { memory: { engine: local, scope: user, max_tokens: 100, remember: no, timeout: 0.2, holdout: 0.1 } }\n",
    ).memory,
  ).toMatchObject({
    engine: "local",
    scope: "user",
    scopeWritten: true,
    maxTokens: 100,
    remember: false,
    budgetMs: 200,
  })
  expect(configOf("memproxy: { memory: { engine: remote } }\n").memory.engine).toBe("off")
})

test("header patterns are RE2: case-insensitive, anywhere, Python's named groups too", () => {
  const { patterns, customHeader } = configOf(`user_id_mappings:
  custom_header: X-Who
  header_patterns:
    - { header: " User-Agent ", pattern: "^(?P<tool>openai)client", user_id: ide }
    - { header: user-agent, pattern: "b+$", user_id: b }
`).users
  expect(customHeader).toBe("x-who")
  expect(patterns.map((p) => [p.header, p.userId, p.matches("OpenAIClientImpl/Java"), p.matches("xxBB")])).toEqual([
    ["user-agent", "ide", true, false],
    ["user-agent", "b", false, true],
  ])
  // A backtracking engine would never come back from this one.
  expect(
    configOf(
      `user_id_mappings: { header_patterns: [{ header: x, pattern: "(a+)+$", user_id: u }] }`,
    ).users.patterns[0]?.matches(`${"a".repeat(20_000)}!`),
  ).toBe(false)
})

test("the same header and pattern twice is an error, and the first one stays", () => {
  const { config, findings } = load(`user_id_mappings:
  header_patterns:
    - { header: user-agent, pattern: "^x", user_id: one }
    - { header: User-Agent, pattern: "^x", user_id: two }
`)
  expect(config?.users.patterns.map((p) => p.userId)).toEqual(["one"])
  expect(brief(errors(findings))).toEqual(["config.yaml:4:38 error user_id_mappings.header_patterns[1].pattern"])
})

test("environment_variables come first, may name others, and serve the whole file", () => {
  const text = `environment_variables: { OPENAI_API_KEY: os.environ/REAL, GROQ_API_KEY: literal }
model_list:
  - { model_name: a, litellm_params: { model: openai/x } }
  - { model_name: b, litellm_params: { model: groq/x, api_key: os.environ/GROQ_API_KEY } }
`
  expect(
    configOf(text, { env: { REAL: "sk-real", OPENAI_API_KEY: "sk-outer" } }).deployments.map((d) => d.key?.reveal()),
  ).toEqual(["sk-real", "literal"])
})

test("what is forwarded is what the file says", () => {
  expect(
    configOf(`general_settings: { forward_llm_provider_auth_headers: true, litellm_key_header_name: X-My-Key, completion_model: m }
litellm_settings: { forward_traceparent_to_llm_provider: true, model_group_settings: { forward_client_headers_to_llm_api: [a, b] } }
`),
  ).toMatchObject({
    forwardProviderAuth: true,
    forwardTraceparent: true,
    forwardClientHeaders: ["a", "b"],
    keyHeader: "x-my-key",
    completionModel: "m",
  })
})

test("origins are exact: a star or a path is an error", () => {
  const { config, findings } = load(
    'memproxy: { allowed_origins: [app://obsidian.md, "https://Chat.example/", "*", "https://a/b"] }\n',
  )
  expect(config?.allowedOrigins).toEqual(["app://obsidian.md", "https://chat.example"])
  expect(errors(findings).map((f) => f.path)).toEqual(["memproxy.allowed_origins[2]", "memproxy.allowed_origins[3]"])
})

test("the config is frozen through and through", () => {
  const config = configOf(
    "model_list:\n  - { model_name: a, litellm_params: { model: openai/x, api_key: k, extra_headers: { a: b }, stop: [x] } }\n",
  )
  const frozen = (value: unknown): boolean =>
    typeof value !== "object" ||
    value === null ||
    value instanceof Secret ||
    (Object.isFrozen(value) && Object.values(value).every(frozen))
  expect(frozen(config)).toBe(true)
})

test("the built-in demo is the shipped file: it works with no key, without errors, memory on", () => {
  const shipped = loadConfig({ file: join(import.meta.dir, "../../config.yaml"), env: {} })
  const demo = loadConfig({ file: null, env: {} })
  expect(errors(shipped.findings)).toEqual([])
  expect(demo.config?.deployments).toEqual(shipped.config!.deployments)
  expect(demo.config?.deployments.map((d) => [d.name, d.missing])).toEqual([
    ["demo", null],
    ["echo", null],
  ])
  expect(demo.config).toMatchObject({
    file: null,
    files: [],
    host: "127.0.0.1",
    port: 8764,
    memory: { engine: "local" },
  })
})

test("the shipped file is right with every example switched on", async () => {
  const text = await Bun.file(join(import.meta.dir, "../../config.yaml")).text()
  const on = text
    .replace(
      /^( *)# (?=- model_name|  litellm_params|- \{|general_settings|  master_key|header_patterns|data_dir|allowed_origins|logging)/gm,
      "$1",
    )
    .replace(/^( +)#   (?=litellm_params|- \{)/gm, "$1  ")
    .replace(/^#   master_key/m, "  master_key")
  const env = {
    OPENAI_API_KEY: "a",
    ANTHROPIC_API_KEY: "b",
    GEMINI_API_KEY: "c",
    OPENROUTER_API_KEY: "d",
    MEMPROXY_MASTER_KEY: "sk-hard-to-guess",
  }
  const { config, findings } = load(on, { env })
  expect(findings).toEqual([])
  expect(config?.deployments).toHaveLength(8)
  expect(config?.deployments.every((d) => d.missing === null)).toBe(true)
})
