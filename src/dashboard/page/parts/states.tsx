/** What stands in a view's place: nothing yet, an error, a wait. */
import type { ComponentChildren } from "preact"
import type { Asked } from "../ask.ts"
import type { Status } from "../shapes.ts"
import { Snippet } from "./copy.tsx"

export const Empty = ({ title, children }: { title: string; children?: ComponentChildren }) => (
  <div class="empty">
    <h3>{title}</h3>
    {children}
  </div>
)

export const Failed = ({ error, retry }: { error: Error; retry?: () => void }) => (
  <div class="notice error" role="alert">
    <span>{error.message}</span>
    {retry && (
      <button type="button" class="button small" onClick={retry}>
        Try again
      </button>
    )}
  </div>
)

/** The answer once it is there; until then its place, so that nothing jumps. */
export function Answer<T>({ asked, children }: { asked: Asked<T>; children: (data: T) => ComponentChildren }) {
  const { data, error, isLoading, reload } = asked
  return (
    <div class="answer" aria-busy={isLoading}>
      {error && <Failed error={error} retry={reload} />}
      {data === null ? !error && <div class="waiting">Loading…</div> : children(data)}
    </div>
  )
}

export const FirstRequest = ({ status }: { status: Status }) => (
  <Snippet label="The first request" text={firstRequest(status)} />
)

const firstRequest = ({ first_model, key_needed }: Status) =>
  [
    `curl ${location.origin}/v1/chat/completions \\`,
    "  -H 'content-type: application/json' \\",
    ...(key_needed ? ['  -H "authorization: Bearer $MEMPROXY_KEY" \\'] : []),
    `  -d '{"model": "${first_model ?? "MODEL"}", "messages": [{"role": "user", "content": "Hello!"}]}'`,
  ].join("\n")
