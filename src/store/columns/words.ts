/** Texts as numbers, so that a column of names is an array. A number means the same text in every segment; NULL is 0. */
import type { SelectValues } from "../source.ts"

export interface Words {
  /** A word that is not in the table gets a number for as long as these `Words` live. */
  numberOf(word: string | null): number
  textsOf(numbers: readonly number[]): Map<number, string | null>
}

/** No table has so many words. */
const FIRST_TEMPORARY = 2 ** 31
const AT_ONCE = 500

export function openWords(select: SelectValues): Words {
  const numbers = new Map<string, number>()
  const temporary: string[] = []
  return {
    numberOf(word) {
      if (word === null) return 0
      let number = numbers.get(word)
      if (number === undefined) {
        const stored = select("SELECT number FROM words WHERE word = ?", [word])[0]?.[0] as number | undefined
        number = stored ?? FIRST_TEMPORARY + temporary.push(word) - 1
        numbers.set(word, number)
      }
      return number
    },
    textsOf(wanted) {
      const texts = new Map<number, string | null>([[0, null]])
      const stored: number[] = []
      for (const number of wanted) {
        if (number >= FIRST_TEMPORARY) texts.set(number, temporary[number - FIRST_TEMPORARY]!)
        else if (number > 0) stored.push(number)
      }
      const sql = "SELECT number, word FROM words WHERE number IN (SELECT value FROM json_each(?))"
      for (let at = 0; at < stored.length; at += AT_ONCE) {
        const some = JSON.stringify(stored.slice(at, at + AT_ONCE))
        for (const [number, word] of select(sql, [some]) as [number, string][]) texts.set(number, word)
      }
      return texts
    },
  }
}
