/** Thumbs: what a person says of an answer. The newest word counts. */
import { useState } from "preact/hooks"
import { post, type Refused } from "../ask.ts"
import { Icon } from "../parts/icon.tsx"
import type { Entry } from "../shapes.ts"

export function Rating({ entry }: { entry: Entry }) {
  const [given, setGiven] = useState(entry.feedback.at(-1)?.score ?? null)
  const [error, setError] = useState<string | null>(null)
  const rate = async (score: number) => {
    try {
      await post("/api/feedback", { request_id: entry.id, score })
      setGiven(score)
      setError(null)
    } catch (refused) {
      setError((refused as Refused).message)
    }
  }
  return (
    <span class="rating" role="group" aria-label="How good was the answer?">
      <button type="button" class="button small" aria-pressed={given !== null && given > 0} onClick={() => rate(1)}>
        <Icon name="up" />
        <span class="unseen">Good answer</span>
      </button>
      <button type="button" class="button small" aria-pressed={given !== null && given < 0} onClick={() => rate(-1)}>
        <Icon name="down" />
        <span class="unseen">Bad answer</span>
      </button>
      {error && <span role="alert">{error}</span>}
    </span>
  )
}
