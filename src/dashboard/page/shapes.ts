/** What `/api` answers, as far as the page reads it. Types only. */
import type { Memory } from "../../memory/engine.ts"
import type { Finding } from "../../settings.ts"
import type { Bodies } from "../../store/bodies.ts"
import type { ClientUse } from "../../store/clients.ts"
import type { LedgerEntry } from "../../store/rows.ts"
import type { describeQuality } from "../../usage/quality-report.ts"

export type { Session } from "../../store/sessions.ts"
export type { UsageReport, UsageSums } from "../../store/usage.ts"
export type { LedgerRow } from "../../exchange.ts"
export type { Bodies } from "../../store/bodies.ts"
export type { MemoryPlace } from "../../store/memories.ts"
export type { Memory } from "../../memory/engine.ts"
export type { Rate } from "../../usage/quality-score.ts"

export interface Page<T> {
  data: T[]
  next_cursor: string | null
}

export type Entry = LedgerEntry & {
  /** `content` null: forgotten since */
  memories: readonly (LedgerEntry["memories"][number] & { content?: string | null })[]
  bodies?: Bodies | null
  feedback: { score: number; comment: string | null; source: string; created_at: string }[]
}

export type Client = ClientUse & { traits: string[] }

export interface FoundMemory extends Memory {
  score: number
  why: string
}

type Report = ReturnType<typeof describeQuality>
export type QualitySums = Report["totals"]
export type SignalMeaning = Report["signals"][number]
export type Compared = NonNullable<Report["holdout"]>["compared"][number]
/** Asked for with one group: a key is a name. */
export type Quality = Omit<Report, "rows"> & {
  rows: ({ key: string | null } & QualitySums)[]
  /** answers that wait to be looked at, and those that came too many at once */
  backlog: { waiting: number; dropped: number }
}

export interface Status {
  version: string
  key_needed: boolean
  models: number
  first_model: string | null
  findings: { error: number; warning: number; note: number }
  memory: { engine: "local" | "supermemory" | "off"; scope: "user" | "project" }
  ledger: { queued: number; dropped: number; last_error: string | null }
}

export interface Configuration {
  file: string | null
  settings: Record<string, string | number | boolean | null | string[]>
  deployments: {
    id: string
    model_name: string
    provider: string
    model: string
    api_base: string
    mock: boolean
    missing: string | null
  }[]
  findings: readonly Finding[]
}
