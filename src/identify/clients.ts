/**
 * The AI clients and how each is told: rows of data, and the one reader of them. A client is never a user: see `users.ts`.
 * Headers come first; the first words of the system prompt decide where a client travels under its SDK's name.
 * Sources: recorded traffic of the real clients, else their public source.
 */
import { type HeaderFields, readOnce } from "../exchange.ts"
import type { Utf8Text } from "../json/utf8-text.ts"
import { firstSaid, type Prompt, stringAt } from "./prompt.ts"

interface ClientRow {
  name: string
  /** what stands before the user-agent's first `/`, lower case; `openai/js` where a language follows the slash */
  agents?: readonly string[]
  /** beginnings of the same */
  agentPrefixes?: readonly string[]
  /** the user-agent is an SDK's: any other trait goes before it */
  generic?: true
  /** the user-agent's version is not the client's */
  foreignVersion?: true
  /** the name is likely, not certain */
  guess?: true
  /** header and the beginning of its value, lower case; an empty beginning: being there is enough */
  headers?: readonly (readonly [name: string, beginning: string])[]
  /** how its system prompt begins */
  prompts?: readonly string[]
  /** what stands in its system prompt right before its version */
  versionAfter?: string
}

/** Our own calls to a judging model. */
export const JUDGE_CLIENT = "memproxy-judge"

export const CLIENTS: readonly ClientRow[] = [
  { name: "claude-code", agents: ["claude-cli", "claude-code"], headers: [["x-claude-code-session-id", ""]] },
  // Told from Claude Code by `nameClaude`. Neither is told by its prompt: others send it to use a Claude subscription.
  { name: "claude-agent-sdk" },
  {
    name: "codex",
    agentPrefixes: ["codex"],
    headers: [
      ["originator", "codex"],
      ["x-codex-turn-metadata", ""],
    ],
    prompts: ["You are a coding agent running in the Codex CLI", "You are Codex,"],
  },
  {
    name: "gemini-cli",
    agentPrefixes: ["geminicli"],
    prompts: ["You are Gemini CLI", "You are a non-interactive CLI agent specializing in software engineering tasks."],
  },
  {
    name: "opencode",
    agents: ["opencode"],
    headers: [["originator", "opencode"]],
    prompts: ["You are opencode", "You are OpenCode"],
  },
  {
    name: "kilo-code",
    agents: ["kilo-code"],
    headers: [
      ["x-title", "kilo code"],
      ["http-referer", "https://kilocode.ai"],
    ],
    prompts: ["You are Kilo"],
  },
  {
    name: "qwen-code",
    agents: ["qwencode"],
    prompts: ["You are Qwen Code", "You are now acting as the managed memory extraction subagent"],
  },
  {
    name: "continue",
    agents: ["continue"],
    prompts: ["You are an agent in the Continue CLI", "<important_rules>\n  You are in "],
  },
  {
    name: "cline",
    agents: ["cline"],
    headers: [
      ["x-title", "cline"],
      ["http-referer", "https://cline.bot"],
    ],
    prompts: ["You are Cline"],
  },
  {
    name: "roo-code",
    agents: ["roocode"],
    headers: [
      ["x-title", "roo code"],
      ["http-referer", "https://github.com/roovetgit/"],
    ],
    prompts: ["You are Roo"],
  },
  {
    name: "copilot-cli",
    agents: ["copilot"],
    prompts: ["You are the GitHub Copilot CLI"],
    versionAfter: "<version_information>Version number: ",
  },
  {
    name: "vscode-copilot",
    agents: ["githubcopilotchat"],
    headers: [["copilot-integration-id", "vscode-chat"]],
    prompts: [
      "You are an expert AI programming assistant, working with a user in the VS Code editor.",
      'You are an AI programming assistant.\nWhen asked for your name, you must respond with "GitHub Copilot"',
    ],
  },
  { name: "pi", prompts: ["You are an expert coding assistant operating inside pi"] },
  {
    name: "cursor",
    agents: ["cursor"],
    prompts: [
      "You are a powerful agentic AI coding assistant, powered by Claude 3.5 Sonnet. You operate exclusively in Cursor",
      "You operate exclusively in Cursor",
      "You operate in Cursor",
    ],
  },
  {
    name: "zed",
    agents: ["zed"],
    headers: [
      ["x-title", "zed"],
      ["http-referer", "https://zed.dev"],
    ],
  },
  {
    name: "aider",
    agents: ["aider"],
    headers: [
      ["x-title", "aider"],
      ["http-referer", "https://aider.chat"],
    ],
    prompts: [
      "Act as an expert software developer.",
      "Act as an expert architect engineer",
      "Act as an expert code analyst.",
    ],
  },
  {
    name: "open-webui",
    agents: ["open-webui"],
    headers: [
      ["x-openwebui-chat-id", ""],
      ["x-openwebui-user-id", ""],
      ["x-openwebui-user-email", ""],
      ["x-title", "open webui"],
      ["http-referer", "https://openwebui.com"],
    ],
  },
  {
    name: "librechat",
    agents: ["librechat"],
    headers: [
      ["x-title", "librechat"],
      ["http-referer", "https://librechat.ai"],
    ],
  },
  { name: "n8n", agents: ["n8n"], headers: [["x-title", "n8n"]] },
  { name: "obsidian", agents: ["obsidian"], headers: [["origin", "app://obsidian.md"]] },
  // The default user-agent of any program with the Java SDK's synchronous client; JetBrains AI Assistant is the likely one.
  { name: "jetbrains-ai", agentPrefixes: ["openaiclientimpl"], generic: true, guess: true },
  { name: "openai-java", agentPrefixes: ["openaiclientasyncimpl"], generic: true },
  { name: "openai-js", agents: ["openai/js", "azureopenai/js"], generic: true },
  {
    name: "openai-python",
    agents: ["openai/python", "asyncopenai/python", "azureopenai/python", "asyncazureopenai/python"],
    generic: true,
  },
  { name: "anthropic-js", agents: ["anthropic/js"], generic: true },
  { name: "anthropic-python", agents: ["anthropic/python", "asyncanthropic/python"], generic: true },
  { name: "google-genai", agents: ["google-genai-sdk"], generic: true },
  { name: "vercel-ai", agents: ["ai"], generic: true },
  // streamText names the provider's package in place of the SDK's own.
  { name: "vercel-ai", agents: ["ai-sdk"], agentPrefixes: ["ai-sdk-"], generic: true, foreignVersion: true },
  { name: "langchain-js", agentPrefixes: ["langchainjs-"], generic: true },
  { name: "openai-agents-js", agents: ["agents/javascript"], generic: true },
  { name: "curl", agents: ["curl"], generic: true },
  { name: JUDGE_CLIENT, agents: [JUDGE_CLIENT] },
]

const BY_AGENT = new Map(CLIENTS.flatMap((row) => (row.agents ?? []).map((agent) => [agent, row] as const)))
const AGENT_PREFIXES = CLIENTS.flatMap((row) => (row.agentPrefixes ?? []).map((prefix) => [prefix, row] as const))
const HEADERS = CLIENTS.flatMap((row) => (row.headers ?? []).map(([name, beginning]) => ({ name, beginning, row })))
const HEADER_NAMES = [...new Set(HEADERS.map(({ name }) => name))]
const PROMPTS = CLIENTS.flatMap((row) => (row.prompts ?? []).map((prompt) => [prompt, row] as const))
const LONGEST_PROMPT = Math.max(...PROMPTS.map(([prompt]) => prompt.length))
const LANGUAGES = new Set(["js", "javascript", "python", "java"])

/** What tells a client, each trait in words; none for a client that no row names. */
export const traitsOf = (client: string): string[] =>
  CLIENTS.filter(({ name }) => name === client).flatMap((row) => [
    ...[...(row.agents ?? []), ...(row.agentPrefixes ?? [])].map((agent) => `user-agent ${agent}…`),
    ...(row.headers ?? []).map(([name, beginning]) => `header ${name}${beginning && `: ${beginning}…`}`),
    ...(row.prompts ?? []).map((prompt) => `system prompt “${prompt.slice(0, 60)}…”`),
  ])

/** Longer user-agents are read no further: no client's name stands there. */
const AGENT_CHARS = 512
const PROMPT_CHARS = 65_536

export interface Recognised {
  name: string
  version: string | null
  guess: boolean
  /** in words */
  by: string
}

interface Agent {
  /** `claude-cli`, `openai/js` */
  key: string
  product: string
  version: string | null
}

/** A version as clients write one (`0.169.0`, `v1.2`, `2.0.0-beta.1`) at `from`, else null. */
function versionAt(text: string, from: number): string | null {
  const found = /^v?(\d[0-9A-Za-z.+-]{0,31})(?![0-9A-Za-z.+-])/.exec(text.slice(from, from + 34))
  return found?.[1] ?? null
}

function readAgent(text: string): Agent {
  const slash = text.indexOf("/")
  if (slash < 0) return { key: text.toLowerCase(), product: text.toLowerCase(), version: null }
  const product = text.slice(0, slash).toLowerCase()
  const blank = text.indexOf(" ", slash)
  const language = blank < 0 ? "" : text.slice(slash + 1, blank).toLowerCase()
  if (LANGUAGES.has(language)) return { key: `${product}/${language}`, product, version: versionAt(text, blank + 1) }
  return { key: product, product, version: versionAt(text, slash + 1) }
}

function rowOfAgent(agent: Agent): ClientRow | null {
  const row = BY_AGENT.get(agent.key)
  if (row) return row
  for (const [prefix, prefixed] of AGENT_PREFIXES) if (agent.product.startsWith(prefix)) return prefixed
  return null
}

/** Electron apps write their own name between the browsers': `Mozilla/5.0 (…) … obsidian/1.8.9 Chrome/…`. */
function insideBrowserAgent(text: string): { row: ClientRow; version: string | null } | null {
  for (const word of text.split(" ")) {
    const agent = readAgent(word)
    const row = BY_AGENT.get(agent.key)
    if (row && !row.generic) return { row, version: agent.version }
  }
  return null
}

function rowOfHeaders(headers: HeaderFields): { row: ClientRow; by: string } | null {
  for (const name of HEADER_NAMES) {
    const value = headers.get(name)
    if (value === null) continue
    const lower = value.slice(0, 64).toLowerCase()
    for (const trait of HEADERS)
      if (trait.name === name && lower.startsWith(trait.beginning)) return { row: trait.row, by: `the header ${name}` }
  }
  return null
}

const rowOfPrompt = (body: Prompt) => firstSaid(body.systemTexts, rowOfText)

const rowOfText = readOnce((text: Utf8Text): ClientRow | null => {
  let from = 0
  while (text.byteAt(from) <= 32) from++
  const beginning = text.slice(from, from + LONGEST_PROMPT + 1).toString()
  for (const [prompt, row] of PROMPTS)
    if (beginning.startsWith(prompt) && !continuesWord(beginning, prompt.length)) return row
  return null
})

/** `You are Roo` must not be found in `You are Rooster`. */
function continuesWord(text: string, at: number): boolean {
  return /^\w\w/.test(text.slice(at - 1, at + 1))
}

function versionOfPrompt(row: ClientRow, body: Prompt): string | null {
  const mark = row.versionAfter
  if (mark === undefined) return null
  return firstSaid(body.systemTexts, (text) => {
    const head = text.toString().slice(0, PROMPT_CHARS)
    const at = head.indexOf(mark)
    return at < 0 ? null : versionAt(head, at + mark.length)
  })
}

/** `claude-cli/…` is Claude Code, the Agent SDK, or Qwen Code, which sends the same name and `x-app: cli` to Anthropic routes. */
function nameClaude(text: string, version: string | null, headers: HeaderFields, body: Prompt | null): Recognised {
  const by = "the user-agent"
  const sdk = text.indexOf("agent-sdk/")
  if (sdk >= 0) return { name: "claude-agent-sdk", version: versionAt(text, sdk + 10), guess: false, by }
  if (/, sdk-(?:ts|py)\b/.test(text)) return { name: "claude-agent-sdk", version: null, guess: false, by }
  const real = { name: "claude-code", version, guess: false, by }
  if (headers.has("x-claude-code-session-id") || headers.get("anthropic-beta")?.includes("claude-code-")) return real
  if (body === null || stringAt(body.get("metadata"), "user_id") !== null) return real
  const qwen = { name: "qwen-code", version, guess: false, by: "the system prompt" }
  if (rowOfPrompt(body)?.name === "qwen-code") return qwen
  // Qwen counts 0.x with none of Claude Code's three marks; Claude Code left 0.2 in May 2025.
  return version?.startsWith("0.") && !version.startsWith("0.2.") ? { ...qwen, by } : real
}

/** Stainless makes the SDKs of OpenAI and Anthropic; a minified bundle loses the class's name in the user-agent but keeps these. */
function nameStainless(headers: HeaderFields): Recognised | null {
  const language = headers.get("x-stainless-lang")
  if (language !== "js" && language !== "python") return null
  const vendor = headers.has("anthropic-version") ? "anthropic" : "openai"
  const version = versionAt(headers.get("x-stainless-package-version") ?? "", 0)
  return { name: `${vendor}-${language}`, version, guess: false, by: "the header x-stainless-lang" }
}

/** What the headers tell. `marked` is looked for where the user-agent's row is generic or missing. */
const traitsIn = readOnce((headers: HeaderFields) => {
  const text = (headers.get("user-agent") ?? "").slice(0, AGENT_CHARS)
  const agent = readAgent(text)
  const row = rowOfAgent(agent)
  const isEnough = row !== null && !row.generic
  const inside = !isEnough && agent.key === "mozilla" ? insideBrowserAgent(text) : null
  return { text, agent, row, inside, marked: isEnough || inside ? null : rowOfHeaders(headers) }
})

/** Which client sent this. Null where nothing is known. Linear in the headers; the body is asked for only where headers do not suffice. */
export function recognise(headers: HeaderFields, body: Prompt | null): Recognised | null {
  const { text, agent, row, inside, marked } = traitsIn(headers)
  const by = "the user-agent"
  if (row && !row.generic) {
    if (agent.key === "claude-cli") return nameClaude(text, agent.version, headers, body)
    return { name: row.name, version: agent.version, guess: false, by }
  }
  if (inside) return { name: inside.row.name, version: inside.version, guess: false, by }
  if (marked) return { name: marked.row.name, version: null, guess: false, by: marked.by }
  const prompted = body && rowOfPrompt(body)
  if (prompted) {
    const version = versionOfPrompt(prompted, body)
    return { name: prompted.name, version, guess: false, by: "the system prompt" }
  }
  if (!row) return nameStainless(headers)
  return { name: row.name, version: row.foreignVersion ? null : agent.version, guess: row.guess === true, by }
}
