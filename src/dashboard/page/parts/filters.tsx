/** The filters of a list: those that hold, each with a way to remove it, and one more to add. */
import { useState } from "preact/hooks"
import { useAsked, withQuery } from "../ask.ts"
import { count, moment } from "../format.ts"
import { filteredBy, go, linkTo, type Route, unknownOf } from "../route.ts"
import type { UsageReport } from "../shapes.ts"
import { outcomeLabel } from "./badge.tsx"
import { Icon } from "./icon.tsx"

/** What each is called, and what `/api/usage` groups by to know its values. */
const FIELDS: Record<string, { label: string; group: string | null }> = {
  client: { label: "Client", group: "client" },
  model: { label: "Model", group: "model" },
  user_id: { label: "User", group: "user" },
  project: { label: "Project", group: "project" },
  session_id: { label: "Session id", group: null },
  key: { label: "Key", group: "key" },
  outcome: { label: "Outcome", group: null },
  error_type: { label: "Error", group: null },
  id: { label: "Request id", group: null },
}
/** What is typed, since nobody looks through a list of it. */
const TYPED = ["session_id", "error_type", "id"]
const NOT_KNOWN = "not known"
const OUTCOMES = ["done", "client-left", "upstream-failed", "rejected"]

type Filter = Readonly<Record<string, string | number | undefined>>

/** `filter`: what the list is asked for, so that a value is offered with as many requests as it would leave. */
export function Filters({ route, names, filter }: { route: Route; names: readonly string[]; filter: Filter }) {
  const { view, params } = route
  const unknown = unknownOf(params)
  const without = (name: string) => linkTo(view, { ...filteredBy(params, name, undefined), id: null })
  const active = names.filter((name) => name !== "id" && (params[name] || unknown.includes(name)))
  const free = names.filter((name) => !active.includes(name))
  return (
    <div class="filters">
      {params["from"] && params["to"] && (
        <a class="chip" href={linkTo(view, { ...params, from: null, to: null })}>
          {moment(new Date(Number(params["from"])).toISOString())} –{" "}
          {moment(new Date(Number(params["to"])).toISOString())}
          <Remove what="time" />
        </a>
      )}
      {active.map((name) => (
        <a key={name} class="chip" href={without(name)}>
          <span class="muted">{FIELDS[name]!.label}</span>{" "}
          {unknown.includes(name) ? NOT_KNOWN : name === "outcome" ? outcomeLabel(params[name]!) : params[name]}
          <Remove what={FIELDS[name]!.label} />
        </a>
      ))}
      <AddFilter names={free} route={route} filter={filter} />
    </div>
  )
}

const Remove = ({ what }: { what: string }) => (
  <>
    <Icon name="close" />
    <span class="unseen">remove the filter {what}</span>
  </>
)

function AddFilter({ names, route, filter }: { names: readonly string[]; route: Route; filter: Filter }) {
  const [field, setField] = useState("")
  const group = FIELDS[field]?.group
  const values = useAsked<UsageReport>(group ? withQuery("/api/usage", { ...filter, group_by: group }) : null)
  const options: readonly { value: string | null; label: string }[] =
    field === "outcome"
      ? OUTCOMES.map((value) => ({ value, label: outcomeLabel(value) }))
      : (values.isLoading ? [] : (values.data?.rows ?? [])).map(({ key, requests }) => ({
          value: key as string | null,
          label: `${key ?? NOT_KNOWN} (${count(requests)})`,
        }))
  const add = (value: string | null) => {
    if (value === "") return
    setField("")
    // one request is no filter: it opens beside the list
    const params =
      field === "id" ? { ...route.params, id: value } : filteredBy({ ...route.params, id: "" }, field, value)
    go(linkTo(route.view, params))
  }
  return (
    <form
      class="add-filter"
      onSubmit={(event) => {
        event.preventDefault()
        add(String(new FormData(event.currentTarget).get("value") ?? "").trim())
      }}
    >
      <label class="unseen" for="filter-field">
        Add a filter
      </label>
      <select id="filter-field" value={field} onChange={(event) => setField(event.currentTarget.value)}>
        <option value="">Add a filter…</option>
        {names.map((name) => (
          <option key={name} value={name}>
            {FIELDS[name]!.label}
          </option>
        ))}
      </select>
      {field !== "" &&
        (TYPED.includes(field) ? (
          <>
            <input
              name="value"
              aria-label={FIELDS[field]!.label}
              placeholder={FIELDS[field]!.label}
              autofocus
              spellcheck={false}
            />
            <button type="submit" class="button small">
              {field === "id" ? "Open" : "Filter"}
            </button>
          </>
        ) : (
          <select
            name="value"
            aria-label={FIELDS[field]!.label}
            onChange={(event) => {
              const chosen = options[event.currentTarget.selectedIndex - 1]
              if (chosen) add(chosen.value)
            }}
          >
            <option>{values.isLoading ? "Loading…" : "Choose…"}</option>
            {options.map(({ value, label }) => (
              <option key={value} value={value ?? undefined}>
                {label}
              </option>
            ))}
          </select>
        ))}
    </form>
  )
}
