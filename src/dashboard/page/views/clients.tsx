/** The programs that call: how each was recognised, what it used, and how to set up one more. */
import { useState } from "preact/hooks"
import { useAsked, withQuery } from "../ask.ts"
import { compact, costOf, count, duration, when } from "../format.ts"
import { Badge } from "../parts/badge.tsx"
import { Snippet } from "../parts/copy.tsx"
import { PageHead, RangePicker } from "../parts/page-head.tsx"
import { Answer, Empty } from "../parts/states.tsx"
import { type Column, Table } from "../parts/table.tsx"
import { RANGES, useSpan } from "../range.ts"
import { filteredBy, linkTo } from "../route.ts"
import type { Client, Configuration } from "../shapes.ts"
import type { ViewProps } from "./view.ts"
import { SNIPPETS } from "../snippets.ts"

export function Clients({ route, status }: ViewProps) {
  const { range, now, from } = useSpan(route.params)
  const asked = useAsked<{ data: Client[] }>(withQuery("/api/clients", { from }))
  return (
    <>
      <PageHead
        title="Clients"
        lead="Which programs call, how each is told from the others, and how to set up one more."
      >
        <RangePicker route={route} value={range} />
      </PageHead>
      <Answer asked={asked}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={`No client called in the last ${RANGES[range].name}`}>
              <p>Set one up below. It is recognised by its first request.</p>
            </Empty>
          ) : (
            <Table caption="Clients" columns={columns(now, range)} rows={data} keyOf={({ client }) => client ?? ""} />
          )
        }
      </Answer>
      <SetUp needsKey={status.key_needed} />
    </>
  )
}

const columns = (now: number, range: string): Column<Client>[] => {
  const rowsOf = (client: string | null) => linkTo("requests", filteredBy({ range }, "client", client))
  return [
    {
      name: "Client",
      cell: ({ client, guess }) => (
        <>
          <a class="strong" href={rowsOf(client)}>
            {client ?? "not recognised"}
          </a>{" "}
          {guess && <Badge tone="quiet">likely</Badge>}
        </>
      ),
    },
    { name: "Versions", cell: ({ versions }) => versions.slice(0, 3).join(", ") || "–" },
    {
      name: "Recognised by",
      isMinor: true,
      cell: ({ traits }) =>
        traits.length === 0 ? (
          <span class="muted">no client known here</span>
        ) : (
          <details class="traits">
            <summary>{traits[0]}</summary>
            <ul>
              {traits.map((trait) => (
                <li key={trait}>{trait}</li>
              ))}
            </ul>
          </details>
        ),
    },
    { name: "Last request", cell: ({ last_at }) => (last_at ? when(last_at, now) : "–") },
    {
      name: "Requests",
      isNumber: true,
      cell: ({ client, requests, errors }) => (
        <>
          <a href={rowsOf(client)}>{count(requests)}</a>
          {errors > 0 && <small class="bad-text"> {count(errors)} failed</small>}
        </>
      ),
    },
    {
      name: "Tokens",
      isNumber: true,
      title: "input and output",
      cell: (row) => compact(row.input_tokens + row.output_tokens),
    },
    {
      name: "First token",
      isNumber: true,
      isMinor: true,
      title: "median",
      cell: ({ ttft_ms }) => duration(ttft_ms.p50),
    },
    { name: "Cost", isNumber: true, cell: costOf },
  ]
}

function SetUp({ needsKey }: { needsKey: boolean }) {
  const models = useAsked<Configuration>("/api/config")
  const names = [
    ...new Set(
      (models.data?.deployments ?? []).map(({ model_name }) => model_name).filter((name) => !name.includes("*")),
    ),
  ]
  const [label, setLabel] = useState(SNIPPETS[0]!.label)
  const [model, setModel] = useState("")
  const snippet = SNIPPETS.find((one) => one.label === label)!
  return (
    <section class="card set-up">
      <h2>Set up a client</h2>
      <p class="note">
        {needsKey
          ? "MEMPROXY_KEY is your memproxy key."
          : "No key is needed on this machine: any text will do for MEMPROXY_KEY."}
      </p>
      <div class="fields">
        <label>
          Client
          <select value={label} onChange={(event) => setLabel(event.currentTarget.value)}>
            {SNIPPETS.map((one) => (
              <option key={one.label}>{one.label}</option>
            ))}
          </select>
        </label>
        <label>
          Model
          <select value={model || names[0]} onChange={(event) => setModel(event.currentTarget.value)}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      <p class="note">{snippet.place}</p>
      <Snippet label={`Settings for ${label}`} text={snippet.text(location.origin, model || names[0] || "MODEL")} />
    </section>
  )
}
