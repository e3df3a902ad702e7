/**
 * Instructions that came with the last requests. Clients send theirs with every request, so what one alone says is read once for each (`readOnce`), as it is
 * for each head.
 */
import type { Utf8Text } from "../json/utf8-text.ts"

const MOST_KNOWN = 16
const MOST_BYTES = 64 * 1024

/** Gives a text as it came before, if it did lately. */
export function createKnownTexts(): (text: Utf8Text) => Utf8Text {
  /** the newest first */
  const texts: Utf8Text[] = []
  return (text) => {
    if (texts[0]?.equals(text)) return texts[0]
    if (text.length > MOST_BYTES) return text
    const at = texts.findIndex((one) => one.equals(text))
    const found = at < 0 ? text.copy() : texts.splice(at, 1)[0]!
    texts.unshift(found)
    if (texts.length > MOST_KNOWN) texts.pop()
    return found
  }
}
