/** The recorded tool loops of real clients: the result of each call is found, is a success, and becomes a failure with the words of that client. */
import { expect, test } from "bun:test"
import { recognise } from "../../src/identify/clients.ts"
import { captured, dialectOf, haveCaptured } from "../identify/captured.ts"
import { readToolResults } from "../../src/usage/quality-request.ts"
import { hasFailed } from "../../src/usage/quality-results.ts"
import { nodeOf } from "../support/nodes.ts"

const loops = captured.flatMap((request) => {
  const dialect = dialectOf(request.path)
  if (!dialect || !request.body) return []
  const results = readToolResults(dialect, nodeOf(request.body))
  const client = recognise(request.headers, nodeOf(request.body))?.name ?? null
  return results.length > 0 ? [{ id: request.id, client, results }] : []
})

test.if(haveCaptured)("every client that was recorded running a tool has its result read", () => {
  const clients = new Set(loops.map(({ client }) => client))
  for (const client of [
    "claude-code",
    "codex",
    "gemini-cli",
    "opencode",
    "kilo-code",
    "qwen-code",
    "continue",
    "cline",
    "copilot-cli",
    "pi",
  ])
    expect(clients).toContain(client)
})

test.each(loops.map((loop) => [loop.id, loop] as const))(
  "%s: what succeeded is a success",
  (_, { client, results }) => {
    for (const result of results) {
      expect(result.id ?? result.name).toBeString()
      expect([result.text.slice(0, 200), hasFailed(result, client)]).toEqual([result.text.slice(0, 200), false])
      expect(hasFailed({ ...result, failed: true }, client)).toBe(true)
    }
  },
)
