/** `/api/quality` and `/api/feedback` over real sockets and a real ledger. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { Elysia } from "elysia"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { feedbackApi } from "../../src/api/feedback.ts"
import { qualityApi } from "../../src/api/quality.ts"
import { Refusal } from "../../src/exchange.ts"
import type { Counts } from "../../src/store/counters.ts"
import { openStore } from "../../src/store/open.ts"
import { scoreOf } from "../../src/usage/quality-score.ts"
import { detailOf, rowAt } from "../store/sample.ts"
import type { Loose } from "../support/json.ts"

const T0 = Date.UTC(2026, 0, 1)
const dir = mkdtempSync(join(tmpdir(), "memproxy-quality-"))
const store = openStore(dir, { warn: console.error, scoreOf })
const { ledger } = store

function scope(request: Request) {
  const who = request.headers.get("x-who")
  if (who === null) throw new Refusal(401, "authentication", "A key is needed.")
  return { userId: who === "master" ? null : who }
}
const app = new Elysia()
  .onError(({ error }) =>
    error instanceof Refusal
      ? Response.json({ error: error.message, param: error.param, code: error.code }, { status: error.status })
      : Response.json({ error: String(error) }, { status: 500 }),
  )
  .use(qualityApi({ ledger, scope, backlog: () => ({ waiting: 1, dropped: 2 }) }))
  .use(feedbackApi({ ledger, scope, readBody: (request) => request.text(), arrivedAt: () => T0 }))

let base = ""
beforeAll(() => {
  app.listen({ port: 0, hostname: "127.0.0.1" })
  base = app.server!.url.origin
})
afterAll(async () => {
  await app.stop(true)
  await store.close()
  rmSync(dir, { recursive: true, force: true })
})

const quality = async (query: string, who = "master"): Promise<Loose> =>
  (await fetch(`${base}/api/quality?${query}`, { headers: { "x-who": who } })).json()
const say = (body: unknown, who: string | null = "master", more: Record<string, string> = {}) =>
  fetch(`${base}/api/feedback`, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: who === null ? more : { "x-who": who, ...more },
  })

let hour = 0
function add(signals: Counts, row: Parameters<typeof rowAt>[1] = {}): string {
  const made = rowAt(T0 + hour++ * 3_600_000, { user_id: "ada", quality: scoreOf(signals), ...row })
  ledger.append(made, detailOf({ signals }))
  return made.id
}

test("groups carry composite, rates, speed and ratios; few cases are marked; others' rows stay unseen", async () => {
  for (let index = 0; index < 30; index++)
    add(
      {
        asked: 1,
        tried: 1,
        succeeded: index < 27 ? 1 : 0,
        answers: 1,
        well_formed: 1,
        turns_done: 1,
        streamed: 1,
        first_content_ms: 10 * (index + 1),
        per_token_us: 20_000,
      },
      {
        model: "m-a",
        session_id: "a",
        input_tokens: 1000,
        cache_read_tokens: 900,
        output_tokens: 50,
        reasoning_tokens: 10,
        cost_usd: 0.01,
      },
    )
  add({ asked: 1, tried: 1, succeeded: 1, memory_on: 1, held_out: 1 }, { model: "m-b", user_id: "bob", client: null })
  const { rows, totals, backlog, signals } = await quality("group_by=model")
  const [a, b] = rows
  expect([a.key, b.key, totals.requests]).toEqual(["m-a", "m-b", 31])
  expect(a.signals.success).toMatchObject({ rate: 0.9, hits: 27, n: 30, few: false })
  expect(b.signals.success).toMatchObject({ n: 1, few: true })
  expect(a.quality.score).toBeCloseTo((100 * (0.3 * 0.9 + 0.1)) / 0.4, 9)
  expect(a.speed.ttft_ms).toEqual({ n: 30, p50: 150, p90: 270, p99: 300 })
  expect(a.speed.tokens_per_second.p50).toBe(50)
  expect(a.efficiency).toMatchObject({ cache_hit_ratio: 0.9, output_input_ratio: 0.05, reasoning_share: 0.2 })
  expect(a.efficiency.cost_per_turn_usd).toBeCloseTo(0.01, 9)
  expect(backlog).toEqual({ waiting: 1, dropped: 2 })
  expect(signals.map(({ name }: Loose) => name)).toEqual(Object.keys(a.signals))
  expect((await quality("group_by=model", "bob")).rows.map((row: Loose) => row.key)).toEqual(["m-b"])
  expect((await quality("group_by=client,day&user_id=bob")).rows[0].key).toEqual([null, "2026-01-02"])
})

test("by memory, sessions held out are compared with the others", async () => {
  for (let index = 0; index < 40; index++) {
    add({ asked: 1, memory_on: 1, followed: 1, accepted: index < 36 ? 1 : 0 }, { model: "m-c" })
    add({ asked: 1, memory_on: 1, held_out: 1, followed: 1, accepted: index < 20 ? 1 : 0 }, { model: "m-c" })
  }
  add({ asked: 1 }, { model: "m-c" })
  const { rows, holdout } = await quality("group_by=memory&model=m-c")
  expect(Object.fromEntries(rows.map((row: Loose) => [row.key, row.requests]))).toEqual({
    on: 40,
    "held-out": 40,
    off: 1,
  })
  const accepted = holdout.compared.find((one: Loose) => one.signal === "accepted")
  expect(accepted).toMatchObject({ difference: 0.4, few: false })
  expect(accepted.low).toBeGreaterThan(0.2)
  expect((await quality("group_by=model&model=m-c")).holdout).toBeNull()
})

test("feedback on a request is kept, counted and seen in its quality; the newest word counts", async () => {
  const id = add({ asked: 1, tried: 1, succeeded: 1 }, { model: "m-d" })
  expect((await ledger.get(id))!.quality).toBe(100)
  const answer = await say({ request_id: id, score: -1, comment: "wrong file" })
  expect([answer.status, await answer.json()]).toEqual([201, { request_id: id, score: -1 }])
  expect((await ledger.get(id))!.quality).toBe(75)
  await say({ request_id: id, score: 0.5 }, "ada", { "sec-fetch-site": "same-origin" })
  const { quality: value, signals, feedback } = (await ledger.get(id))!
  expect([value, signals]).toEqual([93.8, { asked: 1, tried: 1, succeeded: 1, rated: 1, rating: 750 }])
  expect(feedback.map(({ score, comment, source }) => [score, comment, source])).toEqual([
    [0.5, null, "dashboard"],
    [-1, "wrong file", "api"],
  ])
  expect((await quality("group_by=model&model=m-d")).rows[0].signals.feedback).toMatchObject({ rate: 0.75, n: 1 })
})

test("feedback on a session goes to its newest answer", async () => {
  add({ asked: 1 }, { session_id: "s-rated" })
  const newest = add({ asked: 1 }, { session_id: "s-rated" })
  add({}, { session_id: "s-rated", outcome: "rejected" })
  expect(await (await say({ session_id: "s-rated", score: 1 })).json()).toEqual({ request_id: newest, score: 1 })
})

const WRONG: [body: unknown, status: number, param: string][] = [
  [{ score: 1 }, 400, "request_id"],
  [{ request_id: "a", session_id: "b", score: 1 }, 400, "request_id"],
  [{ request_id: 7, score: 1 }, 400, "request_id"],
  [{ request_id: "a", score: 1.1 }, 400, "score"],
  [{ request_id: "a", score: "1" }, 400, "score"],
  [{ request_id: "a", score: 1, comment: {} }, 400, "comment"],
  ["[1]", 400, "body"],
  ["{", 400, "body"],
  [{ request_id: "nope", score: 1 }, 404, "request_id"],
  [{ session_id: "' OR 1=1", score: 1 }, 404, "session_id"],
]
test.each(WRONG)("feedback %j is refused with %d, naming %s", async (body, status, param) => {
  const answer = await say(body)
  expect([answer.status, (await answer.json()).param]).toEqual([status, param])
})

test("nobody rates another user's answer, and nobody without a key any", async () => {
  const id = add({ asked: 1 })
  expect((await say({ request_id: id, score: 1 }, "bob")).status).toBe(404)
  expect((await say({ request_id: id, score: 1 }, null)).status).toBe(401)
  expect((await ledger.get(id))!.feedback).toEqual([])
})

test("counts that come later are added to their row, queued or written, and score it anew", async () => {
  const id = add({ asked: 1, tried: 1, succeeded: 1 })
  ledger.count(id, { followed: 1, accepted: 1 })
  expect((await ledger.get(id))!).toMatchObject({ quality: 100, signals: { followed: 1, accepted: 1 } })
  ledger.count(id, { accepted: -1, corrected: 1 })
  ledger.count(id, { answered_turns: 1 })
  const { quality: value, signals } = (await ledger.get(id))!
  expect(signals).toEqual({ asked: 1, tried: 1, succeeded: 1, followed: 1, corrected: 1, answered_turns: 1 })
  expect(value).toBe(54.5)
  ledger.count("gone", { followed: 1 })
  await ledger.flush()
})
