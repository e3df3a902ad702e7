/** What a question would recall: the best memories in their order, each with its score and the reason. */
import { useEffect, useState } from "preact/hooks"
import { post, type Refused } from "../ask.ts"
import { duration, plural } from "../format.ts"
import { Empty } from "../parts/states.tsx"
import type { FoundMemory } from "../shapes.ts"
import { MemoryCard } from "./memory-card.tsx"

interface Found {
  results: FoundMemory[]
  took_ms: number
}

export function RecallTest({ user, project }: { user: string; project: string | null }) {
  const [found, setFound] = useState<Found | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [query, setQuery] = useState("")
  const search = async () => {
    try {
      setFound(
        await post<Found>("/api/memories/search", { user_id: user, ...(project && { project }), query, limit: 10 }),
      )
      setError(null)
    } catch (refused) {
      setError((refused as Refused).message)
    }
  }
  useEffect(() => {
    if (found) void search()
  }, [user, project])
  return (
    <>
      <form
        class="search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault()
          if (query.trim() !== "") void search()
        }}
      >
        <input
          type="search"
          aria-label="A question as a person would ask it"
          placeholder="A question as a person would ask it"
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
        <button type="submit" class="button primary">
          Recall
        </button>
      </form>
      {!found && !error && (
        <p class="note">What a request with these words would get, with each memory's score and reason.</p>
      )}
      {error && (
        <p class="notice error" role="alert">
          {error}
        </p>
      )}
      {found && (
        <p class="note" role="status">
          {plural(found.results.length, "memory").replace("memorys", "memories")} in {duration(found.took_ms)}
        </p>
      )}
      {found?.results.length === 0 && (
        <Empty title="Nothing that is remembered fits">
          {project === null && (
            <p>
              A request of no project gets memories of no project only. Choose a project above to ask as one of its
              requests.
            </p>
          )}
        </Empty>
      )}
      <ol class="memories">
        {found?.results.map((memory) => (
          <MemoryCard
            key={memory.id}
            memory={memory}
            why={`score ${memory.score.toFixed(2)} · ${memory.why}`}
            onChange={search}
          />
        ))}
      </ol>
    </>
  )
}
