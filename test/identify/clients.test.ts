import { describe, expect, test } from "bun:test"
import type { JsonObject } from "../../src/exchange.ts"
import { CLIENTS, recognise, JUDGE_CLIENT } from "../../src/identify/clients.ts"
import { captured, haveCaptured, sightingOf } from "./captured.ts"
import { nodeOf } from "../support/nodes.ts"

function told(headers: Record<string, string>, body: JsonObject | null = null) {
  const found = recognise(new Headers(headers), body && nodeOf(body))
  return found && [found.name, found.version]
}

const system = (content: string): JsonObject => ({ messages: [{ role: "system", content }] })

/** Each file's client and version. Scenarios of old versions, and the files of many clients, below. */
const EXPECTED: Record<string, readonly [string, string | null]> = {
  "claude-agent-sdk": ["claude-agent-sdk", "0.3.330"],
  "claude-code": ["claude-code", "2.1.330"],
  "claude-code/claude-v1.0.128": ["claude-code", "1.0.128"],
  "claude-code/claude-v2.0.50": ["claude-code", "2.0.50"],
  "claude-code/claude-v2.1.100": ["claude-code", "2.1.100"],
  cline: ["cline", null],
  codex: ["codex", "0.169.0"],
  "codex/codex-v0.40": ["codex", "0.40.0"],
  "codex/codex-v0.40-chat": ["codex", "0.40.0"],
  "codex/codex-v0.80": ["codex", "0.80.0"],
  "continue-cli": ["continue", null],
  "copilot-cli": ["copilot-cli", null],
  "copilot-cli/copilot-anthropic": ["copilot-cli", "1.0.102"],
  "curl-and-fetch/curl": ["curl", "7.88.1"],
  "custom-header-and-url-prefix/hdr-cn": ["continue", null],
  "custom-header-and-url-prefix/hdr-codex": ["codex", "0.169.0"],
  "custom-header-and-url-prefix/hdr-gemini": ["gemini-cli", "0.61.0"],
  "custom-header-and-url-prefix/hdr-opencode": ["opencode", "1.18.33"],
  "custom-header-and-url-prefix/hdr-pi": ["pi", null],
  "custom-header-and-url-prefix/hdr-qwen": ["qwen-code", "0.24.4"],
  "gemini-cli": ["gemini-cli", "0.61.0"],
  "kilo-code": ["kilo-code", "7.7.7"],
  opencode: ["opencode", "1.18.33"],
  pi: ["pi", null],
  "qwen-code": ["qwen-code", "0.24.4"],
  "recipes-check/recipe-claude": ["claude-code", "2.1.330"],
  "recipes-check/recipe-cline": ["cline", null],
  "recipes-check/recipe-cn": ["continue", null],
  "recipes-check/recipe-codex": ["codex", "0.169.0"],
  "recipes-check/recipe-copilot": ["copilot-cli", null],
  "recipes-check/recipe-copilot-anthropic": ["copilot-cli", "1.0.102"],
  "recipes-check/recipe-copilot-responses": ["copilot-cli", null],
  "recipes-check/recipe-gemini": ["gemini-cli", "0.61.0"],
  "recipes-check/recipe-kilo": ["kilo-code", "7.7.7"],
  "recipes-check/recipe-opencode": ["opencode", "1.18.33"],
  "recipes-check/recipe-pi": ["pi", null],
  "recipes-check/recipe-qwen": ["qwen-code", "0.24.4"],
  "sdk-anthropic-js": ["anthropic-js", "1.12.0"],
  "sdk-google-genai-js/sdk-genai": ["google-genai", "3.1.0"],
  "sdk-google-genai-js/sdkold-genai": ["google-genai", "2.32.0"],
  "sdk-openai-agents-js": ["openai-agents-js", "0.20.0"],
  "sdk-openai-js/sdk-openai": ["openai-js", "7.57.0"],
  "sdk-openai-js/sdkold-openai": ["openai-js", "6.49.0"],
  "sse-comment-keepalive": ["gemini-cli", "0.61.0"],
}
/** LlamaIndex and LangChain travel under their SDKs' names on some routes; Vercel's version is only in some user-agents. */
const MIXED: Record<string, readonly string[]> = {
  "sdk-llamaindex-ts": ["openai-js", "anthropic-js"],
  "sdk-langchain-js": ["langchain-js", "anthropic-js"],
  "sdk-vercel-ai": ["vercel-ai"],
}

/** Probes before a key is known, and bare `fetch`: nothing tells who sends them. */
const ANONYMOUS = /^(?:Bun\/|node$)/

describe.skipIf(!haveCaptured)("recorded clients", () => {
  test("every request of a recorded client is told by name and version", () => {
    const wrong: string[] = []
    for (const request of captured) {
      const family = request.file.replace(".json", "")
      const found = recognise(request.headers, sightingOf(request).body)
      const names = MIXED[family]
      const expected = EXPECTED[`${family}/${request.scenario}`] ?? EXPECTED[family]
      const isAnonymous = ANONYMOUS.test(request.headers.get("user-agent") ?? "")
      const isRight = isAnonymous
        ? found === null
        : names
          ? names.includes(found?.name ?? "")
          : expected !== undefined && found?.name === expected[0] && found.version === expected[1]
      if (!isRight) wrong.push(`${request.id}: ${found?.name} ${found?.version}`)
    }
    expect(wrong).toEqual([])
    expect(captured.length).toBeGreaterThan(150)
  })
})

test("clients not recorded are told by the traits their source shows", () => {
  expect(told({ "user-agent": "OpenAIClientImpl/Java 4.1.0" })).toEqual(["jetbrains-ai", "4.1.0"])
  expect(recognise(new Headers({ "user-agent": "OpenAIClientImpl/Java 4.1.0" }), null)?.guess).toBe(true)
  expect(told({ "user-agent": "OpenAIClientImplWithRawResponseImpl/Java 4.1.0" })).toEqual(["jetbrains-ai", "4.1.0"])
  expect(told({ "user-agent": "OpenAIClientAsyncImpl/Java 4.1.0" })).toEqual(["openai-java", "4.1.0"])
  expect(told({ "user-agent": "OpenAI/Python 2.8.1" })).toEqual(["openai-python", "2.8.1"])
  expect(told({ "user-agent": "AsyncOpenAI/Python 2.8.1" })).toEqual(["openai-python", "2.8.1"])
  expect(told({ "user-agent": "AsyncAnthropic/Python 0.75.0" })).toEqual(["anthropic-python", "0.75.0"])
  expect(told({ "user-agent": "google-genai-sdk/1.52.0 gl-python/3.12.3" })).toEqual(["google-genai", "1.52.0"])
  expect(told({ "user-agent": "GitHubCopilotChat/0.33.1" })).toEqual(["vscode-copilot", "0.33.1"])
  expect(told({ "user-agent": "RooCode/3.30.0" })).toEqual(["roo-code", "3.30.0"])
  expect(told({ "user-agent": "Zed/0.214.5 (linux; x86_64)" })).toEqual(["zed", "0.214.5"])
  expect(told({ "user-agent": "Cline/3.38.0" })).toEqual(["cline", "3.38.0"])
  expect(told({ "user-agent": "OpenAI/JS 5.1.0", "x-title": "Cline", "http-referer": "https://cline.bot" })).toEqual([
    "cline",
    null,
  ])
  expect(told({ "user-agent": "OpenAI/JS 5.1.0", "http-referer": "https://github.com/RooVetGit/Roo-Cline" })).toEqual([
    "roo-code",
    null,
  ])
  expect(told({ "user-agent": "Python/3.11 aiohttp/3.12", "x-openwebui-chat-id": "c1" })).toEqual(["open-webui", null])
  expect(
    told({
      origin: "app://obsidian.md",
      "user-agent":
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) obsidian/1.8.9 Chrome/132.0 Electron/34.2 Safari/537.36",
    }),
  ).toEqual(["obsidian", "1.8.9"])
  expect(told({ origin: "app://obsidian.md", "user-agent": "Mozilla/5.0" })).toEqual(["obsidian", null])
  expect(
    told({ "user-agent": "AsyncOpenAI/Python 2.8.1" }, system("Act as an expert software developer.\nAlways")),
  ).toEqual(["aider", null])
  expect(told({ "user-agent": "OpenAI/JS 5.1.0" }, system("You are Roo, a highly skilled"))).toEqual(["roo-code", null])
  expect(told({ "user-agent": "claude-cli/2.1.330 (external, sdk-py, agent-sdk/0.1.9)" })).toEqual([
    "claude-agent-sdk",
    "0.1.9",
  ])
  expect(told({ "user-agent": "codex_vscode/0.170.0-alpha.3 (Mac OS 15.5; arm64)" })).toEqual([
    "codex",
    "0.170.0-alpha.3",
  ])
  expect(told({ "user-agent": "GeminiCLI/v0.9.0 (linux; x64)" })).toEqual(["gemini-cli", "0.9.0"])
})

test("a bundle that lost its class name is told by the SDK's own headers", () => {
  const stainless = { "user-agent": "ls/JS 5.23.2", "x-stainless-lang": "js", "x-stainless-package-version": "5.23.2" }
  expect(told(stainless)).toEqual(["openai-js", "5.23.2"])
  expect(told({ ...stainless, "anthropic-version": "2023-06-01" })).toEqual(["anthropic-js", "5.23.2"])
})

test("Qwen Code is not taken for the Claude Code it calls itself", () => {
  const posing = { "user-agent": "claude-cli/0.24.4 (external, cli)", "x-app": "cli" }
  expect(told(posing, { system: [{ type: "text", text: "You are Qwen Code, a" }] })).toEqual(["qwen-code", "0.24.4"])
  expect(told(posing, { system: "You are now acting as the managed memory extraction subagent for" })).toEqual([
    "qwen-code",
    "0.24.4",
  ])
  expect(told({ ...posing, "anthropic-beta": "x,claude-code-20250219" }, { system: "You are Qwen Code" })?.[0]).toBe(
    "claude-code",
  )
  expect(told({ "user-agent": "claude-cli/1.0.3 (external, cli)" }, { system: "A prompt of the user's own" })).toEqual([
    "claude-code",
    "1.0.3",
  ])
})

test("near misses are not taken for clients", () => {
  for (const agent of [
    "",
    "node",
    "Claude Code",
    "my-curl/1.0",
    "openai",
    "OpenAI/Ruby 0.1",
    "x-claude-cli/1.0",
    "aiohttp/3",
    "litellm/1.80",
  ])
    expect(told({ "user-agent": agent })).toBeNull()
  const sdk = { "user-agent": "OpenAI/JS 5.1.0" }
  expect(told(sdk, system("You are Rooster, a farm helper"))?.[0]).toBe("openai-js")
  expect(told(sdk, system("Tell a story: You are Cline, a coding agent"))?.[0]).toBe("openai-js")
  expect(told(sdk, { messages: [{ role: "user", content: "You are Cline" }] })?.[0]).toBe("openai-js")
  expect(told({ "user-agent": "curl/banana" })).toEqual(["curl", null])
})

test("odd bodies and headers are read without error", () => {
  const bodies: unknown[] = [
    { messages: null },
    { messages: [null, 1, "x", [], { role: "system" }] },
    { system: 3 },
    { contents: [{ parts: "x" }] },
  ]
  for (const body of bodies)
    expect(told({ "user-agent": "OpenAI/JS 5.1.0" }, body as JsonObject)?.[0]).toBe("openai-js")
  const long = "a/".repeat(50_000)
  for (const agent of [
    long,
    `codex${long}`,
    ` ${"(".repeat(100_000)}`,
    `claude-cli/${"1.".repeat(50_000)}`,
    "Mozilla/" + "x/1 ".repeat(25_000),
  ])
    expect(() => told({ "user-agent": agent, "x-title": agent, originator: agent })).not.toThrow()
  expect(told({ "user-agent": `claude-cli/${"1.".repeat(50_000)}` })).toEqual(["claude-code", null])
})

test("the table holds the contract's names, our own judge's and no others", () => {
  const names =
    "claude-code claude-agent-sdk codex gemini-cli opencode kilo-code qwen-code continue cline roo-code copilot-cli vscode-copilot pi cursor zed aider jetbrains-ai open-webui librechat n8n obsidian openai-js openai-python openai-java anthropic-js anthropic-python google-genai vercel-ai langchain-js openai-agents-js curl"
  expect([...new Set(CLIENTS.map(({ name }) => name))].sort()).toEqual([...names.split(" "), JUDGE_CLIENT].sort())
})
