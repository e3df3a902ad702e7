/** The overview's charts: requests, tokens, cost and latency over the range. */
import { useMemo } from "preact/hooks"
import { compact, count, duration, money } from "../format.ts"
import { Chart, type Series } from "../parts/chart.tsx"
import { bucketStarts, RANGES, type RangeName, startOfKey } from "../range.ts"
import { linkTo } from "../route.ts"
import type { UsageReport, UsageSums } from "../shapes.ts"

type Value = (sums: UsageSums) => number | null

export function Trends({ range, now, rows }: { range: RangeName; now: number; rows: UsageReport["rows"] }) {
  const { unit } = RANGES[range]
  const starts = useMemo(() => bucketStarts(range, now), [range, Math.floor(now / 60_000)])
  const charts = useMemo(() => {
    const byStart = new Map(rows.map((row) => [startOfKey(String(row.key)), row]))
    const of = (value: Value) => starts.map((start) => (byStart.has(start) ? value(byStart.get(start)!) : null))
    const line = (name: string, colour: string, show: (value: number | null) => string, value: Value): Series => {
      const values = of(value)
      const known = values.filter((one) => one !== null)
      return { name, colour, values, total: show(known.length > 0 ? known.reduce((sum, one) => sum + one, 0) : null) }
    }
    const typical = (name: string, colour: string, value: Value): Series => ({
      name,
      colour,
      values: of(value),
      total: "",
    })
    return {
      requests: [
        line("answered", "series-1", count, ({ requests, errors }) => requests - errors),
        line("failed", "series-bad", count, ({ errors }) => errors),
      ],
      tokens: [
        line("read from cache", "series-3", compact, (sums) => sums.cache_read_tokens),
        line("other input", "series-1", compact, (sums) => sums.input_tokens - sums.cache_read_tokens),
        line("output", "series-2", compact, (sums) => sums.output_tokens),
      ],
      cost: [line("list price", "series-1", money, (sums) => sums.cost_usd)],
      latency: [
        typical("first token", "series-1", (sums) => sums.ttft_ms.p50),
        typical("whole answer", "series-2", (sums) => sums.duration_ms.p50),
        typical("slowest 5 %", "series-4", (sums) => sums.duration_ms.p95),
      ],
    }
  }, [rows, starts])
  const per = unit === "day" ? "a day" : "an hour"
  const shared = {
    starts,
    unit,
    linkOf: (from: number, to: number) => linkTo("requests", { from: String(from), to: String(to) }),
  }
  return (
    <div class="grid two">
      <Chart
        {...shared}
        title="Requests"
        note={`Requests ${per}. Click one to see its rows.`}
        kind="bars"
        series={charts.requests}
        format={compact}
        isWhole
      />
      <Chart
        {...shared}
        title="Cost"
        note={`US dollars ${per}, at list price.`}
        kind="bars"
        series={charts.cost}
        format={money}
      />
      <Chart
        {...shared}
        title="Tokens"
        note={`Tokens ${per}: what caches saved, what was read anew, what was written.`}
        kind="bars"
        series={charts.tokens}
        format={compact}
        isWhole
      />
      <Chart
        {...shared}
        title="Latency"
        note="How long people wait: medians, and what the slowest 5 % exceed."
        kind="lines"
        series={charts.latency}
        format={duration}
      />
    </div>
  )
}
