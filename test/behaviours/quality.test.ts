/** Quality end to end: real requests through the proxy, and what the ledger and /api/quality say of them afterwards. */
import { expect, test } from "bun:test"
import { answerIn } from "../support/answers.ts"
import type { Loose } from "../support/json.ts"
import { callBytes, claude, jsonHeaders, lanes } from "../support/lanes.ts"
import { type RawAnswer, requestBytes } from "../support/raw-http.ts"
import { eventually, useRig } from "../support/rig.ts"

const rig = useRig()

const get = async (path: string): Promise<Loose> => (await rig.ask(requestBytes("GET", path, jsonHeaders))).json
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  rig.ask(requestBytes("POST", path, { ...jsonHeaders, ...headers }, JSON.stringify(body)))
const idOf = (answer: RawAnswer) => answer.headers["x-memproxy-request-id"]!
const entry = (answer: RawAnswer) => get(`/api/requests/${idOf(answer)}`)
/** Waits until the answer has been looked at. A stream's row may come a moment after its last byte. */
async function signalsOf(answer: RawAnswer, has: string): Promise<Record<string, number>> {
  let found: Record<string, number> = {}
  await eventually(`${has} of ${idOf(answer)}`, async () => has in (found = (await entry(answer)).signals ?? {}))
  return found
}

const TOOL = {
  name: "Edit",
  description: "edits",
  input_schema: { type: "object", required: ["path"], properties: { path: { type: "string" } } },
}
const asUser = (content: unknown) => ({ role: "user", content })
const ask = (session: string, messages: object[], more: object = {}) =>
  post(
    claude.path(true),
    { model: claude.model, max_tokens: 1000, tools: [TOOL], messages, ...more },
    { "x-memproxy-session": session },
  )

test("a coding session: the edit that failed and the correction are told of the answers they belong to", async () => {
  rig.provider.script((request) => answerIn(request, { tools: [{ name: "Edit", args: { path: "a.ts" } }] }))
  const first = [asUser("Rename foo to bar in a.ts")]
  const edit = await ask("s-1", first, { stream: true })
  const called = (await signalsOf(edit, "calls")) as Loose
  expect(called).toMatchObject({
    asked: 1,
    succeeded: 1,
    calls: 1,
    calls_parsed: 1,
    calls_valid: 1,
    calls_known: 1,
    calls_good: 1,
  })
  const callId = /"id":"([^"]+)","name":"Edit"/.exec(edit.text)?.[1] ?? "toolu_1"

  rig.provider.script((request) => answerIn(request, { text: "Done.\n```ts\nbar()" }))
  const second = [
    ...first,
    { role: "assistant", content: [{ type: "tool_use", id: callId, name: "Edit", input: { path: "a.ts" } }] },
    asUser([{ type: "tool_result", tool_use_id: callId, content: "String to replace not found in file." }]),
  ]
  const done = await ask("s-1", second, { stream: true })
  expect(await signalsOf(done, "unclosed")).toMatchObject({ answers: 1, fenced: 1, unclosed: 1, turns_done: 1 })
  expect(await signalsOf(edit, "results")).toMatchObject({ results: 1, edits: 1, edits_failed: 1 })
  expect((await entry(edit)).signals.calls_good).toBeUndefined()

  const corrected = await ask("s-1", [
    ...second,
    { role: "assistant", content: "Done." },
    asUser("No, that's the wrong file"),
  ])
  expect(await signalsOf(done, "corrected")).toMatchObject({ followed: 1, answered_turns: 1, corrected: 1 })
  await signalsOf(corrected, "answers")
  const rated = await post("/api/feedback", { request_id: idOf(done), score: -1, comment: "wrong file" })
  expect(rated.status).toBe(201)
  const { quality, feedback } = await entry(done)
  expect(feedback).toMatchObject([{ score: -1, comment: "wrong file", source: "api" }])
  // delivery 1, acceptance 0, form 0, explicit 0
  expect(quality).toBe(40)
  const report = await get(`/api/quality?group_by=client&session_id=s-1`)
  expect(report.rows[0].signals).toMatchObject({
    edit_failed: { hits: 1, n: 1, few: true },
    corrected: { hits: 1, n: 1 },
    unclosed_fence: { hits: 2, n: 2 },
    feedback: { rate: 0, n: 1 },
  })
  expect(report.backlog.dropped).toBe(0)
})

test("the same request sent again in the session is a regeneration; in another session it is none", async () => {
  rig.provider.script((request) => answerIn(request, { text: "A poem." }))
  const messages = [asUser("Write a poem about rain")]
  const one = await ask("s-2", messages)
  await ask("s-2", messages)
  expect(await signalsOf(one, "regenerated")).toMatchObject({ followed: 1, regenerated: 1 })
  const other = await ask("s-3", messages)
  const unlike = await ask("s-4", messages)
  await signalsOf(unlike, "answers")
  expect((await entry(other)).signals.followed).toBeUndefined()
})

test("in every dialect, streamed or not, an answer's form and calls are counted alike", async () => {
  rig.provider.script((request) =>
    answerIn(request, { text: "Reading.", tools: [{ name: "unknown", args: { path: 1 } }] }),
  )
  for (const lane of lanes)
    for (const stream of [false, true]) {
      const answer = await rig.ask(callBytes(lane, { stream }))
      const signals = await signalsOf(answer, "calls")
      expect({ lane: lane.dialect, stream, ...signals }).toMatchObject({
        answers: 1,
        well_formed: 1,
        calls: 1,
        calls_parsed: 1,
        calls_good: 1,
      })
    }
})

test("what no model answered has no quality, what failed has a low one", async () => {
  const unknown = await post(claude.path(false), { model: "nobody", max_tokens: 1, messages: [asUser("x")] })
  expect(await entry(unknown)).toMatchObject({ quality: null, signals: {} })
  rig.provider.script(() => ({
    status: 429,
    headers: { "content-type": "application/json" },
    body: '{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}',
  }))
  const limited = await ask("s-5", [asUser("x")])
  expect(await entry(limited)).toMatchObject({ quality: 0, signals: { asked: 1, tried: 1, error_rate: 1 } })
})
