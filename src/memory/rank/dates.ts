/** Days, months and years as a query names them. Pure. */
import type { Query } from "./corpus.ts"

const MONTHS = "January February March April May June July August September October November December".split(" ")
const MONTH = MONTHS.join("|")
const DATE = new RegExp(
  `\\b(?:${MONTH})\\b(?:\\s*\\d{1,2}\\b)?|\\b\\d{1,2}(?:st|nd|rd|th)?\\s+(?:of\\s+)?(?:${MONTH})\\b|\\b(?:19|20)\\d\\d\\b`,
  "gi",
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
      days.set(day, (count = words.filter((term) => asked.has(term)).length))
    }
    return count
  }
}
