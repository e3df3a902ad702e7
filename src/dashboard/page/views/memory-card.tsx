/** One memory: its text, where it is from, and the ways to correct and to forget it. */
import { useState } from "preact/hooks"
import { ask, post, type Refused } from "../ask.ts"
import { moment } from "../format.ts"
import { linkTo } from "../route.ts"
import type { Memory } from "../shapes.ts"

interface CardProps {
  memory: Memory
  /** what a search found it by */
  why?: string
  onChange: () => void
}

export function MemoryCard({ memory, why, onChange }: CardProps) {
  const [state, setState] = useState<"shown" | "edited" | "asked">("shown")
  const [error, setError] = useState<string | null>(null)
  const path = `/api/memories/${encodeURIComponent(memory.id)}`
  const attempt = async (act: () => Promise<unknown>) => {
    try {
      await act()
      setState("shown")
      setError(null)
      onChange()
    } catch (refused) {
      setError((refused as Refused).message)
    }
  }
  const save = (event: Event) => {
    event.preventDefault()
    const content = String(new FormData(event.target as HTMLFormElement).get("content") ?? "")
    void attempt(() => post(path, { content }, "PATCH"))
  }
  return (
    <li class="memory card">
      {state === "edited" ? (
        <form onSubmit={save}>
          <textarea name="content" rows={4} aria-label="The memory's text" defaultValue={memory.content} />
          <div class="row">
            <button type="submit" class="button primary small">
              Save
            </button>
            <button type="button" class="button small" onClick={() => setState("shown")}>
              Cancel
            </button>
          </div>
        </form>
      ) : (
        <p class="text">{memory.content}</p>
      )}
      {why && <p class="note why">{why}</p>}
      <div class="row">
        <span class="note">{originOf(memory)}</span>
        {memory.request_id && (
          <a
            class="note"
            href={linkTo("requests", { id: memory.request_id, session_id: memory.session_id, range: "90d" })}
          >
            its request
          </a>
        )}
        <span class="row right">
          {state === "shown" && (
            <>
              <button type="button" class="button small quiet" onClick={() => setState("edited")}>
                Edit
              </button>
              <button type="button" class="button small quiet" onClick={() => setState("asked")}>
                Forget
              </button>
            </>
          )}
          {state === "asked" && (
            <>
              <span class="note">For good?</span>
              <button
                type="button"
                class="button small danger"
                onClick={() => attempt(() => ask(path, { method: "DELETE" }))}
              >
                Forget it
              </button>
              <button type="button" class="button small" onClick={() => setState("shown")}>
                Keep it
              </button>
            </>
          )}
        </span>
      </div>
      {error && (
        <p class="notice error" role="alert">
          {error}
        </p>
      )}
    </li>
  )
}

const originOf = ({ role, speaker, project, source, created_at }: Memory) =>
  [speaker ?? role, project ?? "no project", source, created_at && moment(created_at)].filter(Boolean).join(" · ")
