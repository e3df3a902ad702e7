/** The thread of `store/report-thread.ts`: one report after another, and between them the columns are kept. An entry of the build. */
import type { FromThread, ToThread } from "./store/report-thread.ts"
import { yieldToOthers } from "./machine/thread-priority.ts"
import { codeOf, isDamage } from "./store/database.ts"
import { type Group, GROUP_NAMES } from "./store/groups.ts"
import type { QualityQuery } from "./store/quality.ts"
import {
  type ColumnsUse,
  type OpenReports,
  openReports,
  type Query,
  type ReportName,
  removeColumns,
} from "./store/reports.ts"
import { describeQuality } from "./usage/quality-report.ts"

declare const self: Worker

/** Questions go before the next piece of work, and so do the requests of a machine with one processor. A view asks several: work waits until it has them all. */
const PAUSE_MS = 5
const PAUSE_AFTER_REPORT_MS = 250
const AGE_MS = 10_000

let dir = ""
let reports: OpenReports | null = null
/** rows that changed by then are not waited for: they are as good as they will be */
let settled = 0
let timer: ReturnType<typeof setTimeout> | null = null

yieldToOthers()
Bun.unsafe.setJITPolicy(1) // a thread begins with the policy of the process's start

self.addEventListener("message", ({ data }: MessageEvent<ToThread>) => {
  if (data.ask === "end") return end()
  if (data.ask === "open") dir = data.dir
  else if (data.ask === "work" && data.isLast) settled = Number.POSITIVE_INFINITY
  else if (data.ask === "report") answer(data.id, (open) => report(open, data.name, data.query))
  else if (data.ask === "forget") answer(data.id, (open) => open.atOnce((columns) => columns.forgetWords()))
  timer ??= setTimeout(work, data.ask === "report" ? PAUSE_AFTER_REPORT_MS : PAUSE_MS)
})
setInterval(() => {
  reports?.atOnce((columns) => columns.age())
  timer ??= setTimeout(work, PAUSE_MS)
}, AGE_MS)

function end(): void {
  reports?.close()
  process.exit()
}

/** Of quality it is said here what the sums mean: with hundreds of groups that is too much for the thread that serves requests. */
function report(open: OpenReports, name: ReportName, query: Query<ReportName>): unknown {
  return name === "quality"
    ? describeQuality(open.make(name, query as QualityQuery), (query as QualityQuery).groupBy)
    : open.make(name, query)
}

function answer(id: number, make: (reports: OpenReports) => unknown): void {
  try {
    const json = new TextEncoder().encode(JSON.stringify(attempt(make) ?? null))
    self.postMessage({ id, json } satisfies FromThread, [json.buffer])
  } catch (error) {
    self.postMessage({ id, error: { message: String(error), code: codeOf(error) } } satisfies FromThread)
  }
}

/** Columns that cannot be written are read; where they cannot be read either, a report is slow, but there is one. */
function attempt<T>(make: (reports: OpenReports) => T): T {
  try {
    return make(open())
  } catch (error) {
    close(error)
  }
  try {
    return makeOnce("read", make)
  } catch {
    return makeOnce("none", make) // why is told already
  }
}

function makeOnce<T>(use: ColumnsUse, make: (reports: OpenReports) => T): T {
  const once = openOrFail(use)
  try {
    return make(once)
  } finally {
    once.close()
  }
}

function open(): OpenReports {
  return (reports ??= openOrFail("keep"))
}

function openOrFail(use: ColumnsUse): OpenReports {
  const opened = openReports(dir, use)
  if (opened === null) throw new Error("there is no ledger")
  return opened
}

/** They are opened anew when they are needed again. */
function close(error: unknown): void {
  self.postMessage({ trouble: String(error) } satisfies FromThread)
  reports?.close()
  reports = null
  if (isDamage(error)) removeColumns(dir)
}

/** Rows that are counted one by one until the code for it is fast; of what is rolled up it takes more, and of conversations so many that only the largest are counted in full. */
const ROWS = 100_000
const ROLLED_UP = 160_000
const CONVERSATIONS = 300_000
/**
 * Asked for the newest rows when there is nothing else to do for the first time: code that runs for the first time takes several times as long. What has the most of
 * it comes first, for whoever asks right after the start.
 */
const REHEARSED: readonly [name: ReportName, groupBy: readonly Group[], rows: number][] = [
  ["usage", ["user", "day"], ROWS],
  ["usage", ["project"], ROLLED_UP],
  ["quality", ["project"], ROLLED_UP],
  ["sessions", [], ROLLED_UP],
  ["clients", [], ROLLED_UP],
  ["quality", ["model"], ROLLED_UP],
  ...GROUP_NAMES.map((group): [ReportName, Group[], number] => [
    "usage",
    [group],
    group === "session" ? CONVERSATIONS : ROLLED_UP,
  ]),
]
let rehearsed = 0

/** @returns whether there was anything: of few rows every report is fast */
function rehearse(): boolean {
  const next = REHEARSED[rehearsed++]
  if (next === undefined) return false
  const [name, groupBy, rows] = next
  const [[newest, from] = [0]] = open().source.values(
    "SELECT (SELECT max(rowid) FROM requests) AS newest, started_at FROM requests WHERE rowid > newest - ? ORDER BY rowid LIMIT 1",
    [rows],
  ) as [number, number?][]
  if (newest < ROWS) return false
  JSON.stringify(report(open(), name, { groupBy, from } as Query<ReportName>))
  return true
}

function work(): void {
  timer = null
  try {
    settled = Math.min(
      settled,
      open().atOnce((columns) => columns.newestChange()),
    )
    const isMore = open().atOnce((columns) => columns.work(settled))
    const applied = open().atOnce((columns) => columns.keepApplied())
    self.postMessage({ applied, isDone: !isMore } satisfies FromThread)
    if (isMore || rehearse()) timer = setTimeout(work, PAUSE_MS)
  } catch (error) {
    close(error) // whoever asks for a report has it without columns
  }
}
