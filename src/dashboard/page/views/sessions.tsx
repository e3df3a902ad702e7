/** Conversations: who, where, how long, what they cost. Each leads to its requests. */
import { usePages, withQuery } from "../ask.ts"
import { compact, count, duration, moment, money, percent, score, when } from "../format.ts"
import { Filters } from "../parts/filters.tsx"
import { PageHead, RangePicker } from "../parts/page-head.tsx"
import { Answer, Empty, Failed } from "../parts/states.tsx"
import { type Column, Table } from "../parts/table.tsx"
import { RANGES, useSpan } from "../range.ts"
import { linkTo } from "../route.ts"
import type { Session } from "../shapes.ts"
import type { ViewProps } from "./view.ts"

const FILTERS = ["client", "model", "user_id", "project"] as const

export function Sessions({ route }: ViewProps) {
  const { params } = route
  const { range, now, from } = useSpan(params)
  const given = Object.fromEntries([...FILTERS, "unknown"].map((name) => [name, params[name]]))
  const filter = { ...given, from }
  const { asked, rows, cursor, more, error } = usePages<Session>((cursor) =>
    withQuery("/api/sessions", { ...filter, cursor }),
  )
  return (
    <>
      <PageHead
        title="Sessions"
        lead="Requests that belong to one conversation, by the client's own word or by their turns."
      >
        <RangePicker route={route} value={range} />
      </PageHead>
      <Filters route={route} names={FILTERS} filter={filter} />
      {error && <Failed error={error} />}
      <Answer asked={asked}>
        {() =>
          rows.length === 0 ? (
            <Empty title={`No sessions in the last ${RANGES[range].name}`}>
              <p>
                A session begins with a client's first request. <a href={linkTo("clients")}>Set up a client</a>.
              </p>
            </Empty>
          ) : (
            <>
              <Table
                caption="Sessions, newest first"
                columns={columns(now)}
                rows={rows}
                keyOf={(row) => row.session_id}
              />
              {cursor && (
                <button type="button" class="button" onClick={more}>
                  Show older sessions
                </button>
              )}
            </>
          )
        }
      </Answer>
    </>
  )
}

const columns = (now: number): Column<Session>[] => [
  {
    name: "Last request",
    cell: ({ session_id, last_at, started_at }) => (
      <a class="strong" href={rowsOf(session_id)} title={`${session_id}, since ${moment(started_at)}`}>
        {when(last_at, now)}
      </a>
    ),
  },
  { name: "Client", cell: ({ client }) => client ?? "–" },
  { name: "Project", cell: ({ project }) => project ?? "–" },
  { name: "User", isExtra: true, cell: ({ user_id }) => user_id ?? "–" },
  { name: "Model", isMinor: true, cell: ({ model }) => model ?? "–" },
  {
    name: "Requests",
    isNumber: true,
    cell: ({ session_id, requests, errors }) => (
      <>
        <a href={rowsOf(session_id)}>{count(requests)}</a>
        {errors > 0 && <small class="bad-text"> {count(errors)} failed</small>}
      </>
    ),
  },
  {
    name: "Lasted",
    isNumber: true,
    isExtra: true,
    cell: (row) => duration(Date.parse(row.last_at) - Date.parse(row.started_at)),
  },
  {
    name: "Input",
    isNumber: true,
    title: "tokens; share read from a cache",
    cell: ({ input_tokens, cache_read_tokens }) => (
      <>
        {compact(input_tokens)}
        {input_tokens > 0 && <small> {percent(cache_read_tokens / input_tokens)} cached</small>}
      </>
    ),
  },
  { name: "Output", isNumber: true, cell: ({ output_tokens }) => compact(output_tokens) },
  { name: "Memories", isNumber: true, isExtra: true, cell: ({ memories_injected }) => count(memories_injected) },
  { name: "Quality", isNumber: true, isMinor: true, cell: ({ quality }) => score(quality) },
  { name: "Cost", isNumber: true, cell: ({ cost_usd }) => money(cost_usd) },
]

const rowsOf = (session_id: string) => linkTo("requests", { session_id, range: "90d" })
