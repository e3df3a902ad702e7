/** One request at the side of the list: how it went, what it cost, what memory put in, what was sent. Escape closes it, j and k go on. */
import { useEffect, useRef } from "preact/hooks"
import { useAsked } from "../ask.ts"
import { curlOf } from "../curl.ts"
import { count, duration, moment, money, score } from "../format.ts"
import { Outcome } from "../parts/badge.tsx"
import { CopyButton } from "../parts/copy.tsx"
import { Icon } from "../parts/icon.tsx"
import { Answer } from "../parts/states.tsx"
import { linkTo } from "../route.ts"
import type { Entry } from "../shapes.ts"
import { BodiesShown } from "./request-bodies.tsx"
import { InjectedMemories } from "./request-memories.tsx"
import { Rating } from "./request-rating.tsx"
import { Timeline } from "./request-timeline.tsx"

interface PanelProps {
  id: string
  onClose: () => void
  onStep: (by: 1 | -1) => void
}

export function RequestPanel({ id, onClose, onStep }: PanelProps) {
  const asked = useAsked<Entry>(`/api/requests/${encodeURIComponent(id)}`)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return
      if (event.key === "Escape") onClose()
      else if (event.key === "j") onStep(1)
      else if (event.key === "k") onStep(-1)
    }
    addEventListener("keydown", pressed)
    return () => removeEventListener("keydown", pressed)
  }, [onClose, onStep])
  return (
    <aside class="panel" aria-labelledby="panel-title">
      <header>
        <h2 id="panel-title" tabIndex={-1} ref={heading}>
          Request
        </h2>
        <button type="button" class="button small" onClick={() => onStep(-1)} title="k">
          <Icon name="previous" />
          <span class="unseen">Newer request (k)</span>
        </button>
        <button type="button" class="button small" onClick={() => onStep(1)} title="j">
          <Icon name="next" />
          <span class="unseen">Older request (j)</span>
        </button>
        <button type="button" class="button small" onClick={onClose} title="Escape">
          <Icon name="close" />
          <span class="unseen">Close</span>
        </button>
      </header>
      <div class="panel-body">
        <Answer asked={asked}>{(entry) => <Details entry={entry} />}</Answer>
      </div>
    </aside>
  )
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)

function Details({ entry }: { entry: Entry }) {
  return (
    <>
      <div class="panel-top">
        <Outcome row={entry} />
        <strong>{entry.model ?? "no model"}</strong>
        <span class="muted">{moment(entry.started_at)}</span>
      </div>
      {entry.error_type && <p class="notice error">Error: {entry.error_type}</p>}
      <div class="panel-actions">
        <CopyButton text={curlOf(entry, location.origin)} label="Copy as curl" />
        <CopyButton text={entry.id} label="Copy id" />
        <Rating entry={entry} />
      </div>
      <Timeline entry={entry} />
      <section>
        <h3>Who and where</h3>
        <Facts rows={whoAndWhere(entry)} />
      </section>
      <section>
        <h3>Tokens and cost</h3>
        <Facts rows={tokensAndCost(entry)} />
        {entry.estimated && <p class="note">The provider did not count to the end: the tokens are estimated.</p>}
      </section>
      <InjectedMemories entry={entry} />
      <BodiesShown entry={entry} />
      <details>
        <summary>The whole row</summary>
        <pre class="code" tabIndex={0}>
          {JSON.stringify({ ...entry, bodies: undefined }, null, 2)}
        </pre>
      </details>
    </>
  )
}

type Fact = readonly [name: string, value: string | null, link?: string]

const Facts = ({ rows }: { rows: readonly Fact[] }) => (
  <dl class="facts">
    {rows
      .filter(([, value]) => value !== null)
      .map(([name, value, link]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{link ? <a href={link}>{value}</a> : value}</dd>
        </div>
      ))}
  </dl>
)

function whoAndWhere(entry: Entry): Fact[] {
  const rowsOf = (name: string, value: string | null): string | undefined =>
    value === null ? undefined : linkTo("requests", { [name]: value })
  const version = entry.client_version ? ` ${entry.client_version}` : ""
  return [
    [
      "Client",
      entry.client && `${entry.client}${version}${entry.client_guess ? " (likely)" : ""}`,
      rowsOf("client", entry.client),
    ],
    ["User", entry.user_id, rowsOf("user_id", entry.user_id)],
    ["Project", entry.project, rowsOf("project", entry.project)],
    ["Project key", entry.project_key],
    ["Session", entry.session_id, rowsOf("session_id", entry.session_id)],
    ["Key", entry.key_alias, rowsOf("key", entry.key_alias)],
    ["Provider", entry.provider && `${entry.provider} · ${entry.upstream_model ?? ""}`],
    [
      "Dialect",
      entry.dialect_in &&
        (entry.dialect_out && entry.dialect_out !== entry.dialect_in
          ? `${entry.dialect_in} → ${entry.dialect_out}`
          : entry.dialect_in),
    ],
    ["Not carried over", entry.lossy.length > 0 ? entry.lossy.join(", ") : null],
    ["Retries, fallbacks", entry.retries + entry.fallbacks > 0 ? `${entry.retries}, ${entry.fallbacks}` : null],
    ["Ended with", entry.finish_reason],
    ["Tool calls", entry.tool_calls > 0 ? count(entry.tool_calls) : null],
    ["Quality", entry.quality === null ? null : `${score(entry.quality)} of 100`],
    ["Id", entry.id],
  ]
}

function tokensAndCost(entry: Entry): Fact[] {
  const some = (value: number | null) => (value ? count(value) : null)
  const prices = Object.entries(entry.unit_prices ?? {}).map(
    ([name, price]) => `${name.replaceAll("_", " ")} $${price}`,
  )
  return [
    ["Input", count(entry.input_tokens)],
    ["… read from cache", some(entry.cache_read_tokens)],
    ["… written to cache", some(entry.cache_write_tokens)],
    ["… memory", some(entry.memory_tokens)],
    ["Output", count(entry.output_tokens)],
    ["… reasoning", some(entry.reasoning_tokens)],
    ["Web searches", some(entry.web_searches ?? null)],
    ["Cost at list price", entry.cost_usd === null ? "no price is known" : money(entry.cost_usd)],
    ["Billed", entry.billed_usd === entry.cost_usd ? null : money(entry.billed_usd)],
    ["Price per million", prices.length > 0 ? prices.join(" · ") : null],
    ["Price from", entry.price_source],
    ["Speed", speedOf(entry)],
  ]
}

function speedOf({ output_tokens, ttft_ms, duration_ms }: Entry): string | null {
  if (!output_tokens || ttft_ms === null || duration_ms <= ttft_ms) return null
  return `${Math.round(output_tokens / ((duration_ms - ttft_ms) / 1000))} tokens a second, first after ${duration(ttft_ms)}`
}
