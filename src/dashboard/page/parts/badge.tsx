/** How a request ended, in a word and a colour: never by the colour alone. */
import type { LedgerRow } from "../../../exchange.ts"

const OUTCOMES = {
  done: { tone: "good", label: "done" },
  "client-left": { tone: "quiet", label: "client left" },
  "upstream-failed": { tone: "bad", label: "upstream failed" },
  rejected: { tone: "warn", label: "rejected" },
} as const

export const outcomeLabel = (outcome: string) =>
  (OUTCOMES as Record<string, { label: string }>)[outcome]?.label ?? outcome

export const Outcome = ({ row }: { row: Pick<LedgerRow, "outcome" | "status"> }) => {
  const { tone, label } = OUTCOMES[row.outcome]
  return (
    <span class={`badge ${tone}`}>
      {row.status}
      {row.outcome === "done" ? <span class="unseen"> {label}</span> : <span class="word"> {label}</span>}
    </span>
  )
}

export const Badge = ({ tone, children }: { tone: "good" | "quiet" | "bad" | "warn"; children: string }) => (
  <span class={`badge ${tone}`}>{children}</span>
)
