/** What `/api` answers, as far as the page reads it. Types only. */
import type { LedgerDetail, LedgerRow } from "../../exchange.ts"
import type { Memory } from "../../memory/engine.ts"
import type { Finding } from "../../settings.ts"
import type { Timeline } from "../../store/timeline.ts"
import type { UsageSums } from "../../store/usage.ts"
import type { Rate } from "../../usage/quality-score.ts"

export type { Session, SessionPage } from "../../store/sessions.ts"
export type { UsageReport, UsageSums } from "../../store/usage.ts"
export type { LedgerRow } from "../../exchange.ts"
export type { MemoryPlace } from "../../store/memories.ts"
export type { Memory } from "../../memory/engine.ts"
export type { Rate } from "../../usage/quality-score.ts"

export interface Page<T> {
  data: T[]
  next_cursor: string | null
}

export interface Bodies {
  request: string | null
  sent: string | null
  answer: string | null
  truncated: boolean
}

export type Entry = LedgerRow &
  LedgerDetail & {
    /** `content` null: forgotten since */
    memories: readonly (LedgerDetail["memories"][number] & { content?: string | null })[]
    timeline: Timeline
    bodies?: Bodies | null
    feedback: { score: number; comment: string | null; source: string; created_at: string }[]
  }

export interface Client extends UsageSums {
  client: string | null
  versions: string[]
  guess: boolean
  last_at: string | null
  traits: string[]
}

export interface FoundMemory extends Memory {
  score: number
  why: string
}

interface Spread {
  n: number
  p50: number | null
  p90: number | null
}

export interface QualitySums {
  requests: number
  speed: {
    ttft_ms: Spread
    overhead_ms: Spread
    memory_ms: Spread
    tokens_per_second: { n: number; p50: number | null }
  }
  efficiency: { turns_done: number; cost_per_turn_usd: number | null; cache_hit_ratio: number | null }
  quality: {
    score: number | null
    low: number | null
    high: number | null
    n: number
    few: boolean
    parts: Record<string, Rate & { weight: number }>
  }
  signals: Record<string, Rate>
  cost_usd: number | null
}
export interface SignalMeaning {
  name: string
  group: string
  good: boolean | null
  heuristic: boolean
  mean: string | null
  definition: string
}
/** One signal with memory and where it was withheld; difference and interval as shares. */
export interface Compared {
  signal: string
  on: Rate
  held_out: Rate
  difference: number
  low: number
  high: number
  few: boolean
}
export interface Quality {
  /** asked for by memory; null: no session was held out */
  holdout: { requests: { on: number; held_out: number }; compared: Compared[] } | null
  rows: ({ key: string | null } & QualitySums)[]
  totals: QualitySums
  signals: SignalMeaning[]
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
  bodies: "off" | "redacted" | "full"
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
