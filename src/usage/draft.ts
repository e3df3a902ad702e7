/** A ledger row while its exchange is under way, and at its end: all that it says of outcome, tokens and cost is decided here. */
import type {
  Arrival,
  Dialect,
  LedgerDetail,
  LedgerRow,
  Metered,
  Operation,
  Outcome,
  Price,
  Usage,
} from "../exchange.ts"
import type { JsonText } from "../json/json-text.ts"
import type { Billing, Deployment } from "../settings.ts"
import type { BodyTap } from "./body-tap.ts"
import { textOfTime } from "../store/time.ts"
import { billedCost } from "./billing.ts"
import { estimateFromChars } from "./estimate.ts"
import { noUsage } from "./meter-tally.ts"

export interface Draft {
  row: LedgerRow
  detail: LedgerDetail
  /** monotonic milliseconds */
  started: number
  /** when the request went to the provider, and when its answer began; null: not yet */
  sentAt: number | null
  answeredAt: number | null
  /** what the client sent; null before it was read */
  request: JsonText | null
  /** pauses in the provider's answer that were too long */
  stalls: number
  deployment: Deployment | null
  isSubscription: boolean
  /** null where no bodies are kept */
  tap: BodyTap | null
}

export function openDraft(id: string, arrival: Arrival, dialect: Dialect | null, operation: Operation): Draft {
  return {
    started: arrival.started,
    sentAt: null,
    answeredAt: null,
    request: null,
    stalls: 0,
    deployment: null,
    isSubscription: false,
    tap: null,
    detail: {
      operation,
      project_key: null,
      unit_prices: null,
      deployment_id: null,
      service_tier: null,
      answered_model: null,
      audio: null,
      router: null,
      memory_reason: null,
      memories: [],
      signals: {},
      sent_ms: null,
      answered_ms: null,
    },
    row: {
      id,
      started_at: textOfTime(arrival.startedAt),
      duration_ms: 0,
      ttft_ms: null,
      overhead_ms: null,
      memory_ms: null,
      client: null,
      client_version: null,
      client_guess: false,
      user_id: null,
      project: null,
      session_id: null,
      key_alias: null,
      model: null,
      upstream_model: null,
      provider: null,
      dialect_in: dialect,
      dialect_out: null,
      stream: false,
      status: 0,
      outcome: "rejected",
      error_type: null,
      retries: 0,
      fallbacks: 0,
      input_tokens: null,
      cache_read_tokens: null,
      cache_write_tokens: null,
      cache_write_1h_tokens: null,
      output_tokens: null,
      reasoning_tokens: null,
      estimated: false,
      cost_usd: null,
      billed_usd: null,
      price_source: null,
      finish_reason: null,
      tool_calls: 0,
      lossy: [],
      memory_status: "off",
      memories_injected: 0,
      memory_tokens: 0,
      quality: null,
    },
  }
}

/** Milliseconds memproxy itself took: all the time that was not spent waiting for the provider. */
export function overheadMs(draft: Draft, now: number): number {
  const waited = draft.sentAt === null ? 0 : (draft.answeredAt ?? now) - draft.sentAt
  return round(now - draft.started - waited)
}

/** How an exchange ended. */
export interface Ending {
  outcome: Outcome
  status: number
  errorType: string | null
  /** null: there is no answer */
  metered: Metered | null
}

/** Fills in how it ended and what the answer said. `now`: monotonic milliseconds. */
export function settleDraft(draft: Draft, { outcome, status, errorType, metered }: Ending, now: number): void {
  const { row, detail, started, sentAt, answeredAt } = draft
  row.outcome = outcome
  row.status = status
  row.error_type = errorType ?? metered?.errorType ?? null
  row.duration_ms = round(now - started)
  row.overhead_ms ??= overheadMs(draft, now)
  if (sentAt !== null) detail.sent_ms = round(sentAt - started)
  if (answeredAt !== null) detail.answered_ms = round(answeredAt - started)
  if (!metered) return
  row.finish_reason = metered.finishReason
  row.tool_calls = metered.toolCalls
  detail.service_tier = metered.serviceTier
  detail.answered_model = metered.model === row.upstream_model ? null : metered.model
  const { usage, estimated } = countedUsage(draft, metered)
  row.estimated = estimated
  if (!usage) return
  row.input_tokens = usage.input
  row.cache_read_tokens = usage.cacheRead
  row.cache_write_tokens = usage.cacheWrite
  row.cache_write_1h_tokens = usage.cacheWrite1h
  row.output_tokens = usage.output
  row.reasoning_tokens = usage.reasoning
  if (usage.inputAudio + usage.outputAudio > 0)
    detail.audio = { input: usage.inputAudio, cache_read: usage.cacheReadAudio, output: usage.outputAudio }
  if (usage.webSearches) detail.web_searches = usage.webSearches
}

/** Of an answer that broke off, or whose provider does not count, what went by is estimated, and says so. */
export function countedUsage(draft: Draft, metered: Metered): { usage: Usage | null; estimated: boolean } {
  const isCounted = metered.terminal && metered.usage !== null
  if (isCounted || metered.outputChars === 0) return { usage: metered.usage, estimated: false }
  // Anthropic's last count comes with the finish reason, before the end: it is better than an estimate.
  if (metered.usage && metered.finishReason !== null) return { usage: metered.usage, estimated: true }
  const output = Math.max(metered.usage?.output ?? 0, estimateFromChars(metered.outputChars))
  if (metered.usage) return { usage: { ...metered.usage, output }, estimated: true }
  const input = estimateFromChars(draft.request?.toString().length ?? 0)
  return { usage: { ...noUsage(), input, output }, estimated: true }
}

/** List price on the row; a subscription's traffic is billed 0. */
export function settlePrice(draft: Draft, price: Price, billing: Billing): void {
  draft.row.cost_usd = price.cost
  draft.row.billed_usd = draft.isSubscription ? 0 : billedCost(price.cost, draft.row.provider ?? "", billing)
  draft.row.price_source = price.source
  draft.detail.unit_prices = price.units
}

const round = (ms: number) => Math.max(0, Math.round(ms * 1000) / 1000)
