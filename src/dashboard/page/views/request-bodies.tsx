/** What was asked and what was sent, side by side in time: the changes alone, or each whole; and the answer. */
import { useMemo, useState } from "preact/hooks"
import { changesOnly, compareLines, readable } from "../diff.ts"
import { plural } from "../format.ts"
import { CopyButton } from "../parts/copy.tsx"
import { Segmented } from "../parts/page-head.tsx"
import type { Bodies, Entry } from "../shapes.ts"

const CHOICES = [
  { value: "changes", label: "Changes" },
  { value: "request", label: "Original" },
  { value: "sent", label: "Sent" },
  { value: "answer", label: "Answer" },
] as const
type Shown = (typeof CHOICES)[number]["value"]

export function BodiesShown({ entry }: { entry: Entry }) {
  return (
    <section>
      <h3>Original and sent</h3>
      {entry.bodies ? (
        <Kept bodies={entry.bodies} />
      ) : (
        <p class="note">
          Texts are not kept. <code>memproxy: {"{ logging: { bodies: redacted } }"}</code> keeps them from now on, with
          secrets taken out.
        </p>
      )}
    </section>
  )
}

function Kept({ bodies }: { bodies: Bodies }) {
  const [shown, setShown] = useState<Shown>("changes")
  return (
    <>
      <Segmented label="Which text" choices={CHOICES} value={shown} onChange={setShown} />
      {bodies.truncated && <p class="note">A long text was cut off.</p>}
      {shown === "changes" ? <Changes bodies={bodies} /> : <Whole text={bodies[shown]} />}
    </>
  )
}

function Whole({ text }: { text: string | null }) {
  if (text === null) return <p class="note">There is none.</p>
  return (
    <>
      <pre class="code" tabIndex={0}>
        {readable(text)}
      </pre>
      <CopyButton text={text} />
    </>
  )
}

const SIGN = { same: " ", gone: "−", new: "+" } as const

function Changes({ bodies: { request, sent } }: { bodies: Bodies }) {
  const lines = useMemo(() => compareLines(readable(request ?? ""), readable(sent ?? "")), [request, sent])
  if (sent === null) return <p class="note">Nothing was sent to a provider.</p>
  if (lines.every(({ kind }) => kind === "same"))
    return <p class="note">The provider got what the client sent, unchanged.</p>
  return (
    <pre class="code diff" tabIndex={0}>
      {changesOnly(lines).map((line, index) =>
        typeof line === "number" ? (
          <span key={index} class="left-out">
            {plural(line, "line")} as the client sent them{"\n"}
          </span>
        ) : (
          <span key={index} class={line.kind}>
            {SIGN[line.kind]} {line.text}
            {"\n"}
          </span>
        ),
      )}
    </pre>
  )
}
