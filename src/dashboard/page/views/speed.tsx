/** How fast each group was, and what an answer took: what people compare models by beside how good they are. */
import { count, duration, money, percent } from "../format.ts"
import { type Column, Table } from "../parts/table.tsx"
import type { Quality } from "../shapes.ts"

type Row = Quality["rows"][number]

export function Speed({ group, rows }: { group: string; rows: readonly Row[] }) {
  const measured = rows.filter(({ speed, efficiency }) => speed.overhead_ms.n > 0 || efficiency.turns_done > 0)
  return measured.length === 0 ? null : (
    <>
      <h2 class="between">Speed and cost by {group}</h2>
      <Table
        caption={`Speed and cost by ${group}`}
        columns={columns(group)}
        rows={measured}
        keyOf={({ key }) => String(key)}
      />
    </>
  )
}

const columns = (group: string): Column<Row>[] => [
  { name: group[0]!.toUpperCase() + group.slice(1), cell: ({ key }) => key ?? "not known" },
  {
    name: "First token",
    isNumber: true,
    title: "of streams: the median, to what the slowest tenth exceeds",
    cell: ({ speed: { ttft_ms } }) => (
      <>
        {duration(ttft_ms.p50)}
        {ttft_ms.n > 1 && <small> to {duration(ttft_ms.p90)}</small>}
      </>
    ),
  },
  {
    name: "Tokens a second",
    isNumber: true,
    title: "of streams: the median",
    cell: ({ speed }) => count(speed.tokens_per_second.p50),
  },
  {
    name: "Overhead",
    isNumber: true,
    isMinor: true,
    title: "what memproxy itself took: the median",
    cell: ({ speed }) => duration(speed.overhead_ms.p50),
  },
  {
    name: "Memory",
    isNumber: true,
    isMinor: true,
    title: "what recalling took, within the overhead: the median",
    cell: ({ speed }) => duration(speed.memory_ms.p50),
  },
  {
    name: "From cache",
    isNumber: true,
    title: "share of the input tokens that the provider read from its cache",
    cell: ({ efficiency }) => percent(efficiency.cache_hit_ratio),
  },
  {
    name: "Cost a turn",
    isNumber: true,
    title: "of each answer that asked for no tool, the calls before it included",
    cell: ({ efficiency }) => money(efficiency.cost_per_turn_usd),
  },
]
