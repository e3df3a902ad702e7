/** What went wrong lately, alike ones together. */
import { useMemo, useState } from "preact/hooks"
import { useAsked, withQuery } from "../ask.ts"
import { count, when } from "../format.ts"
import { Badge, outcomeLabel } from "../parts/badge.tsx"
import { Answer } from "../parts/states.tsx"
import { type Column, Table } from "../parts/table.tsx"
import { filteredBy, linkTo } from "../route.ts"
import type { LedgerRow, Page } from "../shapes.ts"

/** Of each outcome; older ones are in the list of requests. */
const NEWEST = 200

interface Failure {
  row: LedgerRow
  requests: number
}

export function Failures({ from, range }: { from: number; range: string }) {
  const [now] = useState(Date.now)
  const ofOutcome = (outcome: string) => withQuery("/api/requests", { outcome, from, limit: NEWEST })
  const failed = useAsked<Page<LedgerRow>>(ofOutcome("upstream-failed"))
  const rejected = useAsked<Page<LedgerRow>>(ofOutcome("rejected"))
  const failures = useMemo(
    () => grouped([...(failed.data?.data ?? []), ...(rejected.data?.data ?? [])]),
    [failed.data, rejected.data],
  )
  return (
    <>
      <h2 class="between">Errors</h2>
      <Answer asked={failed}>
        {() => (
          <Answer asked={rejected}>
            {() =>
              failures.length === 0 ? (
                <p class="notice good">No request failed.</p>
              ) : (
                <>
                  {(failed.data?.next_cursor || rejected.data?.next_cursor) && (
                    <p class="note">Of the newest {NEWEST} that failed and as many that were rejected.</p>
                  )}
                  <Table
                    caption="Errors, the most frequent first"
                    columns={columns(now, range)}
                    rows={failures}
                    keyOf={({ row }) => row.id}
                  />
                </>
              )
            }
          </Answer>
        )}
      </Answer>
    </>
  )
}

function grouped(rows: readonly LedgerRow[]): Failure[] {
  const groups = new Map<string, Failure>()
  for (const row of rows) {
    const key = JSON.stringify([row.outcome, row.error_type, row.status, row.provider, row.model])
    const group = groups.get(key)
    if (group) group.requests++
    else groups.set(key, { row, requests: 1 })
  }
  return [...groups.values()].sort((a, b) => b.requests - a.requests)
}

const alike = ({ outcome, error_type }: LedgerRow, range: string) =>
  filteredBy({ outcome, range }, "error_type", error_type)

const columns = (now: number, range: string): Column<Failure>[] => [
  {
    name: "Error",
    cell: ({ row }) => (
      <a class="strong" href={linkTo("requests", { id: row.id, ...alike(row, range) })}>
        {row.error_type?.replaceAll("_", " ") ?? "unknown"}
      </a>
    ),
  },
  {
    name: "Status",
    cell: ({ row }) => (
      <Badge tone={row.outcome === "rejected" ? "warn" : "bad"}>{`${row.status} ${outcomeLabel(row.outcome)}`}</Badge>
    ),
  },
  { name: "Model", cell: ({ row }) => row.model ?? "–" },
  { name: "Provider", isMinor: true, cell: ({ row }) => row.provider ?? "–" },
  { name: "Last", cell: ({ row }) => when(row.started_at, now) },
  {
    name: "Requests",
    isNumber: true,
    title: `of the newest ${NEWEST} of each outcome`,
    cell: ({ row, requests }) => (
      <a href={linkTo("requests", filteredBy(alike(row, range), "model", row.model))}>{count(requests)}</a>
    ),
  },
]
