/** The same question asked again of the same memories has the same answer: agents and programs send requests again all the time. Bounded and in memory. */
import type { MemoryEngine, Recalled } from "./engine.ts"

const MOST_KEPT = 500

/** `version` is another one whenever what the engine would answer may be another. */
export function withMemo<E extends MemoryEngine>(engine: E, version: () => string): E {
  const answers = new Map<string, readonly Recalled[]>()
  let answeredAt = ""
  return {
    ...engine,
    recall(namespace, query) {
      const now = version()
      if (now !== answeredAt) answers.clear()
      answeredAt = now
      const key = JSON.stringify([namespace.userId, namespace.projectKey, query])
      const known = answers.get(key)
      if (known) return known
      const recalled = engine.recall(namespace, query)
      if (recalled instanceof Promise) return recalled
      if (answers.size >= MOST_KEPT) answers.delete(answers.keys().next().value!)
      answers.set(key, recalled)
      return recalled
    },
  }
}
