/** Whether memory helps: sessions it was withheld from by chance against the others, signal by signal. */
import { count, percent } from "../format.ts"
import { Snippet } from "../parts/copy.tsx"
import { type Column, Table } from "../parts/table.tsx"
import type { Compared, Quality } from "../shapes.ts"

const WITHHOLD = "memproxy:\n  memory: { engine: local, holdout: 0.1 }"

export function Holdout({ holdout, signals }: Pick<Quality, "holdout" | "signals">) {
  if (holdout === null)
    return (
      <section class="card">
        <h2>Does memory help?</h2>
        <p>
          Withheld from a share of the sessions by chance, the others can be compared with them. No session was held out
          in this time.
        </p>
        <Snippet label="Withholding memory from a tenth of the sessions" text={WITHHOLD} />
      </section>
    )
  const { requests, compared } = holdout
  const good = new Map(signals.map((signal) => [signal.name, signal.good]))
  const happened = compared.filter(({ on, held_out }) => on.hits + held_out.hits > 0)
  return (
    <>
      <h2 class="between">Does memory help?</h2>
      <p class="note">
        {count(requests.on)} requests with memory and {count(requests.held_out)} it was withheld from, by chance. A
        difference whose interval holds 0 may be chance too.
      </p>
      <Table caption="With memory and without" columns={columns(good)} rows={happened} keyOf={({ signal }) => signal} />
    </>
  )
}

/** Percentage points; the sign always there. */
const points = (share: number) => `${share < 0 ? "−" : "+"}${Math.abs(share * 100).toFixed(1)}`

const columns = (good: ReadonlyMap<string, boolean | null>): Column<Compared>[] => [
  { name: "Signal", cell: ({ signal }) => signal.replaceAll("_", " ") },
  {
    name: "Better",
    isMinor: true,
    cell: ({ signal }) => ({ true: "more", false: "less", null: "neither" })[String(good.get(signal) ?? null)],
  },
  { name: "With memory", isNumber: true, cell: ({ on }) => percent(on.rate) },
  { name: "Withheld", isNumber: true, cell: ({ held_out }) => percent(held_out.rate) },
  {
    name: "Difference",
    isNumber: true,
    title: "percentage points",
    cell: ({ difference, few }) => (
      <>
        <b>{points(difference)}</b>
        {few && <small> few</small>}
      </>
    ),
  },
  {
    name: "95 % interval",
    isNumber: true,
    title: "percentage points",
    cell: ({ low, high }) => `${points(low)} to ${points(high)}`,
  },
  {
    name: "Verdict",
    isMinor: true,
    cell: ({ signal, low, high, few }) => verdict(good.get(signal) ?? null, low, high, few),
  },
]

function verdict(good: boolean | null, low: number, high: number, few: boolean): string {
  if (few) return "too few"
  if (low <= 0 && high >= 0) return "no difference seen"
  if (good === null) return low > 0 ? "more" : "less"
  return low > 0 === good ? "better with memory" : "worse with memory"
}
