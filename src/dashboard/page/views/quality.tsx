/** How good the answers were, measured from the traffic itself, and what went wrong. */
import { useAsked, withQuery } from "../ask.ts"
import { count, money, percent, plural, score } from "../format.ts"
import { PageHead, RangePicker, Segmented } from "../parts/page-head.tsx"
import { Answer, Empty, FirstRequest } from "../parts/states.tsx"
import { type Column, Table } from "../parts/table.tsx"
import { useSpan } from "../range.ts"
import { filteredBy, go, linkTo } from "../route.ts"
import type { Quality, QualitySums, Rate, SignalMeaning } from "../shapes.ts"
import type { ViewProps } from "./view.ts"
import { Failures } from "./failures.tsx"
import { Holdout } from "./holdout.tsx"
import { Speed } from "./speed.tsx"

const GROUPS = [
  { value: "model", label: "Model" },
  { value: "client", label: "Client" },
  { value: "project", label: "Project" },
  { value: "memory", label: "Memory" },
] as const
type Group = (typeof GROUPS)[number]["value"]

export function QualityView({ route, status }: ViewProps) {
  const { range, from } = useSpan(route.params)
  const group = GROUPS.find(({ value }) => value === route.params["by"])?.value ?? "model"
  const asked = useAsked<Quality>(withQuery("/api/quality", { group_by: group, from }))
  return (
    <>
      <PageHead
        title="Quality & errors"
        lead="How answers fared, from delivery to people's own word, each rate with its 95 % interval."
      >
        <RangePicker route={route} value={range} />
      </PageHead>
      <Failures from={from} range={range} />
      <Answer asked={asked}>
        {({ rows, totals, signals, holdout, backlog }) =>
          totals.requests === 0 ? (
            <Empty title="Nothing to measure yet">
              <p>Quality is computed from requests and what follows them.</p>
              <FirstRequest status={status} />
            </Empty>
          ) : (
            <>
              <div class="between with-tools">
                <h2>Composite by {group}</h2>
                <Segmented
                  label="Group by"
                  choices={GROUPS}
                  value={group}
                  onChange={(by) => go(linkTo("quality", { ...route.params, by }), true)}
                />
              </div>
              <Table
                caption={`Quality by ${group}`}
                columns={composite(group, range)}
                rows={rows}
                keyOf={({ key }) => String(key)}
              />
              <Speed group={group} rows={rows} />
              {group === "memory" && <Holdout holdout={holdout} signals={signals} />}
              <h2 class="between">Signals</h2>
              <Signals totals={totals} meanings={signals} />
              {backlog.dropped > 0 && (
                <p class="note">
                  {plural(backlog.dropped, "answer")} since the start came too many at once to be looked at: rates are
                  of the others.
                </p>
              )}
            </>
          )
        }
      </Answer>
    </>
  )
}

type Row = { key: string | null } & QualitySums
const PARTS = ["delivery", "tools", "acceptance", "form", "explicit"] as const
const FILTER: Partial<Record<Group, string>> = { model: "model", client: "client", project: "project" }

const rowsOf = (group: Group, range: string, key: string | null) => {
  const filter = FILTER[group]
  return filter && linkTo("requests", filteredBy({ range }, filter, key))
}

const composite = (group: Group, range: string): Column<Row>[] => [
  {
    name: group[0]!.toUpperCase() + group.slice(1),
    cell: ({ key }) => {
      const link = rowsOf(group, range, key)
      const name = key ?? "not known"
      return link ? (
        <a class="strong" href={link}>
          {name}
        </a>
      ) : (
        name
      )
    },
  },
  {
    name: "Requests",
    isNumber: true,
    cell: ({ key, requests }) => {
      const link = rowsOf(group, range, key)
      return link ? <a href={link}>{count(requests)}</a> : count(requests)
    },
  },
  {
    name: "Quality",
    isNumber: true,
    title: "0 to 100, of the parts that were measured",
    cell: ({ quality }) => (
      <>
        <b>{score(quality.score)}</b>
        {quality.few && quality.score !== null && <small> few</small>}
      </>
    ),
  },
  ...PARTS.map((part) => ({
    name: part[0]!.toUpperCase() + part.slice(1),
    isNumber: true,
    isMinor: true,
    cell: ({ quality }: Row) => percent(quality.parts[part]?.rate),
  })),
  { name: "Cost", isNumber: true, cell: ({ cost_usd }) => money(cost_usd) },
]

function Signals({ totals, meanings }: { totals: QualitySums; meanings: readonly SignalMeaning[] }) {
  const seen = meanings.filter(({ name }) => (totals.signals[name]?.n ?? 0) > 0)
  const happened = seen.filter(({ name }) => totals.signals[name]!.hits > 0)
  const never = seen.filter(({ name }) => totals.signals[name]!.hits === 0)
  const columns = signalColumns(totals.signals)
  const keyOf = ({ name }: SignalMeaning) => name
  return (
    <>
      <Table caption="Signals of quality" columns={columns} rows={happened} keyOf={keyOf} />
      {never.length > 0 && (
        <details class="more">
          <summary>{plural(never.length, "signal")} looked for and never seen</summary>
          <Table caption="Signals that were never seen" columns={columns} rows={never} keyOf={keyOf} />
        </details>
      )}
      <p class="note">
        {meanings.length - seen.length > 0 &&
          `${plural(meanings.length - seen.length, "more signal")} had no chance to be seen yet. `}
        Rates of fewer than 30 cases are marked “few”: no ground for a comparison.
      </p>
    </>
  )
}

const signalColumns = (rates: Record<string, Rate>): Column<SignalMeaning>[] => [
  {
    name: "Signal",
    cell: ({ name, definition }) => (
      <details class="traits">
        <summary>{name.replaceAll("_", " ")}</summary>
        <p>{definition}</p>
      </details>
    ),
  },
  { name: "Group", isMinor: true, cell: ({ group }) => group },
  {
    name: "Better",
    isMinor: true,
    cell: ({ good, heuristic }) =>
      `${good === null ? "neither" : good ? "more" : "less"}${heuristic ? ", a guess" : ""}`,
  },
  {
    name: "Rate",
    isNumber: true,
    cell: ({ name, mean }) => (mean === "count" ? (rates[name]?.rate?.toFixed(2) ?? "–") : percent(rates[name]?.rate)),
  },
  { name: "Interval", cell: ({ name }) => <Interval rate={rates[name]!} /> },
  {
    name: "Cases",
    isNumber: true,
    cell: ({ name }) => (
      <>
        {count(rates[name]!.n)}
        {rates[name]!.few && <small> few</small>}
      </>
    ),
  },
]

function Interval({ rate: { rate, low, high } }: { rate: Rate }) {
  if (rate === null || low === null || high === null) return <span class="muted">–</span>
  return (
    <span class="interval" title={`${percent(low)} to ${percent(high)}`}>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" y="4" width="100" height="2" />
        <rect class="span" x={low * 100} y="2.5" width={Math.max(1, (high - low) * 100)} height="5" />
        <rect class="point" x={Math.min(98.5, rate * 100)} width="1.5" height="10" />
      </svg>
      <span class="unseen">
        {percent(low)} to {percent(high)}
      </span>
    </span>
  )
}
