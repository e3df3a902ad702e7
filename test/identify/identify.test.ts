import { describe, expect, test } from "bun:test"
import { RE2JS } from "re2js"
import { type Caller, Refusal } from "../../src/exchange.ts"
import type { Config, HeaderPattern } from "../../src/settings.ts"
import type { Sighting } from "../../src/identify/sighting.ts"
import { identify } from "../../src/identify/identify.ts"
import { createPatternMemo } from "../../src/identify/users.ts"
import { nodeOf } from "../support/nodes.ts"

const OPEN: Caller = { kind: "open", alias: null, userId: null, subscription: null }
const MASTER: Caller = { ...OPEN, kind: "master" }
const KEY: Caller = { ...OPEN, kind: "virtual", alias: "laptop", userId: "carol" }

function pattern(header: string, text: string, userId: string): HeaderPattern {
  const compiled = RE2JS.compile(text, RE2JS.CASE_INSENSITIVE)
  return { header, pattern: text, userId, matches: (value) => compiled.matcher(value).find() }
}

const users: Config["users"] = {
  customHeader: "x-memory-user-id",
  patterns: [
    pattern("User-Agent", "OpenAIClientImpl/Java", "pycharm-ai"),
    pattern("user-agent", "^Claude Code", "claude-code-user"),
    pattern("user-agent", "java", "any-java"),
    pattern("x-team", "réseau|привет", "net"),
  ],
  defaultUserId: "default-dev",
}

function see(headers: Record<string, string>, more: Partial<Sighting> = {}): Sighting {
  return {
    headers: new Headers(headers),
    body: null,
    prefixUser: null,
    prefixProject: null,
    caller: OPEN,
    ...more,
  }
}

/** As HTTP hands it over: UTF-8 bytes, each a character. */
const wire = (text: string) => Buffer.from(text).toString("latin1")

function refusal(act: () => unknown): Refusal {
  try {
    act()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error("was not refused")
}

describe("the user", () => {
  const rules: [string, Record<string, string>, string][] = [
    ["no header", {}, "default-dev"],
    ["a pattern", { "user-agent": "OpenAIClientImpl/Java 4.0" }, "pycharm-ai"],
    ["a pattern in other case", { "user-agent": "openaiclientIMPL/java 4.0" }, "pycharm-ai"],
    ["an unanchored pattern", { "user-agent": "x OpenAIClientImpl/Java" }, "pycharm-ai"],
    ["the first of two that match", { "user-agent": "Claude Code on Java" }, "claude-code-user"],
    ["an anchored pattern elsewhere", { "user-agent": "not Claude Code" }, "default-dev"],
    [
      "the real Claude Code, which no pattern names",
      { "user-agent": "claude-cli/2.1.330 (external, cli)" },
      "default-dev",
    ],
    ["the custom header", { "x-memory-user-id": "alice" }, "alice"],
    ["the custom header over a pattern", { "x-memory-user-id": "alice", "user-agent": "Java" }, "alice"],
    ["our own spelling", { "x-memproxy-user": "bob" }, "bob"],
    ["both, the file's first", { "x-memproxy-user": "bob", "x-memory-user-id": "alice" }, "alice"],
    ["an empty custom header", { "x-memory-user-id": "", "user-agent": "Java" }, "any-java"],
    ["an e-mail address", { "x-memory-user-id": "a.b+c@d.example" }, "a.b+c@d.example"],
    ["UTF-8", { "x-memory-user-id": wire("Зоя 🙂") }, "Зоя 🙂"],
    ["latin-1", { "x-memory-user-id": "Zo\u00eb" }, "Zoë"],
    ["UTF-8 for a pattern", { "x-team": wire("привет всем") }, "net"],
    ["a percent sign, as it is", { "x-memory-user-id": "a%40b" }, "a%40b"],
    ["a very long header", { "user-agent": "x".repeat(30_000) }, "default-dev"],
    ["a pattern at the beginning of a very long header", { "user-agent": `java${"x".repeat(30_000)}` }, "any-java"],
    ["a pattern 8,000 characters into a header", { "user-agent": `${"x".repeat(8_000)}java` }, "any-java"],
  ]
  for (const [what, headers, user] of rules)
    test(`is ${user} by ${what}`, () => {
      expect(identify(see(headers), users).userId).toBe(user)
      expect(identify(see(headers), users, createPatternMemo()).userId).toBe(user)
    })

  test("goes by /u/ before patterns and after the custom header", () => {
    expect(identify(see({ "user-agent": "java" }, { prefixUser: "dora" }), users).userId).toBe("dora")
    expect(identify(see({ "x-memory-user-id": "alice" }, { prefixUser: "dora" }), users).userId).toBe("alice")
    expect(identify(see({ "x-memory-user-id": "alice" }, { caller: MASTER }), users).userId).toBe("alice")
  })

  test("is the virtual key's, and another one named is refused", () => {
    expect(identify(see({ "user-agent": "java" }, { caller: KEY }), users).userId).toBe("carol")
    expect(identify(see({ "x-memory-user-id": "carol" }, { caller: KEY }), users).userId).toBe("carol")
    expect(identify(see({}, { caller: { ...KEY, userId: null } }), users).userId).toBe("laptop")
    const attempts = [
      see({ "x-memory-user-id": "alice" }),
      see({ "x-memproxy-user": "alice" }),
      see({}, { prefixUser: "alice" }),
    ]
    for (const attempt of attempts) {
      const { status, type } = refusal(() => identify({ ...attempt, caller: KEY }, users))
      expect([status, type]).toEqual([403, "permission"])
    }
  })

  test("is never decided by the client", () => {
    const found = identify(see({ "user-agent": "codex_exec/0.169.0 (Debian)" }), users)
    expect([found.client, found.userId, found.isDefault]).toEqual(["codex", "default-dev", true])
  })

  test("comes with the pattern that matched, also where the custom header wins", () => {
    const agent = "OpenAIClientImpl/Java 4.0"
    const matched = { header: "user-agent", value: agent, pattern: "OpenAIClientImpl/Java", user_id: "pycharm-ai" }
    expect(identify(see({ "user-agent": agent }), users)).toMatchObject({
      matchedPattern: matched,
      isDefault: false,
      customHeaderPresent: false,
    })
    const both = identify(see({ "user-agent": agent, "x-memory-user-id": "alice" }), users)
    expect(both).toMatchObject({
      userId: "alice",
      matchedPattern: matched,
      customHeaderPresent: true,
      isDefault: false,
    })
  })

  test("with an empty header is told as present and default", () => {
    expect(identify(see({ "x-memory-user-id": "" }), users)).toMatchObject({
      customHeaderPresent: true,
      isDefault: true,
      matchedPattern: null,
    })
  })

  test("a remembered pattern answer is the pattern's own, and the memory stays bounded", () => {
    let calls = 0
    const counting = {
      ...users,
      patterns: [
        { header: "user-agent", pattern: "a", userId: "a", matches: (value: string) => (calls++, value.includes("a")) },
      ],
    }
    const memo = createPatternMemo(4)
    for (let round = 0; round < 3; round++)
      expect(identify(see({ "user-agent": "a1" }), counting, memo).userId).toBe("a")
    expect(calls).toBe(1)
    for (let at = 0; at < 50; at++)
      expect(identify(see({ "user-agent": `b${at}` }), counting, memo).userId).toBe("default-dev")
    expect(identify(see({ "user-agent": "a1" }), counting, memo).userId).toBe("a")
    expect(calls).toBe(52) // the first value was forgotten meanwhile
    const long = `a${"x".repeat(1024)}`
    for (let round = 0; round < 2; round++) identify(see({ "user-agent": long }), counting, memo)
    expect(calls).toBe(54) // and one as long as this is not kept
  })
})

describe("explicit names", () => {
  const body = nodeOf({
    prompt_cache_key: "k",
    messages: [{ role: "system", content: "Working directory: /home/dev/x" }],
  })

  test("of project and session win over what the client says", () => {
    const headers = { "x-memory-project": "shop", "x-memory-session": "s1", "x-session-id": "ses_1" }
    expect(identify(see(headers, { body, prefixProject: "other" }), users)).toMatchObject({
      project: { name: "shop", key: "shop" },
      sessionId: "s1",
      clue: null,
    })
    const ours = identify(see({ "x-memproxy-project": "a", "x-memproxy-session": "b" }, { body }), users)
    expect([ours.project?.key, ours.sessionId]).toEqual(["a", "b"])
    expect(identify(see({}, { body, prefixProject: "other" }), users).project).toEqual({ name: "other", key: "other" })
    expect(identify(see({ "x-memory-project": "" }, { body }), users).project?.key).toBe("/home/dev/x")
  })

  test("of a place are the place: a path or a remote's address, as clients name theirs; anything else is its own key", () => {
    const named = (name: string) => identify(see({ "x-memory-project": name }), users)
    expect(named("/home/ada/shop/")).toMatchObject({
      project: { name: "shop", key: "/home/ada/shop" },
      clue: { path: "/home/ada/shop", remote: null, by: "the header x-memory-project" },
    })
    expect(named("C:/work/shop").project).toEqual({ name: "shop", key: "C:\\work\\shop" })
    for (const remote of ["git@github.com:acme/shop.git", "https://x:y@GitHub.com/acme/shop.git"])
      expect(named(remote)).toMatchObject({
        project: { name: "acme/shop", key: "github.com/acme/shop" },
        clue: { path: null, remote: "github.com/acme/shop", remoteGuessed: false },
      })
    for (const name of ["team:shop", "acme/shop", "a@b", "./shop", "~/shop", "shop://"])
      expect(named(name)).toMatchObject({ project: { name, key: name }, clue: null })
  })

  test("that cannot be names are refused with 400", () => {
    for (const name of [
      "x-memory-user-id",
      "x-memproxy-user",
      "x-memory-project",
      "x-memproxy-project",
      "x-memory-session",
      "x-memproxy-session",
    ])
      for (const value of ["x".repeat(129), "a\u0001b", "a\u007fb", wire("a\u0085b")])
        expect(refusal(() => identify(see({ [name]: value }), users)).status).toBe(400)
    expect(refusal(() => identify(see({}, { prefixProject: "a\nb" }), users)).status).toBe(400)
    expect(refusal(() => identify(see({}, { prefixUser: "x".repeat(129) }), users)).status).toBe(400)
    expect(refusal(() => identify(see({ "x-memory-project": "*" }), users)).status).toBe(400)
    expect(identify(see({ "x-memory-project": wire("🙂".repeat(128)) }), users).project?.key).toBe("🙂".repeat(128))
  })

  test("a client's own odd session id is passed over, not refused", () => {
    expect(identify(see({ "x-session-id": "x".repeat(500) }), users).sessionId).toBeNull()
  })

  test("what decided is said", () => {
    const { by } = identify(see({ "user-agent": "opencode/1.18.33 x", "x-session-id": "ses_1" }, { body }), users)
    expect(by).toEqual({
      user: "default_user_id",
      client: "the user-agent",
      project: "the working directory in the prompt",
      session: "the header x-session-id",
    })
  })
})

test("a key sent as a name is another name, always the same; what only looks like one stays", () => {
  const key = "sk-ant-api03-abcdefghijklmnop"
  const headers = { "x-memory-user-id": key, "x-memory-project": "sk-1234", "x-memory-session": `${key}2` }
  const found = identify(see(headers), users)
  expect([found.userId, found.project?.key, found.project?.name, found.sessionId].join()).not.toContain("sk-")
  expect(found.userId).toMatch(/^key-[0-9a-f]{16}$/)
  expect(found.sessionId).not.toBe(found.userId)
  expect(identify(see(headers), users)).toEqual(found)
  for (const id of ["ses_0123456789abcdef0123456789", "task-1", "ask-me", "550e8400-e29b-41d4-a716-446655440000"])
    expect(identify(see({ "x-session-id": id }), users).sessionId).toBe(id)
})
