/** Dictionary encoding: texts as numbers, so that a column of names is an array. A number means the same text in every piece; NULL is 0. */
import type { Database } from "bun:sqlite"

export interface Dictionary {
  /** -1: no row has it */
  find(word: string | null): number
  /** A new word is put into the table, or has a number for as long as this lives. */
  numberOf(word: string | null): number
  /** what these numbers mean */
  textsOf(numbers: Uint32Array): (number: number) => string | null
  /** What is remembered may be wrong: a transaction was undone, or words were deleted. */
  forget(): void
}

/** No table has so many words. */
const FIRST_TEMPORARY = 2 ** 31
const MOST_REMEMBERED = 50_000
/** Of so many, all are read: one by one takes longer. */
const MANY = 30_000

/** `db`: columns.db, or null where there is none. `mayAdd`: new words are written into it. */
export function openDictionary(db: Database | null, mayAdd: boolean): Dictionary {
  const numbers = new Map<string, number>()
  const temporary: string[] = []
  const stored = (word: string) =>
    db?.query<{ number: number }, [string]>("SELECT number FROM words WHERE word = ?").get(word)?.number
  const add = (word: string) =>
    mayAdd
      ? Number(db!.query("INSERT INTO words (word) VALUES (?)").run(word).lastInsertRowid)
      : FIRST_TEMPORARY + temporary.push(word) - 1
  return {
    find: (word) => (word === null ? 0 : (numbers.get(word) ?? stored(word) ?? -1)),
    numberOf(word) {
      if (word === null) return 0
      let number = numbers.get(word)
      if (number === undefined) {
        if (mayAdd && numbers.size >= MOST_REMEMBERED) numbers.clear()
        numbers.set(word, (number = stored(word) ?? add(word)))
      }
      return number
    },
    textsOf(wanted) {
      const texts: string[] = []
      const isMany = wanted.length > MANY
      const which = isMany ? "" : "WHERE number IN (SELECT value FROM json_each(?))"
      const values = isMany ? [] : [JSON.stringify([...new Set(wanted)])]
      const found = db?.query(`SELECT number, word FROM words ${which}`).values(...values) ?? []
      for (const [number, text] of found as [number, string][]) texts[number] = text
      return (number) => (number >= FIRST_TEMPORARY ? temporary[number - FIRST_TEMPORARY] : texts[number]) ?? null
    },
    forget: () => numbers.clear(),
  }
}
