/** Words that no row has any more, taken out of the dictionary: names of people and conversations are not to outlive their rows. */
import type { SelectValues } from "../source.ts"
import { DIMENSIONS } from "./layout.ts"
import { piecesOf, rangesOf } from "./pieces.ts"
import { openWords } from "./words.ts"

const PIECES_AT_ONCE = 4
const WORDS_AT_ONCE = 500

/** Nothing may give out numbers of words meanwhile. @returns how many went */
export async function forgetWords(select: SelectValues, remove: (sql: string) => void): Promise<number> {
  const words = openWords(select)
  const used = new Set<number>()
  let pieces = 0
  for (const range of rangesOf(select))
    for (const columns of piecesOf(select, range, words)) {
      for (const name of DIMENSIONS) for (const number of columns.dimension(name)) used.add(number)
      if (++pieces % PIECES_AT_ONCE === 0) await othersTurn()
    }
  const unused = select("SELECT number FROM words", [])
    .map(([number]) => number as number)
    .filter((number) => !used.has(number))
  for (let at = 0; at < unused.length; at += WORDS_AT_ONCE) {
    remove(`DELETE FROM words WHERE number IN (${unused.slice(at, at + WORDS_AT_ONCE).join(", ")})`)
    await othersTurn()
  }
  return unused.length
}

const othersTurn = () => new Promise((resume) => setImmediate(resume))
