/** The memories that went into a request: each with its text, its score and why it fitted. */
import { count } from "../format.ts"
import type { Entry } from "../shapes.ts"

export function InjectedMemories({ entry }: { entry: Entry }) {
  const { memories, memory_status, memory_reason } = entry
  return (
    <section>
      <h3>Memory</h3>
      {memories.length === 0 ? (
        <p class="note">
          {memory_status === "miss"
            ? "Nothing that was remembered fitted this request."
            : `No memory went in: ${memory_reason ?? memory_status ?? "off"}.`}
        </p>
      ) : (
        <ol class="memories">
          {memories.map((injected) => (
            <Injected key={injected.id} {...injected} />
          ))}
        </ol>
      )}
    </section>
  )
}

function Injected({ id, score, why, tokens, content }: Entry["memories"][number]) {
  return (
    <li class="memory">
      <p class="text">{content ?? <span class="muted">Forgotten since: {id}</span>}</p>
      <p class="note">
        score {score.toFixed(2)} · {why} · {count(tokens)} tokens
      </p>
    </li>
  )
}
