/** What is in force, and everything there is to say about the file it comes from. */
import { useAsked } from "../ask.ts"
import { plural } from "../format.ts"
import { Badge } from "../parts/badge.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { Answer } from "../parts/states.tsx"
import { type Column, Table } from "../parts/table.tsx"
import { linkTo } from "../route.ts"
import type { Configuration } from "../shapes.ts"
import type { ViewProps } from "./view.ts"

type Finding = Configuration["findings"][number]
type Deployment = Configuration["deployments"][number]

const TONES = { error: "bad", warning: "warn", note: "quiet" } as const

export function Settings({ status }: ViewProps) {
  const asked = useAsked<Configuration>("/api/config")
  return (
    <>
      <PageHead
        title="Settings"
        lead="What is in force. A good edit of the file is live within a second; a bad one changes nothing."
      />
      <Answer asked={asked}>
        {({ file, settings, deployments, findings }) => (
          <>
            <section class="card">
              <h2>Configuration</h2>
              <p class="path">{file ?? "the built-in demo: start with --config FILE to use your own"}</p>
              <p class="note">
                memproxy {status.version} · {plural(status.models, "model")} · <a href="/swagger">API reference</a> ·{" "}
                <a href="/health/readiness">health</a>
              </p>
            </section>
            <h2 class="between">Findings</h2>
            {findings.length === 0 ? (
              <p class="notice good">Nothing is wrong with the file.</p>
            ) : (
              <Table
                caption="Findings about the configuration"
                columns={FINDINGS}
                rows={findings}
                keyOf={keyOfFinding}
              />
            )}
            <h2 class="between">Models</h2>
            <Table caption="Deployments" columns={DEPLOYMENTS} rows={deployments} keyOf={({ id }) => id} />
            <h2 class="between">In force</h2>
            <Table
              caption="Settings in force"
              columns={SETTINGS}
              rows={Object.entries(settings)}
              keyOf={([name]) => name}
            />
          </>
        )}
      </Answer>
    </>
  )
}

/** Where it must break, it breaks between its words. */
const Dotted = ({ name }: { name: string }) => (
  <code>
    {name.split(/(?=[._[])/).map((part) => (
      <>
        <wbr />
        {part}
      </>
    ))}
  </code>
)

const keyOfFinding = ({ file, line, col, path, message }: Finding) => [file, line, col, path, message].join(":")

const FINDINGS: Column<Finding>[] = [
  { name: "Severity", cell: ({ severity }) => <Badge tone={TONES[severity]}>{severity}</Badge> },
  { name: "Message", cell: ({ message }) => <span class="long">{message}</span> },
  { name: "Setting", isMinor: true, cell: ({ path }) => <Dotted name={path || "."} /> },
  { name: "Where", cell: ({ file, line, col }) => <code>{`${file.split(/[\\/]/).at(-1)}:${line}:${col}`}</code> },
]

const DEPLOYMENTS: Column<Deployment>[] = [
  {
    name: "Model",
    cell: ({ model_name }) =>
      model_name.includes("*") ? (
        model_name
      ) : (
        <a class="strong" href={linkTo("requests", { model: model_name })}>
          {model_name}
        </a>
      ),
  },
  { name: "Goes to", cell: ({ provider, model }) => `${provider}/${model}` },
  {
    name: "Address",
    isMinor: true,
    cell: ({ api_base, mock }) => (mock ? <span class="muted">answered here</span> : api_base),
  },
  {
    name: "State",
    cell: ({ mock, missing }) =>
      missing ? (
        <Badge tone="bad">{`${missing} is not set`}</Badge>
      ) : mock ? (
        <Badge tone="quiet">mock</Badge>
      ) : (
        <Badge tone="good">ready</Badge>
      ),
  },
]

const SETTINGS: Column<[string, Configuration["settings"][string]]>[] = [
  { name: "Setting", cell: ([name]) => <Dotted name={name} /> },
  {
    name: "Value",
    cell: ([, value]) => <code>{Array.isArray(value) ? value.join(", ") || "none" : String(value ?? "not set")}</code>,
  },
]
