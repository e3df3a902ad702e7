import { expect, test } from "bun:test"
import type { Exchange } from "../../src/app.ts"
import type { Identity } from "../../src/exchange.ts"
import { responseOf } from "../../src/http/answer.ts"
import { Fields } from "../../src/http/header-fields.ts"
import { answerHead } from "../../src/http/answer-head.ts"
import { openDraft } from "../../src/usage/draft.ts"
import { deployment } from "../support/deployment.ts"

const shared = deployment()
const headers = new Fields([])
/** An exchange as far as its answer's head looks at it, all of one client by one deployment, as in a process. */
function exchange(row: object, identity: Partial<Identity> = {}): Exchange {
  const arrival = { startedAt: 0, started: 0, headers } as unknown as Parameters<typeof openDraft>[1]
  const draft = openDraft("id-1", arrival, "openai-chat", "generate")
  Object.assign(draft.row, { model: "m" }, row)
  draft.deployment = shared
  const known = { userId: "ann", client: null, project: null, sessionId: null, ...identity }
  return { app: { now: () => 1 }, draft, arrival, identity: known } as unknown as Exchange
}

const headOf = (...of: Parameters<typeof answerHead>) =>
  responseOf({ status: 200, ...answerHead(...of), body: null }).headers

test("what changes from one answer to the next is never taken from an earlier one", () => {
  const plain = headOf(exchange({}), [])
  const other = headOf(
    exchange(
      { retries: 2, fallbacks: 1, memory_status: "miss" },
      { sessionId: "s1", project: { name: "undefined", key: "k" } },
    ),
    [["x-request-id", "up"]],
  )
  const again = headOf(exchange({}), [])
  const names = ["attempted-retries", "attempted-fallbacks"].map((name) => `x-litellm-${name}`)
  expect(names.map((name) => [plain.get(name), other.get(name), again.get(name)])).toEqual([
    ["0", "2", "0"],
    ["0", "1", "0"],
  ])
  expect([other.get("x-memproxy-memory"), other.get("x-memproxy-project"), other.get("x-request-id")]).toEqual([
    "miss",
    "undefined",
    "up",
  ])
  for (const head of [plain, again])
    expect(["x-memproxy-session", "x-memproxy-project", "x-request-id"].map((name) => head.get(name))).toEqual([
      null,
      null,
      null,
    ])
})

test("two users, clients or projects do not share a head", () => {
  const users = ["ann", "bob"].map((userId) => headOf(exchange({}, { userId }), []).get("x-memproxy-user"))
  expect(users).toEqual(["ann", "bob"])
})
