/** Recorded JSON with something wrong in it: the same seed gives the same fault. */
import type { Json } from "../../src/exchange.ts"

const ODD: readonly Json[] = [
  null,
  "",
  "x",
  0,
  -1,
  1e21,
  true,
  [],
  {},
  [null],
  [[]],
  { type: "?" },
  { text: 1 },
  "\ud800",
]

/** Numbers in [0, 1). https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** A copy with one to three places replaced, removed, said twice or filled with another's value. */
export function mutate<T extends Json>(body: T, seed: number): T {
  const next = numbers(seed)
  const copy = structuredClone(body)
  const places: [Record<string, Json>, string][] = []
  const visit = (value: Json) => {
    if (typeof value !== "object" || value === null) return
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, Json>, key])
      visit((value as Record<string, Json>)[key]!)
    }
  }
  visit(copy)
  const pick = <V>(list: readonly V[]) => list[Math.floor(next() * list.length)]!
  if (places.length === 0) return copy
  for (let left = 1 + Math.floor(next() * 3); left > 0; left--) {
    const [parent, key] = pick(places)
    const kind = next()
    if (kind < 0.6) parent[key] = structuredClone(pick(ODD))
    else if (kind < 0.75 && Array.isArray(parent)) parent.splice(Number(key), 1)
    else if (kind < 0.75) delete parent[key]
    else if (kind < 0.9 && Array.isArray(parent)) parent.push(structuredClone(parent[key] ?? null))
    else {
      const [other, name] = pick(places)
      parent[key] = structuredClone(other[name] ?? null)
    }
  }
  return copy
}
