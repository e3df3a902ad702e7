/** Makes any text fit for a header: percent-encoded UTF-8, at most 256 bytes, never cut inside an escape or a character. */
const PLAIN = /^[!-$&-~]{1,256}$/
const MAX_BYTES = 256

export function headerValue(text: string): string {
  if (PLAIN.test(text)) return text
  let out = ""
  for (const character of text) {
    const next = PLAIN.test(character) ? character : percentEncode(character)
    if (out.length + next.length > MAX_BYTES) break
    out += next
  }
  return out
}

const percentEncode = (character: string) =>
  Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("")
