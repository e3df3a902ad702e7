/** What stands in a query and says little about what is asked: when it was, and words about the asking itself, as in "what kind of" or "in the order we discussed them". Pure. */
import { datesIn } from "./dates.ts"

const ASKING =
  /\b(?:kinds?|types?|sorts?|different|various|aspects?|items?|list|order|across|throughout|according|conversations?|summar(?:y|ies|i[sz]e)|(?:say|said|tell|told|talk|mention|discuss|describe)(?:s|d|ed|ing)?)\b/gi

export const asidesIn = (text: string) => `${datesIn(text)} ${(text.match(ASKING) ?? []).join(" ")}`
