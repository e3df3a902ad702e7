/** The ledger from outside: one row a call, its fields, its pages, who may read it. */
import { describe, expect, test } from "bun:test"
import { defaultAnswer } from "../support/answers.ts"
import { callBytes, chat, claude, lanes } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { requestBytes } from "../support/raw-http.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig(() => ({
  models: [
    {
      model_name: "priced",
      litellm_params: { model: "openai/up-chat", api_base: "http://127.0.0.1:1/v1", api_key: "k" },
    },
  ],
}))
const auth = { authorization: `Bearer ${MASTER}` }
const get = async (path: string) => (await rig.ask(requestBytes("GET", path, auth))).json

const FIELDS =
  "id started_at duration_ms ttft_ms overhead_ms memory_ms client client_version client_guess user_id project session_id key_alias model upstream_model provider dialect_in dialect_out stream status outcome error_type retries fallbacks input_tokens cache_read_tokens cache_write_tokens cache_write_1h_tokens output_tokens reasoning_tokens estimated cost_usd billed_usd price_source finish_reason tool_calls lossy memory_status memories_injected memory_tokens quality".split(
    " ",
  )

test("a row has exactly the contract's fields, in the contract's units", async () => {
  for (const lane of lanes)
    for (const stream of [false, true]) {
      const sentAt = Date.now()
      const answer = await rig.ask(
        callBytes(lane, {
          stream,
          headers: { "user-agent": "curl/8.5.0", "x-request-id": "mine", "x-memproxy-request-id": "mine" },
        }),
      )
      const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
      expect(Object.keys(row).sort()).toEqual([...FIELDS].sort())
      expect(row.id).not.toBe("mine")
      expect(row.started_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(Math.abs(Date.parse(row.started_at) - sentAt)).toBeLessThan(2000)
      expect(row).toMatchObject({
        client: "curl",
        client_version: "8.5.0",
        model: lane.model,
        upstream_model: lane.upstreamModel,
        dialect_in: lane.dialect,
        dialect_out: lane.dialect,
        stream,
        status: 200,
        outcome: "done",
        error_type: null,
        retries: 0,
        fallbacks: 0,
        input_tokens: 25,
        cache_read_tokens: 10,
        cache_write_tokens: 0,
        output_tokens: 9,
        estimated: false,
        tool_calls: 0,
        lossy: [],
        memories_injected: 0,
        cost_usd: null,
      })
      expect(row.finish_reason).toMatch(/stop|end_turn|completed/i)
      for (const field of ["duration_ms", "overhead_ms"] as const) expect(row[field]).toBeGreaterThanOrEqual(0)
      if (stream) expect(row.ttft_ms).toBeGreaterThanOrEqual(0)
      expect(row.duration_ms).toBeGreaterThanOrEqual(row.ttft_ms ?? 0)
    }
})

test("a key that was pasted in the model's place is in no row", async () => {
  const key = "sk-ant-api03-a1B2c3D4e5F6g7H8"
  const answer = await rig.ask(callBytes(chat, { body: JSON.stringify({ ...chat.body(false), model: key }) }))
  expect(answer.status).toBe(404)
  expect((await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).model).toBe("[redacted]")
})

test("tool calls are counted in each dialect", async () => {
  const { answerIn } = await import("../support/answers.ts")
  rig.provider.script((request) =>
    answerIn(request, {
      tools: [
        { name: "a", args: {} },
        { name: "b", args: { x: 1 } },
      ],
    }),
  )
  for (const lane of lanes)
    for (const stream of [false, true]) {
      const answer = await rig.ask(callBytes(lane, { stream }))
      expect([
        lane.dialect,
        stream,
        (await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)).tool_calls,
      ]).toEqual([lane.dialect, stream, 2])
    }
})

describe("reading it", () => {
  test("a read sees the call that has just ended, newest first", async () => {
    for (let turn = 0; turn < 20; turn++) {
      const answer = await rig.ask(callBytes(lanes[turn % 4]!))
      expect((await get("/api/requests?limit=1")).data[0].id).toBe(answer.headers["x-memproxy-request-id"])
    }
  })

  test("pages meet without a gap and without a row twice, also while rows come in", async () => {
    for (let turn = 0; turn < 12; turn++) await rig.ask(callBytes(chat, { headers: { "x-memory-session": "pages" } }))
    const ids: string[] = []
    let cursor: string | null = null
    do {
      const page = await get(
        `/api/requests?session_id=pages&limit=5${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`,
      )
      ids.push(...page.data.map((row: { id: string }) => row.id))
      cursor = page.next_cursor
      if (ids.length === 5) await rig.ask(callBytes(chat, { headers: { "x-memory-session": "pages" } }))
    } while (cursor)
    expect(ids.length).toBe(12)
    expect(new Set(ids).size).toBe(12)
  })

  test("filters select, bad ones are a 400, one row can be fetched with its timeline", async () => {
    const answer = await rig.ask(callBytes(claude, { headers: { "x-memory-user-id": "filter-me" } }))
    const id = answer.headers["x-memproxy-request-id"]!
    const mine = await get("/api/requests?user_id=filter-me")
    expect(mine.data.map((row: { id: string }) => row.id)).toEqual([id])
    expect((await get("/api/requests?user_id=filter-me&outcome=rejected")).data).toEqual([])
    expect((await get(`/api/requests?user_id=filter-me&from=${Date.now() + 60_000}`)).data).toEqual([])
    expect(
      (await get(`/api/requests?user_id=filter-me&from=${encodeURIComponent(mine.data[0].started_at)}`)).data.length,
    ).toBe(1)
    for (const query of ["limit=0", "limit=1001", "limit=x", "from=yesterday-ish", "outcome=great", "cursor=zzz"])
      expect([query, (await rig.ask(requestBytes("GET", `/api/requests?${query}`, auth))).status]).toEqual([query, 400])
    const one = await get(`/api/requests/${id}`)
    expect(one.id ?? one.data?.id).toBe(id)
    expect((await rig.ask(requestBytes("GET", "/api/requests/none", auth))).status).toBe(404)
  })

  test("filters are data, not SQL", async () => {
    for (const evil of ["' OR '1'='1", "x'; DROP TABLE requests;--", "%", "*", "\0", '"'])
      for (const field of ["client", "user_id", "project", "session_id", "model", "key"]) {
        const answer = await rig.ask(requestBytes("GET", `/api/requests?${field}=${encodeURIComponent(evil)}`, auth))
        expect([evil, field, answer.status === 200 ? answer.json.data.length : 0]).toEqual([evil, field, 0])
      }
    expect((await get("/api/requests")).data.length).toBeGreaterThan(0)
  })

  test("usage adds up to the rows", async () => {
    const rows = await rig.proxy.rows()
    const { rows: byModel, totals } = await get("/api/usage?group_by=model")
    const sum = (name: "input_tokens" | "output_tokens") => rows.reduce((all, row) => all + (row[name] ?? 0), 0)
    expect([totals.requests, totals.input_tokens, totals.output_tokens]).toEqual([
      rows.length,
      sum("input_tokens"),
      sum("output_tokens"),
    ])
    expect(byModel.reduce((all: number, row: { requests: number }) => all + row.requests, 0)).toBe(rows.length)
    for (const group of ["client", "user", "project", "session", "key", "provider", "day", "hour", "model,client"])
      expect([group, (await rig.ask(requestBytes("GET", `/api/usage?group_by=${group}`, auth))).status]).toEqual([
        group,
        200,
      ])
    expect((await rig.ask(requestBytes("GET", "/api/usage?group_by=nonsense", auth))).status).toBe(400)
  })

  const strangers: Record<string, string>[] = [{}, { authorization: "Bearer wrong" }, { "x-api-key": "wrong" }]
  test("only the key opens it: every read route is a 401 without, and with a wrong one", async () => {
    for (const path of ["/api/requests", "/api/requests/x", "/api/usage", "/api/requests/stream", "/model/info"])
      for (const headers of strangers)
        expect([path, (await rig.ask(requestBytes("GET", path, headers))).status]).toEqual([path, 401])
  })

  test("a probe, a model list and a read make no row", async () => {
    const before = (await rig.proxy.rows()).length
    for (const path of ["/v1/models", "/health", "/api/usage", "/memory-routing/info", "/swagger/json"])
      await rig.ask(requestBytes("GET", path, auth))
    expect((await rig.proxy.rows()).length).toBe(before)
  })
})

for (const lane of lanes)
  for (const stream of [false, true])
    test(`${lane.dialect}: ${stream ? "a stream" : "an answer"} of a provider that does not count is counted by estimate, and marked so`, async () => {
      rig.provider.script((request) => {
        const { body, pieces, ...answer } = defaultAnswer(request)
        const uncounted = (text: unknown) => String(text).replaceAll(/"usage(Metadata)?"/g, '"uncounted"')
        return {
          ...answer,
          ...(body === undefined ? { pieces: [...(pieces as string[])].map(uncounted) } : { body: uncounted(body) }),
        }
      })
      const answer = await rig.ask(callBytes(lane, { stream }))
      const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
      expect(row).toMatchObject({ outcome: "done", estimated: true, cache_read_tokens: 0 })
      for (const tokens of [row.input_tokens!, row.output_tokens!]) {
        expect(tokens).toBeGreaterThan(2)
        expect(tokens).toBeLessThan(80)
      }
    })
