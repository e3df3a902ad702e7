/** Reads a query string's parameters, each by hand: what is wrong is said by name, with what is allowed. It asks no store. */
import { type Outcome, Refusal } from "../exchange.ts"
import { GROUP_NAMES } from "../store/groups.ts"
import type { LedgerFilter } from "../store/filter.ts"
import type { ListQuery } from "../store/list.ts"
import type { QualityGroup, QualityQuery } from "../store/quality.ts"
import type { UsageQuery } from "../store/usage.ts"
import { invalid } from "./body.ts"
import { isTimeZone, readInstant } from "./instant.ts"

const OUTCOMES: readonly Outcome[] = ["done", "client-left", "upstream-failed", "rejected"]
/** What may be not known of a request. */
const KNOWN = ["client", "user_id", "project", "session_id", "model", "key", "error_type"] as const
const FILTERS = ["from", "to", ...KNOWN, "outcome", "unknown"] as const
export const QUALITY_GROUPS: readonly QualityGroup[] = [...GROUP_NAMES, "memory"]
/** Rows of a report. All hours of a year are less; conversations may be hundreds of thousands, which is more than anybody reads at once. */
export const DEFAULT_ROWS = { usage: 10_000, quality: 2_500 }
const MAX_ROWS = 1_000_000

/** Who asks: null sees everybody's rows. */
export interface Scope {
  userId: string | null
}

export type Parameters = Readonly<Record<string, string | undefined>>

/** @throws Refusal 400 naming the parameter and what it may be; 403 for another user's rows */
export function readListQuery(
  search: URLSearchParams,
  scope: Scope,
  rows: { missing: number; most: number } = { missing: 50, most: 1_000 },
): ListQuery {
  const given = readParameters(search, [...FILTERS, "cursor", "limit"])
  return {
    ...readFilter(given, scope, "UTC"),
    cursor: given.cursor,
    limit: readWhole("limit", given.limit, rows.missing, rows.most),
  }
}

/** As `readListQuery`, of pages that are dearer to make. */
export const readSessionsQuery = (search: URLSearchParams, scope: Scope): ListQuery =>
  readListQuery(search, scope, { missing: 25, most: 100 })

/** As `readListQuery`, without paging. */
export function readLiveFilter(search: URLSearchParams, scope: Scope): LedgerFilter {
  return readFilter(readParameters(search, FILTERS), scope, "UTC")
}

/** Groups by model when none is asked for. */
export const readUsageQuery = (search: URLSearchParams, scope: Scope): UsageQuery =>
  readGroupedQuery(search, scope, GROUP_NAMES, DEFAULT_ROWS.usage)

export const readQualityQuery = (search: URLSearchParams, scope: Scope): QualityQuery =>
  readGroupedQuery(search, scope, QUALITY_GROUPS, DEFAULT_ROWS.quality)

function readGroupedQuery<G extends string>(
  search: URLSearchParams,
  scope: Scope,
  groups: readonly G[],
  defaultRows: number,
) {
  const given = readParameters(search, [...FILTERS, "group_by", "tz", "limit"])
  const tz = given.tz ?? "UTC"
  if (!isTimeZone(tz)) throw wrong("tz", "an IANA time zone (Europe/Berlin, America/New_York, UTC)", tz)
  return {
    ...readFilter(given, scope, tz),
    groupBy: readGroups(groups, given.group_by),
    tz,
    limit: readRows(given.limit, defaultRows),
  }
}

/** undefined: all there are. */
function readRows(text: string | undefined, missing: number): number | undefined {
  return text === "all" ? undefined : readWhole("limit", text, missing, MAX_ROWS)
}

/** Parameters of several values. */
const LISTS = ["group_by", "unknown"]

/** One value each; empty ones count as absent. `group_by=a&group_by=b` is `group_by=a,b`. */
export function readParameters(search: URLSearchParams, allowed: readonly string[]): Parameters {
  const given: Record<string, string> = {}
  for (const [name, value] of search) {
    if (!allowed.includes(name)) throw refuse(name, `is no parameter here; there are ${allowed.join(", ")}`)
    if (value === "") continue
    if (given[name] !== undefined && !LISTS.includes(name)) throw refuse(name, "must be given once")
    given[name] = given[name] === undefined ? value : `${given[name]},${value}`
  }
  return given
}

function readFilter(given: Parameters, scope: Scope, zone: string): LedgerFilter {
  const unknown = readUnknown(given)
  const isOthers = unknown.has("user_id") || (given.user_id !== undefined && given.user_id !== scope.userId)
  if (scope.userId !== null && isOthers) {
    throw new Refusal(403, "permission", "This key may see its own user's requests only; leave user_id out.", {
      param: "user_id",
    })
  }
  const valueOf = (name: (typeof KNOWN)[number]) => (unknown.has(name) ? null : given[name])
  return {
    from: readTime("from", given.from, zone),
    to: readTime("to", given.to, zone),
    client: valueOf("client"),
    userId: scope.userId ?? valueOf("user_id"),
    project: valueOf("project"),
    sessionId: valueOf("session_id"),
    model: valueOf("model"),
    key: valueOf("key"),
    outcome: readOutcome(given.outcome),
    errorType: valueOf("error_type"),
  }
}

/** `unknown=client,project`: the rows that have no client and no project. Any text may be a name, so no name can say this. */
function readUnknown(given: Parameters): ReadonlySet<string> {
  const names = given.unknown?.split(",").map((name) => name.trim()) ?? []
  for (const name of names) {
    if (!KNOWN.some((one) => one === name))
      throw wrong("unknown", `some of ${KNOWN.join(", ")}, with commas between`, name)
    if (given[name] !== undefined) throw refuse(name, "is given and said to be unknown; leave one of the two out")
  }
  return new Set(names)
}

function readTime(name: string, text: string | undefined, zone: string): number | undefined {
  if (text === undefined) return undefined
  const at = readInstant(text, zone)
  if (at === null) throw wrong(name, "ISO 8601 (2026-03-29, 2026-03-29T10:00:00Z) or epoch milliseconds", text)
  return at
}

function readOutcome(text: string | undefined): Outcome | undefined {
  const outcome = OUTCOMES.find((one) => one === text)
  if (text !== undefined && outcome === undefined) throw wrong("outcome", `one of ${OUTCOMES.join(", ")}`, text)
  return outcome
}

function readGroups<G extends string>(allowed: readonly G[], text = "model"): G[] {
  const names = text.split(",").map((name) => name.trim())
  const groups = allowed.filter((group) => names.includes(group))
  if (names.length > 2 || groups.length !== names.length) {
    throw wrong("group_by", `one or two different ones of ${allowed.join(", ")}, with a comma between`, text)
  }
  return groups.sort((a, b) => names.indexOf(a) - names.indexOf(b))
}

const DAY_MS = 86_400_000

/** LiteLLM's `start_date` and `end_date`: days of UTC, both included; times as `from` and `to`. */
export function readDates(given: Parameters): { from: number | undefined; to: number | undefined } {
  const until = readTime("end_date", given.end_date, "UTC")
  const isDay = given.end_date !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(given.end_date)
  return {
    from: readTime("start_date", given.start_date, "UTC"),
    to: until !== undefined && isDay ? until + DAY_MS : until,
  }
}

/** A whole number from 1 to `most`. */
export function readWhole(name: string, text: string | undefined, missing: number, most: number): number {
  if (text === undefined) return missing
  const number = /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > most) throw wrong(name, `a whole number from 1 to ${most}`, text)
  return number
}

const wrong = (name: string, allowed: string, got: string) =>
  refuse(name, `must be ${allowed}, not "${got.slice(0, 80)}"`)

const refuse = (name: string, why: string) => invalid(name.slice(0, 80), `${name.slice(0, 80)} ${why}.`)
