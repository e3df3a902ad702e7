/** Every request, newest first, with new ones as they end; one of them opens at the side. */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks"
import { ask, type Refused, useAsked, withQuery } from "../ask.ts"
import { compact, costOf, count, duration, moment, money, percent, plural, when } from "../format.ts"
import { useLiveRows, useSoon } from "../live.ts"
import { Outcome } from "../parts/badge.tsx"
import { Filters } from "../parts/filters.tsx"
import { PageHead, RangePicker } from "../parts/page-head.tsx"
import { Answer, Empty, Failed, FirstRequest } from "../parts/states.tsx"
import { type Column, Table } from "../parts/table.tsx"
import { beginOf, rangeName } from "../range.ts"
import { filteredBy, go, linkTo, type Params, readRoute } from "../route.ts"
import type { LedgerRow, Page, UsageReport, UsageSums } from "../shapes.ts"
import type { ViewProps } from "./view.ts"
import { RequestPanel } from "./request-panel.tsx"

const FILTERS = ["client", "model", "user_id", "project", "session_id", "key", "outcome", "error_type"] as const
/** A longer tail becomes pages again. */
const MOST_LIVE = 200

export function Requests({ route, status }: ViewProps) {
  const { params } = route
  const [isLive, setLive] = useState(true)
  const [now] = useState(Date.now)
  const filter = useMemo(() => apiFilter(params, now), [JSON.stringify({ ...params, id: null })])
  const first = useAsked<Page<LedgerRow>>(withQuery("/api/requests", { ...filter, limit: 50 }))
  const sums = useAsked<UsageReport>(withQuery("/api/usage", { ...filter, limit: 1 }))
  const sumAnew = useSoon(sums.reload)
  const [older, setOlder] = useState<{ rows: LedgerRow[]; cursor: string | null } | null>(null)
  const [live, setLiveRows] = useState<LedgerRow[]>([])
  const [error, setError] = useState<Refused | null>(null)
  useEffect(() => {
    setOlder(null)
    setLiveRows([])
  }, [filter])
  // What came before the page's newest row is on it, or on those after it.
  useEffect(() => {
    const newest = first.data?.data[0]?.started_at ?? ""
    setLiveRows((rows) => rows.filter(({ started_at }) => started_at >= newest))
    setOlder(null)
  }, [first.data])
  const pageAnew = useSoon(first.reload)
  const came = (newest: LedgerRow[]) => {
    setLiveRows((rows) => [...newest, ...rows])
    sumAnew()
    if (live.length > MOST_LIVE) pageAnew()
  }
  const missed = () => {
    first.reload()
    sums.reload()
  }
  const isConnected = useLiveRows(isLive ? withQuery("/api/requests/stream", filter) : null, came, missed)
  const rows = useMemo(
    () => distinct([...live, ...(first.data?.data ?? []), ...(older?.rows ?? [])]),
    [live, first.data, older],
  )
  const isNew = useMemo(() => new Set(live.map(({ id }) => id)), [live])
  const cursor = older ? older.cursor : (first.data?.next_cursor ?? null)
  const more = async () => {
    try {
      const page = await ask<Page<LedgerRow>>(withQuery("/api/requests", { ...filter, limit: 100, cursor }))
      setOlder({ rows: [...(older?.rows ?? []), ...page.data], cursor: page.next_cursor })
    } catch (refused) {
      setError(refused as Refused)
    }
  }
  // The first one opened is a step that "back" undoes; going on from there is none.
  const open = useCallback(
    (id: string | null) => go(linkTo("requests", { ...params, id }), params["id"] !== undefined),
    [params],
  )
  // From where one is by now: a key pressed quickly comes before the page is drawn anew.
  const step = (by: number) => {
    const at = rows.findIndex(({ id }) => id === readRoute(location.hash).params["id"])
    if (rows[at + by]) open(rows[at + by]!.id)
  }
  const close = () => {
    // The keyboard goes on where it came from.
    const from = document.querySelector<HTMLElement>("tr.open a") ?? document.getElementById("view-title")
    from?.focus()
    open(null)
  }
  const isFiltered = [...FILTERS, "unknown"].some((name) => params[name])
  return (
    <>
      <PageHead title="Requests" lead="One row for every model call, refused ones too. Open one to see what happened.">
        <button
          type="button"
          class={`button live ${isLive && isConnected ? "on" : ""}`}
          aria-pressed={isLive}
          onClick={() => setLive(!isLive)}
        >
          <span class="dot" aria-hidden="true" />
          {isLive ? "Live" : "Paused"}
        </button>
        <RangePicker route={{ ...route, params: { ...params, from: "", to: "" } }} value={rangeName(params["range"])} />
      </PageHead>
      <Filters route={route} names={[...FILTERS, "id"]} filter={filter} />
      {error && <Failed error={error} />}
      <Answer asked={first}>
        {() =>
          rows.length === 0 ? (
            <Empty title={isFiltered ? "No request matches" : "No requests yet"}>
              {isFiltered ? (
                <p>
                  <a href={linkTo("requests", { range: params["range"] })}>Remove the filters</a>, or choose a longer
                  time.
                </p>
              ) : (
                <FirstRequest status={status} />
              )}
            </Empty>
          ) : (
            <>
              {sums.data && <Sums totals={sums.data.totals} />}
              <Table
                caption="Requests, newest first"
                columns={columns(now, params)}
                rows={rows}
                keyOf={({ id }) => id}
                onOpen={({ id }) => open(id)}
                isOpen={({ id }) => id === params["id"]}
                isNew={({ id }) => isNew.has(id)}
              />
              {cursor && (
                <button type="button" class="button" onClick={more}>
                  Show older requests
                </button>
              )}
            </>
          )
        }
      </Answer>
      {params["id"] && <RequestPanel id={params["id"]} onClose={close} onStep={step} />}
    </>
  )
}

const Sums = ({ totals }: { totals: UsageSums }) => (
  <p class="note sums">
    <b>{plural(totals.requests, "request")}</b>
    {totals.errors > 0 && ` · ${count(totals.errors)} failed`} · {compact(totals.input_tokens)} tokens in,{" "}
    {compact(totals.output_tokens)} out · <b>{costOf(totals)}</b>
    {!!totals.cost_usd && totals.unpriced > 0 && ` · ${count(totals.unpriced)} without a price`}
  </p>
)

function apiFilter(params: Params, now: number): Record<string, string> {
  const given = Object.fromEntries(
    [...FILTERS, "unknown"].flatMap((name) => (params[name] ? [[name, params[name]]] : [])),
  )
  // A range ends now and goes on; a bucket of a chart has an end.
  const from = params["from"] || String(beginOf(rangeName(params["range"]), now))
  return { ...given, from, ...(params["to"] && { to: params["to"] }) }
}

function distinct(rows: readonly LedgerRow[]): LedgerRow[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()].sort((a, b) =>
    a.started_at < b.started_at ? 1 : a.started_at > b.started_at ? -1 : 0,
  )
}

const columns = (now: number, params: Params): Column<LedgerRow>[] => {
  const filterBy = (name: string, value: string | null) => (
    <a
      class={value === null ? "dash" : undefined}
      href={linkTo("requests", { ...filteredBy(params, name, value), id: null })}
      title={value ?? "not known"}
    >
      {value ?? <span class="muted">–</span>}
    </a>
  )
  return [
    {
      name: "Time",
      cell: ({ id, started_at }) => (
        <a class="strong" href={linkTo("requests", { ...params, id })} title={moment(started_at)}>
          {when(started_at, now)}
        </a>
      ),
    },
    { name: "Status", cell: (row) => <Outcome row={row} /> },
    { name: "Client", cell: ({ client }) => filterBy("client", client) },
    { name: "Model", cell: ({ model }) => filterBy("model", model) },
    { name: "User", isExtra: true, cell: ({ user_id }) => filterBy("user_id", user_id) },
    { name: "Project", isMinor: true, cell: ({ project }) => filterBy("project", project) },
    {
      name: "Input",
      isNumber: true,
      title: "tokens; the share read from a cache",
      cell: ({ input_tokens, cache_read_tokens }) => (
        <>
          {compact(input_tokens)}
          {!!cache_read_tokens && !!input_tokens && (
            <small>
              {" "}
              {percent(cache_read_tokens / input_tokens)}
              <span class="extra"> cached</span>
            </small>
          )}
        </>
      ),
    },
    { name: "Output", isNumber: true, title: "tokens", cell: ({ output_tokens }) => compact(output_tokens) },
    { name: "Duration", isNumber: true, cell: ({ duration_ms }) => duration(duration_ms) },
    { name: "Cost", isNumber: true, cell: ({ cost_usd }) => money(cost_usd) },
    {
      name: "Memory",
      isNumber: true,
      title: "memories that went into the request",
      cell: ({ memories_injected, memory_status }) =>
        memories_injected > 0 ? memories_injected : <span class="muted">{memory_status ?? "–"}</span>,
    },
  ]
}
