/** Quality and memory together: sessions held out for comparison, and what became of what was recalled. */
import { afterAll, expect, test } from "bun:test"
import { answerIn } from "../support/answers.ts"
import { type FakeSupermemory, startFakeSupermemory, SUPERMEMORY_KEY } from "../support/fake-supermemory.ts"
import type { Loose } from "../support/json.ts"
import { auth, chat, jsonHeaders } from "../support/lanes.ts"
import { eventually, useRig } from "../support/rig.ts"
import { isHeldOut } from "../../src/memory/holdout.ts"

const supermemory: FakeSupermemory = startFakeSupermemory()
const SHARE = 0.5
const rig = useRig(() => ({
  memproxy: {
    memory: { engine: "supermemory", scope: "user", holdout: SHARE },
    supermemory: { api_key: SUPERMEMORY_KEY, base_url: supermemory.url },
  },
}))
afterAll(() => supermemory.stop())

const QUESTION = "What is the staging database called?"
const session = (isHeld: boolean) =>
  Array.from({ length: 99 }, (_, at) => `session-${at}`).find((name) => isHeldOut(name, SHARE) === isHeld)!

async function ask(sessionId: string): Promise<{ memory: string | null; entry: () => Promise<Loose> }> {
  const answer = await fetch(rig.proxy.url + chat.path(false), {
    method: "POST",
    headers: { ...jsonHeaders, "x-memory-user-id": "ada", "x-memproxy-session": sessionId },
    body: JSON.stringify(chat.body(false, QUESTION)),
  })
  const id = answer.headers.get("x-memproxy-request-id")
  const entry = async () => (await fetch(`${rig.proxy.url}/api/requests/${id}`, { headers: auth })).json()
  await eventually("the answer was looked at", async () => (await entry()).signals?.answers === 1)
  return { memory: answer.headers.get("x-memproxy-memory"), entry }
}

test("a session held out gets no memories and is counted apart; uptake is seen in the others", async () => {
  supermemory.learn("ada", "The staging database is called pg-heron-7.")
  rig.provider.script((request) => answerIn(request, { text: "It is pg-heron-7." }))
  const held = await ask(session(true))
  expect(held.memory).toBe("skip; reason=holdout")
  expect(rig.provider.received.at(-1)!.text).not.toContain("heron")
  expect((await held.entry()).signals).toMatchObject({ memory_on: 1, held_out: 1 })
  const other = await ask(session(false))
  expect(other.memory).toStartWith("hit; ")
  expect((await other.entry()).signals).toMatchObject({ memory_on: 1, injected: 1, memories_used: 1 })
  const report = await (await fetch(`${rig.proxy.url}/api/quality?group_by=memory`, { headers: auth })).json()
  expect(report.holdout.requests).toEqual({ on: 1, held_out: 1 })
  expect(report.holdout.compared.find((one: Loose) => one.signal === "success")).toMatchObject({
    difference: 0,
    few: true,
  })
})

test("a memory that the answer says nothing of was not taken up", async () => {
  supermemory.learn("ada", "The staging database is called pg-heron-7.")
  rig.provider.script((request) => answerIn(request, { text: "I do not know." }))
  const { entry } = await ask(session(false))
  const { signals } = await entry()
  expect(signals.memories).toBeGreaterThan(0)
  expect(signals.memories_used).toBeUndefined()
})
