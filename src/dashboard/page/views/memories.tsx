/** What is remembered: look through it, correct it, forget it, take it away; and try what a question would recall. */
import { useAsked, usePages, withQuery } from "../ask.ts"
import { count } from "../format.ts"
import { Snippet } from "../parts/copy.tsx"
import { PageHead, Segmented } from "../parts/page-head.tsx"
import { Answer, Empty, Failed } from "../parts/states.tsx"
import { go, linkTo } from "../route.ts"
import type { Configuration, Memory, MemoryPlace } from "../shapes.ts"
import type { ViewProps } from "./view.ts"
import { MemoryCard } from "./memory-card.tsx"
import { RecallTest } from "./recall-test.tsx"

const MODES = [
  { value: "browse", label: "Browse" },
  { value: "recall", label: "Recall test" },
] as const

const SWITCH_ON = "memproxy:\n  memory: { engine: local, scope: project }"

export function Memories({ route, status }: ViewProps) {
  return (
    <>
      <PageHead title="Memory" lead="What people and models said, kept by user and project, and nothing else." />
      {status.memory.engine === "off" ? (
        <div class="apart">
          <Empty title="Memory is off">
            <p>
              Nothing is remembered or recalled. Switch it on in the configuration; the change is live within a second.
            </p>
            <Snippet label="Switching memory on" text={SWITCH_ON} />
          </Empty>
        </div>
      ) : null}
      <Whose route={route} />
    </>
  )
}

function Whose({ route }: Pick<ViewProps, "route">) {
  const places = useAsked<{ data: MemoryPlace[] }>("/api/memories/places")
  const config = useAsked<Configuration>("/api/config")
  const { params } = route
  if (!places.data) return <Answer asked={places}>{() => null}</Answer>
  if (!config.data) return <Answer asked={config}>{() => null}</Answer>
  const fallback = String(config.data.settings["user_id_mappings.default_user_id"])
  const known = [...new Set([...places.data.data.map(({ user_id }) => user_id), fallback])]
  const user = params["user_id"] ?? known[0]!
  const named = places.data.data.filter((place) => place.user_id === user && place.project_key !== null)
  const project = params["project"] ?? null
  const mode = params["mode"] === "recall" ? "recall" : "browse"
  const choose = (change: Record<string, string | null>) => go(linkTo("memory", { ...params, ...change }), true)
  return (
    <>
      <div class="fields">
        <label>
          User
          <select
            value={user}
            onChange={(event) => choose({ user_id: event.currentTarget.value, project: null, q: null })}
          >
            {[...new Set([...known, user])].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Project
          <select value={project ?? ""} onChange={(event) => choose({ project: event.currentTarget.value })}>
            <option value="">{mode === "browse" ? "all" : "none"}</option>
            {named.map(({ project_key, project: name, memories }) => (
              <option key={project_key} value={project_key!}>
                {`${name} (${count(memories)})`}
              </option>
            ))}
          </select>
        </label>
        <Segmented label="What to do" choices={MODES} value={mode} onChange={(next) => choose({ mode: next })} />
        <a
          class="button"
          href={withQuery("/api/memories/export", { user_id: user })}
          download={`memories-${user}.ndjson`}
        >
          Export
        </a>
      </div>
      {mode === "browse" ? (
        <Browse
          key={`${user}\n${project}`}
          user={user}
          project={project}
          words={params["q"] ?? ""}
          onSearch={(q) => choose({ q })}
        />
      ) : (
        <RecallTest user={user} project={project} />
      )}
    </>
  )
}

interface BrowseProps {
  user: string
  project: string | null
  /** to be in the memories shown; empty: all are */
  words: string
  onSearch: (words: string) => void
}

function Browse({ user, project, words, onSearch }: BrowseProps) {
  const { asked, rows, cursor, more, error, reload } = usePages<Memory>((cursor) =>
    withQuery("/api/memories", { user_id: user, project, q: words, limit: 50, cursor }),
  )
  return (
    <>
      <form
        class="search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault()
          onSearch(String(new FormData(event.currentTarget).get("q") ?? "").trim())
        }}
      >
        <input
          type="search"
          name="q"
          defaultValue={words}
          aria-label="Words to look for"
          placeholder="Words to look for"
        />
        <button type="submit" class="button">
          Search
        </button>
      </form>
      {error && <Failed error={error} />}
      <Answer asked={asked}>
        {() =>
          rows.length === 0 ? (
            <Empty title={words ? "No memory has these words" : "Nothing is remembered yet"}>
              {!words && (
                <>
                  <p>Conversations are remembered as they go through memproxy. Or keep something on purpose:</p>
                  <Snippet label="Keeping a memory" text={keep(user)} />
                </>
              )}
            </Empty>
          ) : (
            <>
              <ul class="memories">
                {rows.map((memory) => (
                  <MemoryCard key={memory.id} memory={memory} onChange={reload} />
                ))}
              </ul>
              {cursor && (
                <button type="button" class="button" onClick={more}>
                  Show older memories
                </button>
              )}
            </>
          )
        }
      </Answer>
    </>
  )
}

const keep = (user: string) =>
  `curl ${location.origin}/api/memories -H 'content-type: application/json' \\\n  -H "authorization: Bearer $MEMPROXY_KEY" \\\n  -d '{"user_id": "${user}", "content": "I prefer tabs."}'`
