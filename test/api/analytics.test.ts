/** `/api/requests` and `/api/usage` over real sockets and a real ledger: who sees what, what is refused and how, the live stream. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { swagger } from "@elysiajs/swagger"
import { Elysia } from "elysia"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createLiveRows } from "../../src/api/live.ts"
import { requestsApi } from "../../src/api/requests.ts"
import { usageApi } from "../../src/api/usage.ts"
import { type LedgerRow, Refusal } from "../../src/exchange.ts"
import type { Ledger } from "../../src/store/ledger.ts"
import { openStore } from "../../src/store/open.ts"
import { detailOf, entryOf, rowAt, until } from "../store/sample.ts"

const T0 = Date.UTC(2026, 0, 1)
const dir = mkdtempSync(join(tmpdir(), "memproxy-api-"))
const store = openStore(dir, { warn: console.error })
const { ledger } = store
const stopping = new AbortController()

/** A caller says who they are in a header: `ada` sees her own rows, `master` all, nobody none. */
function scope(request: Request) {
  const who = request.headers.get("x-who")
  if (who === null) throw new Refusal(401, "authentication", "A key is needed.")
  return { userId: who === "master" ? null : who }
}

const app = new Elysia()
  .onError(({ error, code }) => {
    if (error instanceof Refusal)
      return Response.json({ error: error.message, param: error.param }, { status: error.status })
    return Response.json({ error: String(code) }, { status: code === "NOT_FOUND" ? 404 : 500 })
  })
  .use(requestsApi({ ledger, bodies: { get: () => null }, scope, stopping: stopping.signal, heartbeatMs: 20 }))
  .use(usageApi({ ledger, scope }))
  .use(swagger({ path: "/page", specPath: "/swagger/json" }))

const rows = Array.from({ length: 5 }, (_, index) =>
  rowAt(T0 + index * 3_600_000, {
    user_id: index % 2 ? "bob" : "ada",
    model: `m${index}`,
    cost_usd: index,
    billed_usd: index,
  }),
)
let base = ""

beforeAll(() => {
  app.listen({ port: 0, hostname: "127.0.0.1" })
  base = app.server!.url.origin
  for (const row of rows) ledger.append(row, detailOf())
})
afterAll(async () => {
  await app.stop(true)
  await store.close()
  rmSync(dir, { recursive: true, force: true })
})

const get = (path: string, who: string | null = "master", init: RequestInit = {}) =>
  fetch(base + path, { ...init, headers: who === null ? {} : { "x-who": who } })
const json = async (path: string, who?: string) => (await get(path, who)).json()

test("rows come newest first and page by cursor, the last page saying so", async () => {
  const first = await json("/api/requests?limit=2")
  expect(first.data).toEqual([rows[4], rows[3]])
  const second = await json(`/api/requests?limit=2&cursor=${first.next_cursor}`)
  expect(second.data).toEqual([rows[2], rows[1]])
  const third = await json(`/api/requests?limit=2&cursor=${second.next_cursor}`)
  expect(third).toEqual({ data: [rows[0]], next_cursor: null })
})

test("times are ISO 8601 in any offset, or epoch milliseconds; empty parameters count as absent", async () => {
  const found = async (query: string) => (await json(`/api/requests?${query}`)).data.map((row: LedgerRow) => row.model)
  expect(await found("from=2026-01-01T03:00:00Z")).toEqual(["m4", "m3"])
  expect(await found(`from=${T0 + 3 * 3_600_000}&client=&cursor=`)).toEqual(["m4", "m3"])
  expect(await found("from=2026-01-01T05:00:00+02:00")).toEqual(["m4", "m3"]) // the plus arrives as a space
  expect(await found("from=2026-01-01T05:00:00%2B0200&to=2026-01-01 04:00")).toEqual(["m3"])
  expect(await found("to=2026-01-01")).toEqual([])
})

test("one request comes with its detail; an unknown id is a 404 that says where ids are", async () => {
  expect(await json(`/api/requests/${rows[1]!.id}`)).toEqual({
    ...entryOf(rows[1]!, detailOf()),
    feedback: [],
    bodies: null,
  })
  const missing = await get("/api/requests/nope")
  expect(missing.status).toBe(404)
  expect(await missing.text()).toContain("x-memproxy-request-id")
})

test("a key of one user sees that user's rows alone, on every route", async () => {
  expect((await json("/api/requests", "ada")).data.map((row: LedgerRow) => row.user_id)).toEqual(["ada", "ada", "ada"])
  expect((await get(`/api/requests/${rows[1]!.id}`, "ada")).status).toBe(404)
  expect((await get(`/api/requests/${rows[0]!.id}`, "ada")).status).toBe(200)
  expect((await json("/api/usage?group_by=user", "ada")).totals.requests).toBe(3)
  for (const path of ["/api/requests?user_id=bob", "/api/usage?user_id=bob", "/api/requests/stream?user_id=bob"]) {
    expect((await get(path, "ada")).status).toBe(403)
  }
  expect((await json("/api/requests?user_id=ada", "ada")).data).toHaveLength(3)
})

test("who may not ask is told so before anything else is looked at", async () => {
  for (const path of ["/api/requests?limit=x", "/api/requests/1", "/api/requests/stream?x=1", "/api/usage?tz=x"]) {
    expect((await get(path, null)).status).toBe(401)
  }
})

const WRONG: [path: string, param: string, says: string][] = [
  ["/api/requests?limit=0", "limit", "1 to 1000"],
  ["/api/requests?limit=1001", "limit", "1 to 1000"],
  ["/api/requests?limit=1e2", "limit", "1 to 1000"],
  ["/api/requests?from=yesterday", "from", "ISO 8601"],
  ["/api/requests?to=2026-02-30", "to", "ISO 8601"],
  ["/api/requests?to=2026-01-01T25:00Z", "to", "epoch"],
  ["/api/requests?outcome=ok", "outcome", "done, client-left, upstream-failed, rejected"],
  ["/api/requests?cursor=abc", "cursor", "next_cursor"],
  ["/api/requests?clinet=codex", "clinet", "client"],
  ["/api/requests?client=a&client=b", "client", "once"],
  ["/api/requests?unknown=clients", "unknown", "client, user_id, project"],
  ["/api/requests?unknown=client&client=a", "client", "unknown"],
  ["/api/requests/stream?limit=3", "limit", "client"],
  ["/api/usage?group_by=colour", "group_by", "model, client, user"],
  ["/api/usage?group_by=model,client,user", "group_by", "one or two"],
  ["/api/usage?group_by=model,model", "group_by", "different"],
  ["/api/usage?tz=Mars/Olympus", "tz", "Europe/Berlin"],
  ["/api/usage?limit=0", "limit", "1 to 1000000"],
]
test.each(WRONG)("%s is refused by name, with what is allowed", async (path, param, says) => {
  const answer = await get(path)
  expect(answer.status).toBe(400)
  const body = await answer.json()
  expect(body.param).toBe(param)
  expect(body.error).toContain(says)
})

test("usage groups by model unless told, takes two groups either way, and reads times in the zone asked for", async () => {
  expect((await json("/api/usage")).rows.map((row: { key: string }) => row.key)).toEqual(["m4", "m3", "m2", "m1", "m0"])
  const some = await json("/api/usage?limit=2")
  expect([some.rows.map((row: { key: string }) => row.key), some.rows_total]).toEqual([["m4", "m3"], 5])
  expect(await json("/api/usage?limit=all")).toEqual(await json("/api/usage"))
  const comma = await json("/api/usage?group_by=user,day")
  expect(comma.rows.map((row: { key: string[] }) => row.key)).toEqual([
    ["ada", "2026-01-01"],
    ["bob", "2026-01-01"],
  ])
  expect(await json("/api/usage?group_by=user&group_by=day")).toEqual(comma)
  expect((await json("/api/usage?from=2026-01-01&tz=Europe/Berlin")).totals.requests).toBe(5)
  expect((await json("/api/usage?from=2026-01-01&tz=America/New_York")).totals.requests).toBe(0)
  expect((await json("/api/usage?from=2026-01-01T00:00&tz=Atlantic/Azores")).totals.requests).toBe(4)
})

/** Collects a stream's text until it ends or is aborted. */
function listen(path: string, who: string) {
  const leave = new AbortController()
  const heard = { text: "", isOver: false, leave: () => leave.abort() }
  void (async () => {
    try {
      const { body } = await get(path, who, { signal: leave.signal })
      for await (const part of body!.pipeThrough(new TextDecoderStream())) heard.text += part
    } catch (error) {
      if (!leave.signal.aborted) throw error
    }
    heard.isOver = true
  })()
  return heard
}

test("new rows arrive as events, filtered by user and query, with comments in silence; a stop ends the streams", async () => {
  const all = listen("/api/requests/stream", "master")
  const adas = listen("/api/requests/stream?model=live", "ada")
  const leaver = listen("/api/requests/stream", "master")
  await until(() => [all, adas, leaver].every(({ text }) => text.includes(":")), "the streams open")
  leaver.leave()
  await until(() => leaver.isOver, "one leaves")
  const [hers, his, other] = [
    rowAt(T0, { user_id: "ada", model: "live" }),
    rowAt(T0, { user_id: "bob", model: "live" }),
    rowAt(T0, { user_id: "ada", model: "else" }),
  ]
  for (const row of [hers, his, other]) ledger.append(row, detailOf())
  await until(() => all.text.includes(other.id) && adas.text.includes(hers.id), "the rows arrive by themselves")
  expect(all.text).toContain(`id: ${his.id}\ndata: ${JSON.stringify(his)}\n\n`)
  expect(adas.text).not.toContain(his.id)
  expect(adas.text).not.toContain(other.id)
  await until(() => adas.text.includes(": still here\n\n"), "a heartbeat")
  expect([all.isOver, adas.isOver]).toEqual([false, false])
  stopping.abort()
  await until(() => all.isOver && adas.isOver, "the streams end")
})

test("a listener that does not read is cut off, and leaves its place to others", async () => {
  const live = createLiveRows()
  const listening = new Set<Parameters<Ledger["subscribe"]>[0]>()
  const subscribe: Ledger["subscribe"] = (listener) => {
    listening.add(listener)
    return () => void listening.delete(listener)
  }
  const open = () => live.open({ ledger: { subscribe }, matches: () => true, signal: undefined, heartbeatMs: 60_000 })
  const idle = open()
  for (let index = 0; index < 2_001; index++) for (const listener of listening) listener(rows[0]!, detailOf())
  expect(listening.size).toBe(0)
  expect((await idle.text()).split("\n\ndata").length).toBeLessThanOrEqual(2_001)
  const others = Array.from({ length: 100 }, open)
  expect(open).toThrow("100 listeners")
  await others[0]!.body!.cancel()
  await open().body!.cancel()
  for (const other of others.slice(1)) await other.body!.cancel()
})

test("all four routes are described, with parameters and errors", async () => {
  const { paths } = await json("/swagger/json")
  for (const path of ["/api/requests", "/api/requests/stream", "/api/requests/{id}", "/api/usage"]) {
    const { summary, responses } = paths[path].get
    expect(summary).toBeString()
    expect(Object.keys(responses)).toContain("401")
  }
  expect(paths["/api/usage"].get.parameters.map((one: { name: string }) => one.name)).toContain("group_by")
  expect(
    Object.keys(
      paths["/api/requests"].get.responses[200].content["application/json"].schema.properties.data.items.properties,
    ),
  ).toEqual(Object.keys(rows[0]!))
})

test("requests are found by why they failed", async () => {
  const failed = ["timeout", "rate_limit", null].map((error_type) =>
    rowAt(T0 - 3000, { user_id: "zoe", error_type, outcome: error_type === null ? "done" : "upstream-failed" }),
  )
  for (const row of failed) ledger.append(row, detailOf())
  const found = async (query: string) =>
    (await json(`/api/requests?user_id=zoe&${query}`)).data.map((row: LedgerRow) => row.error_type)
  expect(await found("error_type=timeout")).toEqual(["timeout"])
  expect(await found("outcome=upstream-failed&error_type=rate_limit")).toEqual(["rate_limit"])
  expect(await found("unknown=error_type")).toEqual([null])
  expect((await json("/api/usage?user_id=zoe&error_type=timeout&group_by=model")).totals).toMatchObject({ requests: 1 })
})

test("what is not known of a request is asked for by its name, and no text means it", async () => {
  const nameless = [
    rowAt(T0 - 2000, { client: null, model: "x", project: null, cost_usd: 0, billed_usd: 0, user_id: "eve" }),
    rowAt(T0 - 1000, { client: null, model: "null", cost_usd: 0, billed_usd: 0, user_id: "eve" }),
  ]
  for (const row of nameless) ledger.append(row, detailOf({ project_key: row.project && "k" }))
  const found = async (query: string) =>
    (await json(`/api/requests?user_id=eve&${query}`)).data.map((row: LedgerRow) => row.model)
  expect(await found("unknown=client")).toEqual(["null", "x"])
  expect(await found("unknown=client, project")).toEqual(["x"])
  expect(await found("unknown=client&unknown=project")).toEqual(["x"])
  expect(await found("unknown=model")).toEqual([])
  expect(await found("client=null")).toEqual([])
  expect((await json("/api/usage?user_id=eve&unknown=project&group_by=client")).rows).toMatchObject([
    { key: null, requests: 1 },
  ])
  expect((await get("/api/requests?unknown=user_id", "ada")).status).toBe(403)
})
