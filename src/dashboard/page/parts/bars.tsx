/** Groups beside each other: a name, a bar for its share, its figures. Each leads to its rows. */
import { compact, costOf, plural } from "../format.ts"
import { filteredBy, linkTo, type Params } from "../route.ts"
import type { UsageSums } from "../shapes.ts"

type Row = { key: string | null } & UsageSums
const MOST = 6

export function Bars(props: { title: string; rows: readonly Row[]; filter: string; params: Params }) {
  const rows = [...props.rows].sort((a, b) => (b.cost_usd ?? 0) - (a.cost_usd ?? 0) || b.requests - a.requests)
  const isPriced = rows.some(({ cost_usd }) => cost_usd)
  const valueOf = (row: Row) => (isPriced ? (row.cost_usd ?? 0) : row.requests)
  const largest = Math.max(...rows.map(valueOf), Number.MIN_VALUE)
  return (
    <section class="card">
      <h2>{props.title}</h2>
      <p class="note">{isPriced ? "By cost at list price." : "By requests: no price is known."}</p>
      <ul class="bars">
        {rows.slice(0, MOST).map((row) => (
          <li key={row.key ?? ""}>
            <a
              class="bar-line"
              href={linkTo("requests", filteredBy(props.params, props.filter, row.key))}
              title={row.key ?? undefined}
            >
              <span class={row.key === null ? "name muted" : "name"}>{row.key ?? "not known"}</span>
              <span class="figures">
                <span class="muted">{plural(row.requests, "request")}</span>
                <b>{isPriced ? costOf(row) : `${compact(row.input_tokens + row.output_tokens)} tokens`}</b>
              </span>
            </a>
            <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
              <rect class="track" width="100" height="4" rx="1" />
              <rect class="fill" width={Math.max(0.6, (100 * valueOf(row)) / largest)} height="4" rx="1" />
            </svg>
          </li>
        ))}
      </ul>
      {rows.length > MOST && <p class="note">and {plural(rows.length - MOST, "other")}</p>}
    </section>
  )
}
