/** What a text's own shape says: repeated sequences, code fences left open, likeness of two texts. Linear in the text; no words of any language. */

/** Words in a sequence. */
const GRAM = 8
/** Fewer words are no ground to speak of repetition. */
const LEAST_GRAMS = 24
const MOST_DUPLICATE = 0.5
const SAME_LINES = 20

/** More than half of the 8-word sequences occurred before, or one line that says something came 20 times in a row. */
export function isRepetitive(text: string): boolean {
  if (text.length < 2 * GRAM + 2 * LEAST_GRAMS) return false
  return hasSameLines(text) || duplicateShare(text) > MOST_DUPLICATE
}

/** The share of 8-word sequences that occurred before; 0 for a text of few words. Chinese, Japanese and Korean characters are words each. */
export function duplicateShare(text: string): number {
  const words = wordHashes(text)
  const grams = words.length - GRAM + 1
  if (grams < LEAST_GRAMS) return 0
  const seen = new HashSet(grams)
  let hash = 0
  for (let at = 0; at < words.length; at++) {
    // A polynomial over the last words: the one that falls out is taken off (Rabin and Karp).
    hash = (Math.imul(hash, BASE) + words[at]!) | 0
    if (at >= GRAM) hash = (hash - Math.imul(words[at - GRAM]!, BASE_TO_GRAM)) | 0
    if (at >= GRAM - 1) seen.add(hash)
  }
  return 1 - seen.size / grams
}

const BASE = 0x01000193
const BASE_TO_GRAM = Array.from({ length: GRAM }).reduce<number>((power) => Math.imul(power, BASE), 1)

/** Numbers of 32 bits, with open addressing: a tenth of the time of a Set of its own. */
class HashSet {
  readonly #slots: Int32Array
  #hasZero = false
  size = 0
  constructor(most: number) {
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * most)))
  }
  add(value: number): void {
    if (value === 0) {
      if (!this.#hasZero) this.size++
      this.#hasZero = true
      return
    }
    const slots = this.#slots
    const mask = slots.length - 1
    let at = (value ^ (value >>> 15)) & mask
    while (slots[at] !== 0) {
      if (slots[at] === value) return
      at = (at + 1) & mask
    }
    slots[at] = value
    this.size++
  }
}

/** FNV-1a of each word with a letter or a digit: rules and rows of dots say nothing, https://datatracker.ietf.org/doc/html/draft-eastlake-fnv */
function wordHashes(text: string): Int32Array {
  const words = new Int32Array(text.length + 1)
  let found = 0
  let hash = 0
  let isIn = false
  let isWord = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code <= 32 || (code >= 0x2e80 && code < 0xd800)) {
      if (isWord) words[found++] = hash
      isIn = isWord = false
      if (code > 32) words[found++] = code
      continue
    }
    hash = Math.imul((isIn ? hash : 0x811c9dc5) ^ code, 0x01000193)
    isIn = true
    isWord ||= code >= 0x80 || (code >= 48 && code <= 57) || ((code | 32) >= 97 && (code | 32) <= 122)
  }
  if (isWord) words[found++] = hash
  return words.subarray(0, found)
}

function hasSameLines(text: string): boolean {
  let last = ""
  let times = 0
  for (let from = 0; from < text.length;) {
    let end = text.indexOf("\n", from)
    if (end < 0) end = text.length
    const line = text.slice(from, end).trim()
    times = line !== "" && line === last ? times + 1 : 1
    if (times >= SAME_LINES && /[\p{L}\p{N}]/u.test(line)) return true
    if (line !== "") last = line
    from = end + 1
  }
  return false
}

export interface Fences {
  any: boolean
  isOpen: boolean
}

const FENCE = /^ {0,3}(?:> ?)*(?:[-*+] +|\d+[.)] +)?(?:\s*)(`{3,}|~{3,})([^\n]*)$/

/** Code fences as CommonMark has them (https://spec.commonmark.org/0.31.2/#fenced-code-blocks), also within lists and quotes. */
export function readFences(text: string): Fences {
  let open: { sign: string; length: number } | null = null
  let any = false
  if (!text.includes("```") && !text.includes("~~~")) return { any, isOpen: false }
  for (const line of text.split("\n")) {
    if (!line.includes("```") && !line.includes("~~~")) continue
    const [, marks = "", info = ""] = FENCE.exec(line.trimEnd()) ?? []
    const sign = marks[0]
    if (sign === undefined) continue
    if (open === null) {
      if (sign === "`" && info.includes("`")) continue // `code` on one line
      open = { sign, length: marks.length }
      any = true
    } else if (sign === open.sign && marks.length >= open.length && info.trim() === "") open = null
  }
  return { any, isOpen: open !== null }
}

/** Characters compared of each text. */
const MOST_COMPARED = 4_000

/**
 * Likeness of two texts, 0 to 1: Dice's coefficient of their pairs of neighbouring characters, case and spacing apart
 * (https://doi.org/10.2307/1932409). Small corrections of a question stay above 0.7.
 */
export function similarity(one: string, other: string): number {
  const [a, b] = [plain(one), plain(other)]
  if (a === b) return 1
  if (a.length < 2 || b.length < 2) return 0
  const pairs = new Map<number, number>()
  for (let at = 1; at < a.length; at++) {
    const pair = a.charCodeAt(at - 1) * 65_536 + a.charCodeAt(at)
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
  }
  let common = 0
  for (let at = 1; at < b.length; at++) {
    const pair = b.charCodeAt(at - 1) * 65_536 + b.charCodeAt(at)
    const left = pairs.get(pair) ?? 0
    if (left === 0) continue
    pairs.set(pair, left - 1)
    common++
  }
  return (2 * common) / (a.length + b.length - 2)
}

const plain = (text: string) => text.slice(0, MOST_COMPARED).toLowerCase().replace(/\s+/g, " ").trim()
