/** `memproxy reprice`: past costs by today's prices, from the command line, on a real ledger. */
import { Database } from "bun:sqlite"
import { afterAll, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { runReprice } from "../../src/cli/reprice.ts"
import type { LedgerDetail, LedgerRow } from "../../src/exchange.ts"
import { openStore } from "../../src/store/open.ts"
import { detailOf, rowAt, temporaryDirectories } from "../store/sample.ts"

const directories = temporaryDirectories()
afterAll(directories.remove)
const T0 = Date.UTC(2026, 9, 1)

const CONFIG = `
litellm_settings:
  cost_discount_config: { openai: 0.1 }
  cost_margin_config: { global: 0.5, openai: { percentage: 0.2, fixed_amount: 0.01 } }
model_list:
  - model_name: own
    litellm_params: { model: openai/own, api_key: sk-x, input_cost_per_token: 0.001, output_cost_per_token: 0.002, search_context_cost_per_query: 0.01 }
    model_info: { id: own-1 }
  - model_name: cheap
    litellm_params: { model: openai/own, api_key: sk-x, input_cost_per_token: 0.0001, output_cost_per_token: 0 }
`

async function repriced(rows: [Partial<LedgerRow>, Partial<LedgerDetail>?][], ...args: string[]) {
  const dir = directories.make()
  const config = join(dir, "config.yaml")
  writeFileSync(config, CONFIG)
  const before = openStore(dir, { warn: console.error })
  rows.forEach(([row, detail], index) =>
    before.ledger.append(rowAt(T0 + index, { id: `r${index}`, ...row }), detailOf({ deployment_id: null, ...detail })),
  )
  await before.close()
  const out: string[] = []
  const err: string[] = []
  const io = {
    env: {},
    cwd: dir,
    dataDir: dir,
    out: (line: string) => out.push(line),
    err: (line: string) => err.push(line),
  }
  const again = () => runReprice(["--config", config, ...args], io)
  const code = await again()
  const store = openStore(dir, { warn: console.error })
  const entries = await Promise.all(rows.map((_, index) => store.ledger.get(`r${index}`)))
  const totals = (await store.ledger.usage({ groupBy: [] })).totals
  await store.close()
  return { dir, again, code, out: out.join("\n"), err: err.join("\n"), entries: entries.map((entry) => entry!), totals }
}

const sonnet = { cost_usd: null, billed_usd: null, price_source: null }
const tokens = {
  input_tokens: 1000,
  cache_read_tokens: 400,
  cache_write_tokens: 200,
  cache_write_1h_tokens: 100,
  output_tokens: 50,
}

test("what searches cost is in the new price, too", async () => {
  const own = { deployment_id: "own-1" }
  const row = { ...sonnet, provider: "openai", model: "own", upstream_model: "own", input_tokens: 10, output_tokens: 5 }
  const { entries } = await repriced([
    [row, own],
    [row, { ...own, web_searches: 3 }],
  ])
  expect(entries[1]!.cost_usd! - entries[0]!.cost_usd!).toBeCloseTo(0.03, 12)
  expect([entries[1]!.web_searches, entries[1]!.unit_prices]).toEqual([3, expect.objectContaining({ web_search: 10 })])
})

test("what repriced rows say alike is kept once, as before", async () => {
  const { dir } = await repriced(Array.from({ length: 5 }, () => [{ ...sonnet, ...tokens }]))
  const db = new Database(join(dir, "ledger.db"), { readonly: true })
  const own = db.query<{ detail: string }, []>("SELECT detail FROM requests WHERE detail LIKE '{%'").all()
  db.close()
  expect(own).toEqual([])
})

test("rows whose price is what it was are left alone: no server's writes wait for them", async () => {
  const { dir, again } = await repriced([[{ ...sonnet, ...tokens }]])
  const server = new Database(join(dir, "ledger.db"))
  server.run("BEGIN IMMEDIATE")
  expect(await again()).toBe(0)
  server.run("ROLLBACK")
  server.close()
})

test("a model that had no price gets today's, with its unit prices, and reports follow", async () => {
  const { code, out, entries, totals } = await repriced([[{ ...sonnet, ...tokens }]])
  // claude-sonnet-4-5: 3, 0.30, 3.75, 6 and 15 USD a million
  const cost = (400 * 3 + 400 * 0.3 + 100 * 3.75 + 100 * 6 + 50 * 15) / 1e6
  expect(code).toBe(0)
  expect(out).toContain("1 of 1 requests")
  expect(entries[0]!.cost_usd).toBeCloseTo(cost, 12)
  // the global margin of one half
  expect(entries[0]!.billed_usd).toBeCloseTo(cost * 1.5, 12)
  expect(entries[0]!.unit_prices).toMatchObject({
    input: 3,
    cache_read: 0.3,
    cache_write: 3.75,
    cache_write_1h: 6,
    output: 15,
  })
  expect(totals.cost_usd).toBeCloseTo(cost, 12)
})

test("the config's own prices are those of the row's deployment; discount and margin make what is billed", async () => {
  const own = { provider: "openai", model: "own", upstream_model: "own", ...sonnet, ...tokens }
  const { entries } = await repriced([
    [{ ...own, cache_read_tokens: 0, cache_write_tokens: 0 }, { deployment_id: "own-1" }],
  ])
  expect(entries[0]!.cost_usd).toBeCloseTo(1000 * 0.001 + 50 * 0.002, 12)
  expect(entries[0]!.billed_usd).toBeCloseTo(1.1 * 0.9 * 1.2 + 0.01, 12)
  expect(entries[0]!.price_source).toBe("config")
})

test("a price that an entry got since is that of its earlier requests, though its id is another now", async () => {
  const used = { ...sonnet, ...tokens, cache_read_tokens: 0, cache_write_tokens: 0, provider: "openai" }
  const since = { deployment_id: "the-hash-before" }
  const { entries } = await repriced([
    [{ ...used, model: "cheap", upstream_model: "own" }, since],
    [{ ...used, model: "own", upstream_model: "own" }, since],
    [{ ...used, model: "renamed", upstream_model: "own" }, since],
    [{ ...used, model: "cheap", upstream_model: "another" }, since],
  ])
  expect(entries.map(({ cost_usd }) => cost_usd)).toEqual([
    expect.closeTo(0.1, 12),
    expect.closeTo(1.1, 12),
    expect.closeTo(1.1, 12),
    null,
  ])
})

test("a subscription's requests stay billed 0; sound and service tiers are priced as they were", async () => {
  const audio = { audio: { input: 600, cache_read: 0, output: 0 } }
  const gemini = { provider: "gemini", upstream_model: "gemini-2.5-flash", input_tokens: 1000, output_tokens: 0 }
  const none = { cache_read_tokens: 0, cache_write_tokens: 0, cost_usd: 9 }
  const gpt = { provider: "openai", upstream_model: "gpt-5", input_tokens: 1000, output_tokens: 0 }
  const { entries } = await repriced([
    [{ ...tokens, cost_usd: 1, billed_usd: 0 }],
    [{ ...gemini, ...none }, audio],
    [{ ...gpt, ...none }, { service_tier: "flex" }],
  ])
  expect([entries[0]!.billed_usd, entries[0]!.cost_usd! > 0]).toEqual([0, true])
  expect(entries[1]!.cost_usd).toBeCloseTo((400 * 0.3 + 600 * 1) / 1e6, 12)
  expect(entries[2]!.cost_usd).toBeCloseTo((1000 * 1.25) / 2 / 1e6, 12)
})

test("only rows since then are touched, and rows without tokens never", async () => {
  const { out, entries } = await repriced(
    [[{ cost_usd: 7 }], [{ cost_usd: 7, input_tokens: null }], [{ cost_usd: 7 }]],
    "--since",
    new Date(T0 + 1).toISOString(),
  )
  expect(out).toContain("1 of 1 requests")
  expect(entries.map((entry) => entry.cost_usd === 7)).toEqual([true, true, false])
})

test("a wrong time is wrong usage", async () => {
  const { code, err } = await repriced([], "--since", "yesterday")
  expect([code, err.includes("--since must be")]).toEqual([2, true])
})
