/** LiteLLM's spend routes over a real ledger: shapes as its tools expect them, sums as our own. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { MASTER, type Memproxy, startMemproxy } from "../support/memproxy.ts"
import { spendApi } from "../../src/api/spend.ts"
import { openStore } from "../../src/store/open.ts"
import { detailOf, rowAt, temporaryDirectories } from "../store/sample.ts"
import { join } from "node:path"
import type { Loose } from "../support/json.ts"

const directories = temporaryDirectories()
const T0 = Date.UTC(2026, 2, 29, 12)
const DAY = 86_400_000
let proxy: Memproxy

beforeAll(async () => {
  const dir = directories.make()
  const store = openStore(join(dir, "data"), { warn: console.error })
  const add = (id: string, at: number, model: string, spend: number, more = {}) =>
    store.ledger.append(
      rowAt(at, { id, model, cost_usd: spend, billed_usd: spend, key_alias: "ci", ...more }),
      detailOf(),
    )
  add("r1", T0, "a", 1)
  add("r2", T0 + 1000, "b", 2, { outcome: "upstream-failed" })
  add("r3", T0 + DAY, "a", 4, { user_id: "bob" })
  add("r4", T0 + 2 * DAY, "a", 8)
  await store.close()
  const models = [
    { model_name: "ready", litellm_params: { model: "openai/x", api_key: "sk-none" } },
    { model_name: "unready", litellm_params: { model: "openai/y", api_key: "os.environ/NOT_SET_ANYWHERE" } },
  ]
  proxy = await startMemproxy({ dir, config: { general_settings: { master_key: MASTER }, model_list: models } })
})
afterAll(async () => {
  await proxy.stop()
  directories.remove()
})

async function get(path: string): Promise<Loose> {
  const answer = await fetch(proxy.url + path, { headers: { authorization: `Bearer ${MASTER}` } })
  expect([path, answer.status]).toEqual([path, 200])
  return answer.json()
}

test("the master key is needed, and parameters are checked by name", async () => {
  for (const path of ["/spend/logs", "/global/spend", "/user/daily/activity"])
    expect((await fetch(proxy.url + path)).status).toBe(401)
  const headers = { authorization: `Bearer ${MASTER}` }
  const wrong = await fetch(`${proxy.url}/user/daily/activity?page=0`, { headers })
  expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining("page must be")])
  expect((await fetch(`${proxy.url}/spend/logs?start_date=soon`, { headers })).status).toBe(400)
})

test("/spend/logs gives rows, one row, or days", async () => {
  expect((await get("/spend/logs")).map((log: Loose) => [log.request_id, log.spend, log.status])).toEqual([
    ["r4", 8, "success"],
    ["r3", 4, "success"],
    ["r2", 2, "failure"],
    ["r1", 1, "success"],
  ])
  expect((await get("/spend/logs?request_id=r3"))[0]).toMatchObject({
    user: "bob",
    model_group: "a",
    prompt_tokens: 1200,
  })
  expect(await get("/spend/logs?start_date=2026-03-29&end_date=2026-03-30")).toEqual([
    { startTime: "2026-03-29", spend: 3, models: { b: 2, a: 1 }, users: { ada: 3 } },
    { startTime: "2026-03-30", spend: 4, models: { a: 4 }, users: { bob: 4 } },
  ])
  // Python writes it so
  const rows = await get("/spend/logs?start_date=2026-03-30&end_date=2026-03-31&summarize=False")
  expect(rows.map((log: Loose) => [log.request_id, log.call_type, log.team_id])).toEqual([
    ["r4", "anthropic_messages", null],
    ["r3", "anthropic_messages", null],
  ])
})

test("an end that is a time is that time, and not the end of its day", async () => {
  const span = (end: string) => get(`/spend/logs?start_date=2026-03-30&end_date=${end}&summarize=false`)
  expect([(await span("2026-03-30")).length, (await span("2026-03-30T00:00:00")).length]).toEqual([1, 0])
})

test("/spend/logs/v2 gives rows in pages, and how many there are", async () => {
  const page = (more: string) => get(`/spend/logs/v2?start_date=2026-03-29 00:00:00&page_size=2&${more}`)
  const idsOf = ({ data }: Loose) => data.map((log: Loose) => log.request_id)
  const first = await page("page=1")
  expect([idsOf(first), first.total, first.page, first.page_size, first.total_pages]).toEqual([
    ["r4", "r3"],
    4,
    1,
    2,
    2,
  ])
  expect(idsOf(await page("page=2"))).toEqual(["r2", "r1"])
  expect(idsOf(await page("page=3"))).toEqual([])
  expect(idsOf(await page("model_group=b"))).toEqual(["r2"])
})

test("/spend/logs leaves none of thousands of rows out", async () => {
  const store = openStore(directories.make(), { warn: console.error })
  for (let count = 0; count < 2_345; count++) store.ledger.append(rowAt(T0 + count, { id: `n${count}` }), detailOf())
  const app = spendApi({ ledger: store.ledger, admit: () => {} })
  const logs = (await (await app.handle(new Request("http://localhost/spend/logs"))).json()) as Loose[]
  expect(new Set(logs.map((log) => log.request_id)).size).toBe(2_345)
  await store.close()
})

test("/global sums by day, model, key and provider", async () => {
  expect(await get("/global/spend")).toEqual({ spend: 15, max_budget: null })
  expect(await get("/global/spend/logs?start_date=2026-03-30")).toEqual([
    { date: "2026-03-30", spend: 4 },
    { date: "2026-03-31", spend: 8 },
  ])
  expect(await get("/global/spend/models?limit=1")).toEqual([{ model: "a", total_spend: 13 }])
  expect(await get("/global/spend/keys")).toEqual([{ api_key: "ci", key_alias: "ci", key_name: "ci", total_spend: 15 }])
  expect(await get("/global/spend/provider")).toEqual([{ provider: "anthropic", spend: 15 }])
  expect(await get("/global/activity")).toMatchObject({ sum_api_requests: 4, sum_total_tokens: 4 * 1280 })
  expect(await get("/global/activity/model?start_date=2026-03-30")).toEqual([
    {
      model: "a",
      daily_data: [
        { date: "2026-03-30", api_requests: 1, total_tokens: 1280 },
        { date: "2026-03-31", api_requests: 1, total_tokens: 1280 },
      ],
      sum_api_requests: 2,
      sum_total_tokens: 2560,
    },
  ])
})

test("/spend/keys, /spend/users and /spend/tags tell who spent, the most first", async () => {
  expect(await get("/spend/keys")).toEqual([
    {
      token: "ci",
      key_name: "ci",
      key_alias: "ci",
      spend: 15,
      max_budget: null,
      budget_duration: null,
      models: [],
    },
  ])
  const users = await get("/spend/users")
  expect(users.map((user: Loose) => [user.user_id, user.spend])).toEqual([
    ["ada", 11],
    ["bob", 4],
  ])
  expect(await get("/spend/users?user_id=bob")).toEqual([users[1]])
  expect(await get("/spend/tags?start_date=2026-03-30")).toEqual([
    { individual_request_tag: "User-Agent: claude-code", log_count: 2, total_spend: 12 },
  ])
})

test("/user/daily/activity has days, newest first, with their parts, in pages", async () => {
  const { results, metadata } = await get("/user/daily/activity?page_size=2")
  expect(results.map((day: Loose) => [day.date, day.metrics.spend])).toEqual([
    ["2026-03-31", 8],
    ["2026-03-30", 4],
  ])
  expect(metadata).toMatchObject({
    total_spend: 15,
    total_api_requests: 4,
    total_failed_requests: 1,
    page: 1,
    total_pages: 2,
    has_more: true,
  })
  const last = await get("/user/daily/activity?page_size=2&page=2")
  expect(last.results[0].breakdown.models.b.metrics).toMatchObject({
    spend: 2,
    failed_requests: 1,
    prompt_tokens: 1200,
  })
  expect([last.results.length, last.metadata.has_more]).toEqual([1, false])
})

test("/health names the deployments to the master key alone", async () => {
  expect(await get("/health")).toMatchObject({
    status: "healthy",
    healthy_count: 1,
    unhealthy_count: 1,
    unhealthy_endpoints: [{ model_name: "unready", error: expect.stringContaining("NOT_SET_ANYWHERE") }],
  })
  expect(await (await fetch(`${proxy.url}/health`)).json()).not.toHaveProperty("healthy_endpoints")
})
