/** `memproxy usage` on real ledgers, with a server running or not: what is printed, for whom, and the exit codes. */
import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { formatUsd } from "../../src/cli/terminal.ts"
import { runUsage } from "../../src/cli/usage.ts"
import type { LedgerRow } from "../../src/exchange.ts"
import { openStore } from "../../src/store/open.ts"
import { detailOf, rowAt } from "../store/sample.ts"

const made: string[] = []
afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true })
})

const NOW = Date.UTC(2026, 2, 30, 12)
const HOUR = 3_600_000

function emptyDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), "memproxy-cli-"))
  made.push(dir)
  return dir
}

async function directoryWith(...rows: LedgerRow[]): Promise<string> {
  const dir = emptyDirectory()
  const store = openStore(dir, { warn: console.error })
  for (const row of rows) store.ledger.append(row, detailOf())
  await store.close()
  return dir
}

const run = (dir: string, ...args: string[]) => runOn(null, dir, ...args)

async function runOn(columns: number | null, dir: string, ...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await runUsage(args, {
    screen: () => (columns === null ? null : { columns, rows: 24 }),
    env: {},
    cwd: "/",
    dataDir: dir,
    now: () => NOW,
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  })
  return { code, out: out.join("\n"), err: err.join("\n") }
}

const ago = (hours: number, change: Partial<LedgerRow> = {}) => rowAt(NOW - hours * HOUR, change)

test("the table is aligned, has thousands separators, cents and a total", async () => {
  const dir = await directoryWith(
    ago(1, { model: "gpt-5", input_tokens: 1_234_567, cost_usd: 1234.5, billed_usd: 1234.5, duration_ms: 12_345 }),
    ago(2, { model: "demo", cost_usd: 0, billed_usd: 0, ttft_ms: null, stream: false }),
    ago(3, { model: "nano", cost_usd: 0.000_41, billed_usd: 0.000_41, outcome: "upstream-failed" }),
    ago(24 * 8, { model: "too old" }),
  )
  const { code, out } = await run(dir, "--tz", "UTC")
  expect(code).toBe(0)
  expect(out).toBe(`Usage by model since 2026-03-23 12:00 (UTC)

MODEL  REQUESTS  ERRORS      INPUT  CACHED  OUTPUT       COST     P50     P95    TTFT  TOK/S
--------------------------------------------------------------------------------------------
gpt-5         1       0  1,234,567   1,000      80  $1,234.50  12.3 s  12.3 s  120 ms      7
nano          1       1      1,200   1,000      80   $0.00041  900 ms  900 ms  120 ms    103
demo          1       0      1,200   1,000      80      $0.00  900 ms  900 ms       -      -
--------------------------------------------------------------------------------------------
total         3       1  1,236,967   3,000     240  $1,234.50  900 ms  12.3 s  120 ms     12`)
})

test("unknown prices are marked, counted, and said what to do about; subscriptions get their own column", async () => {
  const dir = await directoryWith(
    ago(1, { model: "known", cost_usd: 2, billed_usd: 0 }),
    ago(1, { model: "known", cost_usd: null, billed_usd: null }),
    ago(1, { model: "new", cost_usd: null, billed_usd: null }),
  )
  const { out } = await run(dir, "--tz", "UTC")
  const cells = out.split("\n").map((line) => line.split(/ {2,}/))
  expect(cells[2]!.slice(6, 8)).toEqual(["COST", "BILLED"])
  expect(cells.find((line) => line[0] === "known")!.slice(6, 8)).toEqual(["$2.00*", "$0.00*"])
  expect(cells.find((line) => line[0] === "new")!.slice(6, 8)).toEqual(["?", "?"])
  expect(out).toContain("2 requests have no known price")
  expect(out).toContain("input_cost_per_token")
})

test("amounts: to the cent from one cent on, two digits that count below", () => {
  const shown = [0, 1234567.891, 12, 0.01, 0.0099, 0.000_123_4, 0.000_000_01].map(formatUsd)
  expect(shown).toEqual(["$0.00", "$1,234,567.89", "$12.00", "$0.01", "$0.0099", "$0.00012", "<$0.000001"])
})

test("--since takes spans, dates in the zone, instants and all", async () => {
  const dir = await directoryWith(ago(0.4), ago(5), ago(20), ago(24 * 5), ago(24 * 20), ago(24 * 400))
  const requests = async (...args: string[]) => JSON.parse((await run(dir, "--json", ...args)).out).totals.requests
  expect(await requests("--since", "30m")).toBe(1)
  expect(await requests("--since", "0.5h")).toBe(1)
  expect(await requests("--since=24h")).toBe(3)
  expect(await requests()).toBe(4)
  expect(await requests("--since", "4w")).toBe(5)
  expect(await requests("--since", "all")).toBe(6)
  expect(await requests("--since", "2026-03-30T06:59:00Z")).toBe(2)
  expect(await requests("--since", "2026-03-30", "--tz", "UTC")).toBe(2)
  expect(await requests("--since", "2026-03-30", "--tz", "Pacific/Kiritimati")).toBe(3)
  expect(await requests("--since", "2026-03-29", "--tz", "America/Los_Angeles")).toBe(3)
})

test("every --by groups by its own column, days by the zone's calendar", async () => {
  const row = ago(1, { key_alias: "laptop", started_at: "2026-03-29T23:30:00.000Z" })
  const dir = await directoryWith(row)
  const wanted = {
    model: row.model,
    client: row.client,
    user: row.user_id,
    project: row.project,
    key: "laptop",
    session: row.session_id,
    day: "2026-03-30",
  }
  for (const [by, key] of Object.entries(wanted)) {
    const { out } = await run(dir, "--json", "--by", by, "--tz", "Europe/Berlin")
    expect([by, JSON.parse(out).rows[0].key]).toEqual([by, key])
  }
})

test("CSV has a head, one quoted line per row, and no totals", async () => {
  const dir = await directoryWith(ago(1, { user_id: 'a "b", c' }), ago(1, { user_id: null, cost_usd: null }))
  const { out } = await run(dir, "--csv", "--by", "user")
  const lines = out.split("\n")
  expect(lines).toHaveLength(3)
  expect(lines[0]).toStartWith("user,requests,errors,input_tokens,")
  expect(lines).toContainEqual(expect.stringMatching(/^"a ""b"", c",1,0,1200,1000,50,80,0,0.0123,/))
  expect(lines).toContainEqual(expect.stringMatching(/^,1,0,1200,1000,50,80,0,,/))
})

test("names chosen by callers cannot speak to the terminal, and long ones are cut", async () => {
  const dir = await directoryWith(
    ago(1, { user_id: "\u001b[2J\u0007evil\nline\u202e" }),
    ago(1, { user_id: "漢".repeat(200) }),
  )
  const { out } = await run(dir, "--by", "user")
  // biome-ignore lint: control characters are what it looks for
  expect(out.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u202e]/)
  expect(out.split("\n").some((line) => line.startsWith("�[2J�evil�line�"))).toBe(true)
  const widths = out
    .split("\n")
    .filter((line) => /\d$/.test(line))
    .map((line) => Bun.stringWidth(line))
  expect(new Set(widths).size).toBe(1)
  expect(widths[0]).toBeLessThan(150)
})

test("on a narrow terminal names are cut first, then what is not about money; a pipe gets all", async () => {
  const dir = await directoryWith(ago(1, { project: "漢字/a-project-with-a-name-of-some-length" }), ago(1))
  const widths = async (columns: number | null) => {
    const { out } = await runOn(columns, dir, "--by", "project")
    return { out, width: Math.max(...out.split("\n").map((line) => Bun.stringWidth(line))) }
  }
  const wide = await widths(null)
  expect(wide.out).toContain("a-project-with-a-name-of-some-length")
  const narrow = await widths(wide.width - 10)
  expect(narrow.width).toBeLessThanOrEqual(wide.width - 10)
  expect(narrow.out).toMatch(/漢字\/a-project.*…/)
  expect(narrow.out).toContain("TOK/S")
  const least = await widths(80)
  expect(least.width).toBeLessThanOrEqual(80)
  expect(least.out).toMatch(/COST(?!.*TOK)/)
})

test("only the dearest fifty are shown, and the rest is named", async () => {
  const dir = await directoryWith(...Array.from({ length: 1_060 }, (_, index) => ago(1, { session_id: `s${index}` })))
  expect((await run(dir, "--by", "session")).out).toContain("… and 1,010 more; --json and --csv have them all")
})

test("it reads beside a running server, seeing what is on disk", async () => {
  const dir = emptyDirectory()
  const { ledger, close } = openStore(dir, { warn: console.error })
  ledger.append(ago(1), detailOf())
  await ledger.flush()
  expect(JSON.parse((await run(dir, "--json")).out).totals.requests).toBe(1)
  ledger.append(ago(1), detailOf())
  await ledger.flush()
  expect(JSON.parse((await run(dir, "--json")).out).totals.requests).toBe(2)
  await close()
})

test("wrong usage exits 2 and says how it is used", async () => {
  const dir = await directoryWith()
  for (const args of [
    ["--by", "colour"],
    ["--since", "7x"],
    ["--since", "2026-02-30"],
    ["--nope"],
    ["extra"],
    ["--json", "--csv"],
    ["--tz", "Mars"],
    ["--since"],
  ]) {
    const { code, out, err } = await run(dir, ...args)
    expect([args, code, out]).toEqual([args, 2, ""])
    expect(err).toContain("usage: memproxy usage [--since 7d]")
  }
})

test("no ledger, an empty one, and one that cannot be read are told apart", async () => {
  const none = await run(emptyDirectory())
  expect([none.code, none.err]).toEqual([1, expect.stringContaining("There is no ledger in ")])
  const empty = await run(await directoryWith(), "--since", "7d")
  expect([empty.code, empty.out]).toEqual([0, expect.stringContaining("No requests since ")])
  const broken = emptyDirectory()
  writeFileSync(join(broken, "ledger.db"), "not a database, but long enough to be looked at ".repeat(50))
  const damaged = await run(broken)
  expect([damaged.code, damaged.err]).toEqual([1, expect.stringContaining("cannot be read")])
})

test("--data-dir is relative to the working directory and wins", async () => {
  const dir = await directoryWith(ago(1))
  const out: string[] = []
  const io = {
    env: {},
    cwd: join(dir, ".."),
    out: (line: string) => void out.push(line),
    err: console.error,
    now: () => NOW,
  }
  expect(await runUsage(["--json", "--data-dir", dir.split("/").at(-1)!], { ...io, dataDir: "/nowhere" })).toBe(0)
  expect(JSON.parse(out.join()).totals.requests).toBe(1)
})
