/** Five-hour blocks, and the live screen drawn once. */
import { afterAll, expect, test } from "bun:test"
import { blockStarts } from "../../src/cli/blocks.ts"
import { runTop } from "../../src/cli/top.ts"
import { runUsage } from "../../src/cli/usage.ts"
import { openStore } from "../../src/store/open.ts"
import { detailOf, rowAt, temporaryDirectories } from "../store/sample.ts"

const directories = temporaryDirectories()
afterAll(directories.remove)
const HOUR = 3_600_000
const T0 = Date.UTC(2026, 2, 29, 3)

async function directoryWith(...starts: number[]): Promise<string> {
  const dir = directories.make()
  const store = openStore(dir, { warn: console.error })
  for (const at of starts) store.ledger.append(rowAt(at, { cost_usd: 1, billed_usd: 1 }), detailOf())
  await store.close()
  return dir
}

async function run(command: typeof runTop, args: string[], ...starts: number[]) {
  const dir = await directoryWith(...starts)
  const out: string[] = []
  const io = {
    env: {},
    cwd: "/",
    dataDir: dir,
    out: (line: string) => out.push(line),
    err: (line: string) => out.push(line),
  }
  const code = await command(args, { ...io, now: () => T0 + 12 * HOUR })
  return { code, out: out.join("\n") }
}

test("a block lasts five hours from its first full hour; the next begins with the next request after it", () => {
  const hours = [0, 1, 4, 5, 9, 17, 21, 22].map((hour) => T0 + hour * HOUR)
  expect(blockStarts(hours)).toEqual([0, 5, 17, 22].map((hour) => T0 + hour * HOUR))
})

test("usage by block counts each request in its block", async () => {
  const at = [0.5, 4.9, 5.1, 11].map((hour) => T0 + hour * HOUR)
  const { code, out } = await run(runUsage, ["--by", "block", "--tz", "UTC", "--json"], ...at)
  const { rows, totals } = JSON.parse(out) as {
    rows: { key: string; requests: number }[]
    totals: { requests: number }
  }
  expect(code).toBe(0)
  expect(rows.map((row) => [row.key, row.requests])).toEqual([
    ["2026-03-29 03:00 to 08:00", 2],
    ["2026-03-29 08:00 to 13:00", 1],
    ["2026-03-29 14:00 to 19:00", 1],
  ])
  expect(totals.requests).toBe(4)
})

test("top shows the last five minutes and the newest requests", async () => {
  const { code, out } = await run(runTop, ["--once"], T0, T0 + 12 * HOUR - 60_000)
  expect(code).toBe(0)
  expect(out).toContain("last 5 minutes: 1 request (")
  expect(out).toMatch(/claude-sonnet-4\.5 +1 /)
  expect(out.match(/acme\/shop/g)).toHaveLength(2)
})

test("top draws no more than the terminal holds, or each drawing would scroll the one before away", async () => {
  const dir = await directoryWith(...Array.from({ length: 40 }, (_, at) => T0 + 12 * HOUR - at * 1000))
  const drawn: string[] = []
  let times = 0
  const code = await runTop([], {
    env: {},
    cwd: "/",
    dataDir: dir,
    out: (text) => drawn.push(text),
    err: () => {},
    screen: () => ({ columns: 60, rows: 20 }),
    now: () => {
      if (times++ > 0) throw new Error("that was enough")
      return T0 + 12 * HOUR
    },
  })
  expect([code, drawn.length]).toEqual([1, 1])
  const lines = drawn[0]!.replace("\x1b[H\x1b[J", "").split("\n")
  expect(lines.length).toBeLessThan(20)
  expect(lines.length).toBeGreaterThan(14)
  expect(Math.max(...lines.map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(60)
})
