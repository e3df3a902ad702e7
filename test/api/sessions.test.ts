/** `/api/sessions` and `/api/clients` over a real ledger: sums, order, pages, and whose rows they are of. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { Elysia } from "elysia"
import { clientsApi } from "../../src/api/clients.ts"
import { sessionsApi } from "../../src/api/sessions.ts"
import { Refusal } from "../../src/exchange.ts"
import { traitsOf } from "../../src/identify/clients.ts"
import { openStore } from "../../src/store/open.ts"
import { detailOf, rowAt, temporaryDirectories } from "../store/sample.ts"
import type { Loose } from "../support/json.ts"

const T0 = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000
const directories = temporaryDirectories()
const { ledger, close } = openStore(directories.make(), { warn: console.error })
const scope = (request: Request) => ({ userId: request.headers.get("x-who") })
const app = new Elysia()
  .onError(({ error }) =>
    error instanceof Refusal
      ? Response.json({ error: error.message, param: error.param }, { status: error.status })
      : Response.json({ error: String(error) }, { status: 500 }),
  )
  .use(sessionsApi({ ledger, scope }))
  .use(clientsApi({ ledger, scope, traitsOf }))

const get = async (path: string, who: string | null = null): Promise<Loose> =>
  (await app.handle(new Request(`http://localhost${path}`, { headers: who === null ? {} : { "x-who": who } }))).json()
const idsOf = ({ data }: Loose) => data.map((session: Loose) => session.session_id)

let hour = 0
const add = (row: Parameters<typeof rowAt>[1]) => ledger.append(rowAt(T0 + hour++ * HOUR, row), detailOf())

beforeAll(() => {
  add({ session_id: "old", model: "demo", cost_usd: 1, quality: 50 })
  add({ session_id: "mixed", cost_usd: null, user_id: "ada" })
  add({ session_id: null })
  add({ session_id: "old", model: "gpt-5", cost_usd: 2, quality: 100, outcome: "rejected", client_version: "2.2.0" })
  add({
    session_id: "mixed",
    cost_usd: null,
    user_id: "bob",
    client: "jetbrains-ai",
    client_guess: true,
    client_version: null,
  })
  for (let count = 0; count < 6; count++) add({ session_id: `s-${count}`, user_id: "cyd", client: null })
})
afterAll(async () => {
  await close()
  directories.remove()
})

test("a session has the sums of all its requests, and what its newest one says", async () => {
  const { data } = await get("/api/sessions?model=gpt-5")
  expect(data).toEqual([
    {
      session_id: "old",
      client: "claude-code",
      user_id: "ada",
      project: "acme/shop",
      model: "gpt-5",
      started_at: new Date(T0).toISOString(),
      last_at: new Date(T0 + 3 * HOUR).toISOString(),
      requests: 2,
      errors: 1,
      input_tokens: 2400,
      cache_read_tokens: 2000,
      output_tokens: 160,
      cost_usd: 3,
      memories_injected: 0,
      quality: 75,
    },
  ])
})

test("the session with the newest request comes first; pages neither repeat nor miss one, at any size", async () => {
  const all = idsOf(await get("/api/sessions"))
  expect(all).toEqual(["s-5", "s-4", "s-3", "s-2", "s-1", "s-0", "mixed", "old"])
  for (const limit of [1, 2, 3, 7, 8]) {
    const seen: string[] = []
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: Loose = await get(`/api/sessions?limit=${limit}&cursor=${cursor}`)
      seen.push(...idsOf(page))
      cursor = page.next_cursor
    }
    expect(seen).toEqual(all)
  }
})

test("no known price is null, and another user's part of a session stays unseen", async () => {
  const [whole] = (await get("/api/sessions?session_id=mixed")).data
  expect([whole.requests, whole.cost_usd]).toEqual([2, null])
  const [own] = (await get("/api/sessions?session_id=mixed", "ada")).data
  expect([own.requests, own.user_id]).toEqual([1, "ada"])
  expect((await get("/api/sessions?user_id=bob", "ada")).param).toBe("user_id")
  expect((await get("/api/sessions?limit=0")).param).toBe("limit")
  expect((await get("/api/sessions?limit=101")).param).toBe("limit")
  expect((await get("/api/sessions?cursor=x")).param).toBe("cursor")
})

test("clients come with their versions, the newest first, and what tells each", async () => {
  const { data } = await get("/api/clients")
  const of = (name: string | null) => data.find(({ client }: Loose) => client === name)
  expect(of("claude-code")).toMatchObject({
    versions: ["2.2.0", "2.1.0"],
    guess: false,
    requests: 4,
    last_at: new Date(T0 + 3 * HOUR).toISOString(),
  })
  expect(of("claude-code").traits).toContain("user-agent claude-cli…")
  expect(of("jetbrains-ai")).toMatchObject({ versions: [], guess: true, requests: 1 })
  expect(of(null)).toMatchObject({ requests: 6, traits: [], last_at: new Date(T0 + 10 * HOUR).toISOString() })
})
