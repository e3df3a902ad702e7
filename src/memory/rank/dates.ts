/** Days, months and years as a query names them. Pure. */
import type { Query } from "./corpus.ts"
import { alternatives, BEGIN, END, MONTHS } from "./languages.ts"

const MONTH = alternatives(MONTHS)
const DATE = new RegExp(
  `${BEGIN}(?:${MONTH})${END}(?:\\s*\\d{1,2}${END})?|${BEGIN}\\d{1,2}(?:st|nd|rd|th|er|º|\\.)?\\s+(?:(?:of|de|di)\\s+)?(?:${MONTH})${END}|${BEGIN}(?:19|20)\\d\\d${END}`,
  "giu",
)
const DAY_MS = 86_400_000

export const datesIn = (text: string) => (text.match(DATE) ?? []).join(" ")

/** How many of the query's words are the month, the day or the year of a moment. */
export function datedBy({ terms, termsOf }: Query): (at: number) => number {
  const asked = new Set(terms)
  const days = new Map<number, number>()
  return (at) => {
    const day = Math.floor(at / DAY_MS)
    let count = days.get(day)
    if (count === undefined) {
      const date = new Date(at)
      const words = termsOf(`${MONTHS[date.getUTCMonth()]} ${date.getUTCDate()} ${date.getUTCFullYear()}`)
      days.set(day, (count = new Set(words).intersection(asked).size))
    }
    return count
  }
}
