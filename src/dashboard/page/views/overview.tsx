/** The first view: what was used, what it cost, how fast it was, and by whom. */
import { useCallback, useMemo, useState } from "preact/hooks"
import { useAsked, withQuery } from "../ask.ts"
import { change, compact, count, duration, money, percent, score } from "../format.ts"
import { useChanges } from "../live.ts"
import { Bars } from "../parts/bars.tsx"
import { PageHead, RangePicker } from "../parts/page-head.tsx"
import { Answer, Empty, FirstRequest } from "../parts/states.tsx"
import { beginOf, RANGES, type RangeName, rangeName, spanBefore, zone } from "../range.ts"
import { linkTo } from "../route.ts"
import type { UsageReport, UsageSums } from "../shapes.ts"
import type { ViewProps } from "./view.ts"
import { Trends } from "./trends.tsx"

const GROUPS = [
  { by: "model", filter: "model", title: "Models" },
  { by: "client", filter: "client", title: "Clients" },
  { by: "user", filter: "user_id", title: "Users" },
  { by: "project", filter: "project", title: "Projects" },
] as const

export function Overview({ route, status }: ViewProps) {
  const range = rangeName(route.params["range"])
  const [now, setNow] = useState(Date.now)
  const from = beginOf(range, now)
  const time = useAsked<UsageReport>(withQuery("/api/usage", { group_by: RANGES[range].unit, tz: zone(), from }))
  const spanOfBefore = useMemo(() => spanBefore(range, now), [range, from])
  const before = useAsked<UsageReport>(withQuery("/api/usage", { group_by: "model", ...spanOfBefore }))
  const groups = GROUPS.map(({ by }) => useAsked<UsageReport>(withQuery("/api/usage", { group_by: by, from })))
  const reload = useCallback(() => {
    setNow(Date.now())
    for (const asked of [time, ...groups]) asked.reload()
  }, [time.reload, ...groups.map((asked) => asked.reload)])
  useChanges(reload)
  const params = useMemo(() => ({ range }), [range])
  return (
    <>
      <PageHead title="Overview" lead={`Everything that went through memproxy in the last ${RANGES[range].name}.`}>
        <RangePicker route={route} value={range} />
      </PageHead>
      <Answer asked={time}>
        {({ totals, rows }) =>
          totals.requests === 0 ? (
            <Empty title={`No requests in the last ${RANGES[range].name}`}>
              <p>Send the first one; it appears here within a second.</p>
              <FirstRequest status={status} />
              <p>
                Or <a href={linkTo("clients")}>set up a client</a>: Claude Code, Codex, Gemini CLI, an IDE or an SDK.
              </p>
            </Empty>
          ) : (
            <>
              <Figures totals={totals} before={before.data?.totals ?? null} range={range} />
              <Trends range={range} now={now} rows={rows} />
              <div class="grid two">
                {GROUPS.map(({ title, filter }, index) => (
                  <Answer key={title} asked={groups[index]!}>
                    {(report) => <Bars title={title} rows={report.rows as Rows} filter={filter} params={params} />}
                  </Answer>
                ))}
              </div>
            </>
          )
        }
      </Answer>
    </>
  )
}

type Rows = ({ key: string | null } & UsageSums)[]

const HOURS_A_MONTH = 730

function Figures({ totals, before, range }: { totals: UsageSums; before: UsageSums | null; range: RangeName }) {
  const hours = RANGES[range].steps * (RANGES[range].unit === "day" ? 24 : 1)
  const all = linkTo("requests", { range })
  const { requests, errors, cost_usd, billed_usd, unpriced, input_tokens, cache_read_tokens, output_tokens } = totals
  const { ttft_ms, duration_ms, tokens_per_second, quality } = totals
  return (
    <ul class="figures-grid">
      <Figure name="Requests" value={count(requests)} link={all} change={change(requests, before?.requests)}>
        {errors > 0 ? (
          <a class="bad-text" href={linkTo("quality", { range })}>
            {count(errors)} failed ({percent(errors / requests)})
          </a>
        ) : (
          "none failed"
        )}
      </Figure>
      <Figure name="Cost at list price" value={money(cost_usd)} link={all} change={change(cost_usd, before?.cost_usd)}>
        {[
          cost_usd !== null && `${money((cost_usd / hours) * HOURS_A_MONTH)} a month at this pace`,
          billed_usd !== null && billed_usd !== cost_usd && `billed ${money(billed_usd)}`,
          unpriced > 0 && `${count(unpriced)} without a price`,
        ]
          .filter(Boolean)
          .join(" · ")}
      </Figure>
      <Figure
        name="Input tokens"
        value={compact(input_tokens)}
        link={all}
        change={change(input_tokens, before?.input_tokens)}
      >
        {percent(input_tokens > 0 ? cache_read_tokens / input_tokens : null)} read from cache
      </Figure>
      <Figure
        name="Output tokens"
        value={compact(output_tokens)}
        link={all}
        change={change(output_tokens, before?.output_tokens)}
      >
        {tokens_per_second === null ? "no streams measured" : `${count(tokens_per_second)} tokens a second`}
      </Figure>
      <Figure name="Time to first token" value={duration(ttft_ms.p50)} link={all}>
        {ttft_ms.p50 === null ? "no streams measured" : `95 % within ${duration(ttft_ms.p95)}`}
      </Figure>
      <Figure name="Duration" value={duration(duration_ms.p50)} link={all}>
        95 % within {duration(duration_ms.p95)}
      </Figure>
      <Figure name="Quality" value={score(quality)} link={linkTo("quality", { range })}>
        {quality === null ? "not measured yet" : "of 100, from the traffic"}
      </Figure>
    </ul>
  )
}

function Figure(props: {
  name: string
  value: string
  link: string
  change?: number | null
  children?: preact.ComponentChildren
}) {
  const { change: moved } = props
  return (
    <li class="card figure">
      <span class="name">{props.name}</span>
      <span class="value">
        <a href={props.link}>{props.value}</a>
        {moved !== null && moved !== undefined && Math.abs(moved) < 10 && (
          <span class="moved" title="against the time of the same length before">
            {moved >= 0 ? "+" : "−"}
            {percent(Math.abs(moved))}
          </span>
        )}
      </span>
      <span class="note">{props.children}</span>
    </li>
  )
}
