import { describe, expect, test } from "bun:test"
import * as fc from "fast-check"
import type { Dialect, JsonObject } from "../../src/exchange.ts"
import { findSession } from "../../src/identify/session.ts"
import { createSessions } from "../../src/identify/sessions.ts"
import { readTurns } from "../../src/identify/turns.ts"
import { captured, dialectOf, haveCaptured } from "./captured.ts"
import { nodeOf } from "../support/nodes.ts"

const hashes = (turns: readonly string[]) => turns.map((turn) => Number(Bun.hash.wyhash(turn) >> 11n))
const userTurns = (dialect: Dialect | null, body: JsonObject | null) =>
  readTurns(dialect, body && nodeOf(body)).map(({ hash }) => hash)

function counted(limit = 1000) {
  let count = 0
  return createSessions({ newId: () => `s${++count}`, limit })
}

function sessionOf(headers: Record<string, string>, body: JsonObject | null = null, client: string | null = null) {
  return findSession(new Headers(headers), client, body && nodeOf(body))?.id ?? null
}

describe("the client's own id", () => {
  test("is read from each client's header", () => {
    for (const header of [
      "X-Claude-Code-Session-Id",
      "session-id",
      "session_id",
      "conversation_id",
      "x-session-id",
      "X-OpenWebUI-Chat-Id",
      "x-litellm-session-id",
      "x-litellm-trace-id",
      "x-sm-conversation-id",
      "X-Task-ID",
    ])
      expect([header, sessionOf({ [header]: "abc" })]).toEqual([header, "abc"])
  })

  test("is read from each client's body", () => {
    const user = (text: string): JsonObject => ({ metadata: { user_id: text } })
    expect(sessionOf({}, user('{"device_id":"d","session_id":"11111111-2222"}'))).toBe("11111111-2222")
    expect(sessionOf({}, user("user_21ab_account__session_012750c2-77db"))).toBe("012750c2-77db")
    expect(sessionOf({}, user("alice"))).toBeNull()
    expect(sessionOf({}, user("{broken"))).toBeNull()
    expect(sessionOf({}, { litellm_session_id: "l1" })).toBe("l1")
    expect(sessionOf({}, { conversation: { id: "conv_1" } })).toBe("conv_1")
    const folder = "Session folder: /home/dev/.copilot/session-state/80eb081e-e1c8-47f8-ab51-d283d4c97c63\nx"
    expect(sessionOf({}, { instructions: folder }, "copilot-cli")).toBe("80eb081e-e1c8-47f8-ab51-d283d4c97c63")
    expect(sessionOf({}, { instructions: folder }, "openai-js")).toBeNull()
  })

  test("is a prompt cache key only with the clients that make it one", () => {
    expect(sessionOf({}, { prompt_cache_key: "k" }, "codex")).toBe("k")
    expect(sessionOf({}, { prompt_cache_key: "k" }, "openai-js")).toBeNull()
    expect(sessionOf({}, { prompt_cache_key: "k" }, "copilot-cli")).toBeNull()
  })

  test.skipIf(!haveCaptured)("is found for every recorded client that has one, and for no other", () => {
    const withId =
      /^(?:claude|codex|opencode|kilo|copilot)|recipe-(?:claude|codex|opencode|kilo|copilot)|hdr-(?:codex|opencode)|pi-responses/
    const wrong = captured
      .filter(({ body, id }) => body !== null && id !== "codex/codex-v0.40-chat#0")
      .filter(({ id, headers, body }) => {
        const client = id.startsWith("copilot") || id.includes("recipe-copilot") ? "copilot-cli" : null
        return (findSession(headers, client, body && nodeOf(body)) !== null) !== withId.test(id)
      })
    expect(wrong.map(({ id }) => id)).toEqual([])
  })
})

describe("user turns", () => {
  const chat = (...messages: JsonObject[]) => userTurns("openai-chat", { messages })
  const claude = (...messages: JsonObject[]) => userTurns("anthropic", { messages })

  test("are the same in every dialect and form", () => {
    const turn = chat({ role: "user", content: "say hi" })
    expect(turn).toHaveLength(1)
    expect(chat({ role: "user", content: [{ type: "text", text: "say hi" }] })).toEqual(turn)
    expect(
      claude({ role: "user", content: [{ type: "text", text: "say hi", cache_control: { type: "ephemeral" } }] }),
    ).toEqual(turn)
    expect(userTurns("openai-responses", { input: "say hi" })).toEqual(turn)
    expect(
      userTurns("openai-responses", { input: [{ role: "user", content: [{ type: "input_text", text: "say hi" }] }] }),
    ).toEqual(turn)
    expect(userTurns("gemini", { contents: [{ role: "user", parts: [{ text: "say hi" }] }] })).toEqual(turn)
    expect(userTurns("gemini", { contents: [{ parts: [{ text: "say hi" }] }] })).toEqual(turn)
  })

  test("are not tool results, system entries, answers or what the agent writes", () => {
    const hi: JsonObject = { role: "user", content: "say hi" }
    const turn = chat(hi)
    expect(
      claude(
        { role: "system", content: "x" },
        hi,
        { role: "assistant", content: "y" },
        { role: "user", content: [{ type: "tool_result", content: "z" }] },
        { role: "system", content: "later" },
      ),
    ).toEqual(turn)
    expect(chat({ role: "developer", content: "x" }, hi, { role: "tool", content: "z" })).toEqual(turn)
    expect(
      userTurns("gemini", {
        contents: [
          { role: "user", parts: [{ text: "say hi" }] },
          { role: "model", parts: [] },
          { role: "user", parts: [{ functionResponse: {} }] },
        ],
      }),
    ).toEqual(turn)
    for (const tag of [
      "system-reminder",
      "environment_context",
      "environment_details",
      "session_context",
      "current_datetime",
      "skills_instructions",
      "permissions instructions",
    ]) {
      expect(chat({ role: "user", content: `<${tag}>at ${Math.random()}</${tag}>` })).toEqual([])
      expect(chat({ role: "user", content: `<${tag}>now</${tag}>\n\nsay hi\n<${tag}>x</${tag}>` })).toEqual(turn)
      expect(chat({ role: "user", content: `<${tag}>never closed` })).toHaveLength(1)
    }
    expect(
      claude({
        role: "user",
        content: [
          { type: "tool_result", content: "z" },
          { type: "text", text: "<system-reminder>a</system-reminder>" },
        ],
      }),
    ).toEqual([])
    expect(
      claude({
        role: "user",
        content: [
          { type: "tool_result", content: "z" },
          { type: "text", text: "say hi" },
        ],
      }),
    ).toEqual(turn)
  })

  test("with other pictures are other turns", () => {
    const shown = (data: string) =>
      claude({
        role: "user",
        content: [
          { type: "text", text: "what is it" },
          { type: "image", source: { data } },
        ],
      })
    expect(shown("a")).not.toEqual(shown("b"))
    expect(shown("a")).toHaveLength(1)
  })

  test("of what is no conversation are none", () => {
    expect(userTurns(null, { messages: [{ role: "user", content: "x" }] })).toEqual([])
    expect(userTurns("openai-chat", { input: "an embedding" })).toEqual([])
    expect(userTurns("openai-chat", null)).toEqual([])
    const odd = {
      messages: [null, 3, "x", { role: "user" }, { role: "user", content: [null, 4] }, { role: "user", content: {} }],
    }
    expect(userTurns("openai-chat", odd as JsonObject)).toEqual([])
  })

  test.skipIf(!haveCaptured)("of a recorded conversation go on from the request before", () => {
    const sessions = counted()
    const of = (file: string, scenario: string, at: number) => {
      const request = captured.find(({ id }) => id === `${file}/${scenario}#${at}`)!
      return sessions.find(scenario, userTurns(dialectOf(request.path) as Dialect, request.body))
    }
    for (const [file, scenario, ...rest] of [
      ["pi", "pi", 0, 1, 2],
      ["qwen-code", "qwen", 0, 1, 2, 3],
      ["continue-cli", "cn", 0, 1, 2],
      ["gemini-cli", "gemini", 0, 1, 2, 3],
      ["cline", "cline", 0, 1],
      ["codex", "codex", 0, 2],
      ["claude-code", "claude-authtoken-tool", 1, 2, 4],
    ] as const)
      expect(new Set(rest.map((at) => of(file, scenario, at))).size).toBe(1)
  })
})

describe("sessions by their turns", () => {
  test("go on where the known turns are a prefix, and not elsewhere", () => {
    const sessions = counted()
    expect(sessions.find("u", hashes(["a"]))).toBe("s1")
    expect(sessions.find("u", hashes(["a"]))).toBe("s1")
    expect(sessions.find("u", hashes(["a", "b", "c"]))).toBe("s1")
    expect(sessions.find("u", hashes(["a", "x"]))).toBe("s2")
    expect(sessions.find("u", hashes(["a"]))).toBe("s3")
    expect(sessions.find("u", hashes(["a", "b", "c", "d"]))).toBe("s1")
    expect(sessions.find("other", hashes(["a", "b", "c", "d"]))).toBe("s4")
    expect(sessions.find("u", hashes([]))).not.toBe(sessions.find("u", hashes([])))
  })

  test("behave like a list searched for the longest known prefix", () => {
    const turn = fc.constantFrom("a", "b", "c")
    const request = fc.tuple(fc.constantFrom("u", "v"), fc.array(turn, { minLength: 1, maxLength: 5 }))
    fc.assert(
      fc.property(fc.array(request, { maxLength: 60 }), (requests) => {
        const sessions = counted()
        const model: { scope: string; turns: string; id: string }[] = []
        for (const [scope, turns] of requests) {
          const text = turns.join("")
          const id = sessions.find(scope, hashes(turns))
          const known = model
            .filter((each) => each.scope === scope && text.startsWith(each.turns))
            .sort((a, b) => b.turns.length - a.turns.length)[0]
          if (known) {
            expect(id).toBe(known.id)
            known.turns = text
          } else {
            expect(model.every((each) => each.id !== id)).toBe(true)
            model.push({ scope, turns: text, id })
          }
        }
      }),
    )
  })

  test("a growing conversation keeps its id among others", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 2, maxLength: 8 }), (turns) => {
        const sessions = counted()
        const id = sessions.find("u", hashes(turns.slice(0, 1)))
        for (let length = 2; length <= turns.length; length++) {
          sessions.find("v", hashes(turns.slice(0, length)))
          expect(sessions.find("u", hashes(turns.slice(0, length)))).toBe(id)
        }
      }),
    )
  })

  test("are bounded, the least recently used going first", () => {
    const sessions = counted(3)
    for (const turn of ["a", "b", "c"]) sessions.find("u", hashes([turn]))
    expect(sessions.find("u", hashes(["a", "more"]))).toBe("s1")
    sessions.find("u", hashes(["d"]))
    expect(sessions.find("u", hashes(["a", "more"]))).toBe("s1")
    expect(sessions.find("u", hashes(["b"]))).toBe("s5")
  })
})
