/** Which rows of a piece a filter means. What a filter is, says `filter.ts`. */
import type { LedgerFilter } from "../filter.ts"
import { type Columns, type Dimension, OUTCOME, OUTCOMES, type Span } from "./layout.ts"
import type { Dictionary } from "./dictionary.ts"
import { selectRows } from "./select-rows.ts"

const FILTERED = [
  ["client", "client"],
  ["userId", "user_id"],
  ["sessionId", "session_id"],
  ["model", "model"],
  ["key", "key_alias"],
  ["errorType", "error_type"],
] as const satisfies readonly (readonly [keyof LedgerFilter, Dimension])[]

/** Whether a filter asks for more than a span of time. */
export const isSelective = (filter: LedgerFilter) =>
  filter.project !== undefined || filter.outcome !== undefined || FILTERED.some(([name]) => filter[name] !== undefined)

/** What is outside of the span need not be opened. */
export const isWithin = ({ minAt, maxAt }: Span, { from, to }: LedgerFilter) =>
  (from === undefined || maxAt >= from) && (to === undefined || minAt < to)

/** All of it is in the span. */
export const isInside = ({ minAt, maxAt }: Span, { from, to }: LedgerFilter) =>
  (from === undefined || minAt >= from) && (to === undefined || maxAt < to)

export function createMatcher(filter: LedgerFilter, words: Pick<Dictionary, "find">) {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, project, outcome } = filter
  const wanted = FILTERED.flatMap(([name, dimension]): [Dimension, number][] => {
    const word = filter[name]
    return word === undefined ? [] : [[dimension, words.find(word)]]
  })
  // A project has a name and a key; one that is not known has neither, and needs no second look.
  if (project === null) wanted.push(["project", words.find(null)])
  const projectNumber = project === undefined || project === null ? null : words.find(project)
  const code = outcome === undefined ? null : OUTCOMES.indexOf(outcome)
  const isFiltered = isSelective(filter)

  /** null: none is meant. */
  return (columns: Columns): Columns | null => selectRows(columns, mask(columns))

  /** 1 for each row that is meant; null: all are. */
  function mask(columns: Columns): Uint8Array | null {
    const { rows, valid } = columns
    const isTimed = !isInside(columns, filter)
    if (!isTimed && !isFiltered) return valid
    const mask = valid ? valid.slice() : new Uint8Array(rows).fill(1)
    for (const [name, number] of wanted) {
      const { names, codes } = columns.dimension(name)
      const code = names.indexOf(number)
      if (code < 0) return new Uint8Array(rows)
      for (let index = 0; index < rows; index++) if (codes[index] !== code) mask[index] = 0
    }
    if (projectNumber !== null) {
      const [name, key] = [columns.dimension("project"), columns.dimension("project_key")]
      const [nameCode, keyCode] = [name.names.indexOf(projectNumber), key.names.indexOf(projectNumber)]
      if (nameCode < 0 && keyCode < 0) return new Uint8Array(rows)
      for (let index = 0; index < rows; index++)
        if (name.codes[index] !== nameCode && key.codes[index] !== keyCode) mask[index] = 0
    }
    if (code !== null) {
      const flags = columns.flags()
      for (let index = 0; index < rows; index++) if ((flags[index]! & OUTCOME) !== code) mask[index] = 0
    }
    if (isTimed) {
      const at = columns.at()
      for (let index = 0; index < rows; index++) if (!(at[index]! >= from && at[index]! < to)) mask[index] = 0
    }
    return mask
  }
}
