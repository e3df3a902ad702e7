/** The top of every view: what it is, in a line what it tells, and at the right what can be chosen. */
import type { ComponentChildren } from "preact"
import { useEffect } from "preact/hooks"
import { RANGES, type RangeName } from "../range.ts"
import { go, linkTo, type Route } from "../route.ts"

export function PageHead({ title, lead, children }: { title: string; lead: string; children?: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · memproxy`
  }, [title])
  return (
    <header class="page-head">
      <div>
        <h1 tabIndex={-1} id="view-title">
          {title}
        </h1>
        <p class="lead">{lead}</p>
      </div>
      {children && <div class="page-tools">{children}</div>}
    </header>
  )
}

export interface Choice<T extends string> {
  value: T
  label: string
}

/** A few choices, one of which holds. */
export function Segmented<T extends string>(props: {
  label: string
  choices: readonly Choice<T>[]
  value: T
  onChange: (value: T) => void
}) {
  return (
    <div class="segmented" role="group" aria-label={props.label}>
      {props.choices.map(({ value, label }) => (
        <button key={value} type="button" aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
          {label}
        </button>
      ))}
    </div>
  )
}

const RANGE_CHOICES = Object.entries(RANGES).map(([value, { label }]) => ({ value: value as RangeName, label }))

export const RangePicker = ({ route, value }: { route: Route; value: RangeName }) => (
  <Segmented
    label="Time range"
    choices={RANGE_CHOICES}
    value={value}
    onChange={(range) => go(linkTo(route.view, { ...route.params, range }), true)}
  />
)
