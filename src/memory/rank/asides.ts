/** What stands in a query and says little about what is asked: when it was, and words about the asking itself, as in "what kind of" or "in the order we discussed them". Pure. */
import { datesIn } from "./dates.ts"
import { patternOf } from "./languages.ts"

const ASKING = patternOf("asking", "summary")

export const asidesIn = (text: string) => `${datesIn(text)} ${(text.match(ASKING) ?? []).join(" ")}`
