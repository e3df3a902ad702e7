/** What `/api` answers, as far as the page reads it. Types only. */
import type { LedgerDetail, LedgerRow } from "../../exchange.ts"
import type { UsageSums } from "../../store/usage.ts"

export type { Session, SessionPage } from "../../store/sessions.ts"
export type { UsageReport, UsageSums } from "../../store/usage.ts"
export type { LedgerRow } from "../../exchange.ts"

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

export interface Memory {
  id: string
  user_id: string
  project: string | null
  session_id: string | null
  role: string
  speaker: string | null
  content: string
  created_at: string | null
  source: string
  request_id: string | null
}
export interface FoundMemory extends Memory {
  score: number
  why: string
}

export interface Rate {
  rate: number | null
  hits: number
  n: number
  low: number | null
  high: number | null
  few: boolean
}
export interface QualitySums {
  requests: number
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
export interface Quality {
  rows: ({ key: string | null } & QualitySums)[]
  totals: QualitySums
  signals: SignalMeaning[]
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
  findings: {
    severity: "error" | "warning" | "note"
    file: string
    line: number
    col: number
    path: string
    message: string
  }[]
}
