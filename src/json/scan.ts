/**
 * Finds where things are in JSON text without parsing it: the members of an object and the elements of an array as
 * spans, so that a request can be edited and its other bytes left alone. It checks only the level it reads, and how
 * deep the rest nests; what is malformed below that is the upstream's to refuse.
 */

import { Refusal } from "../exchange.ts"
import type { JsonText, Span } from "./json-text.ts"

/** One `"key": value`; `start` is the key's opening quote, `value.end` the member's end. */
export interface Member {
  key: string
  start: number
  value: Span
}

/** JSON.parse takes 100,000 levels, JSON.stringify throws on them. */
export const MAX_DEPTH = 200

const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_ARRAY = 91
const CLOSE_ARRAY = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125
/** U+FEFF in UTF-8 */
const BYTE_ORDER_MARK = "\xef\xbb\xbf"

/** The members of the object that is the whole of `text`, duplicates included, in order. Throws a 400 Refusal. */
export function scanDocument(text: JsonText): Member[] {
  const open = skipBlank(text, text.startsWith(BYTE_ORDER_MARK, 0) ? BYTE_ORDER_MARK.length : 0)
  if (text.byteAt(open) !== OPEN_OBJECT) throw malformed(text, open, "a JSON object")
  const members: Member[] = []
  const end = skipBlank(text, readObject(text, open, 1, members))
  if (end < text.length) throw malformed(text, end, "nothing more")
  return members
}

/** The members of the object that starts at `open`, which must be a `{`. */
export function scanObject(text: JsonText, open: number): Member[] {
  const members: Member[] = []
  readObject(text, open, 1, members)
  return members
}

/** The elements of the array that starts at `open`, which must be a `[`. */
export function scanArray(text: JsonText, open: number): Span[] {
  const elements: Span[] = []
  let at = skipBlank(text, open + 1)
  if (text.byteAt(at) === CLOSE_ARRAY) return elements
  for (;;) {
    const end = skipValue(text, at, 1)
    elements.push({ start: at, end })
    at = skipBlank(text, end)
    const code = text.byteAt(at)
    if (code === CLOSE_ARRAY) return elements
    if (code !== COMMA) throw malformed(text, at, "',' or ']'")
    at = skipBlank(text, at + 1)
  }
}

/** Of the array that starts at `open`. */
export const isEmptyArray = (text: JsonText, open: number) => text.byteAt(skipBlank(text, open + 1)) === CLOSE_ARRAY

/** The member that counts: of duplicates the last, as for JSON.parse. */
export function lastMember(members: readonly Member[], key: string): Member | null {
  for (let at = members.length - 1; at >= 0; at--) {
    const member = members[at]
    if (member?.key === key) return member
  }
  return null
}

/** As it is written: of a short value, to be looked at. */
export function valueText(text: JsonText, { value }: Member): string {
  return text.peek(value.start, value.end)
}

function readObject(text: JsonText, open: number, depth: number, members: Member[]): number {
  let at = skipBlank(text, open + 1)
  if (text.byteAt(at) === CLOSE_OBJECT) return at + 1
  for (;;) {
    if (text.byteAt(at) !== QUOTE) throw malformed(text, at, "a string key")
    const keyEnd = skipString(text, at)
    const colon = skipBlank(text, keyEnd)
    if (text.byteAt(colon) !== COLON) throw malformed(text, colon, "':'")
    const start = skipBlank(text, colon + 1)
    const end = skipValue(text, start, depth)
    members.push({ key: readKey(text, at, keyEnd), start: at, value: { start, end } })
    at = skipBlank(text, end)
    const code = text.byteAt(at)
    if (code === CLOSE_OBJECT) return at + 1
    if (code !== COMMA) throw malformed(text, at, "',' or '}'")
    at = skipBlank(text, at + 1)
  }
}

/** A key may be written with escapes (`"mod\u0065l"`): what other parsers read decides, so it is decoded. */
function readKey(text: JsonText, start: number, end: number): string {
  const plain = text.peek(start + 1, end - 1)
  const key = plain.includes("\\") ? text.string(start, end) : plain
  if (key === null) throw malformed(text, start, "a string key")
  return key
}

function skipValue(text: JsonText, start: number, depth: number): number {
  const code = text.byteAt(start)
  if (code === QUOTE) return skipString(text, start)
  if (code === OPEN_OBJECT || code === OPEN_ARRAY) return skipNested(text, start, depth)
  let end = start
  while (end < text.length && !endsScalar(text.byteAt(end))) end++
  if (!/^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/.test(text.peek(start, end))) {
    throw malformed(text, start, "a value")
  }
  return end
}

function skipNested(text: JsonText, start: number, depth: number): number {
  let level = depth
  for (let at = start; ;) {
    const code = text.byteAt(at)
    if (code === QUOTE) {
      at = skipString(text, at)
      continue
    }
    at++
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (++level > MAX_DEPTH) throw tooDeep(text, at - 1)
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      if (--level === depth) return at
    } else if (code !== code) {
      throw malformed(text, text.length, "more")
    }
  }
}

function skipString(text: JsonText, open: number): number {
  const end = text.endOfString(open)
  if (end < 0) throw malformed(text, text.length, "the end of a string")
  return end
}

function skipBlank(text: JsonText, from: number): number {
  for (let at = from; ; at++) {
    const code = text.byteAt(at)
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at
  }
}

function endsScalar(code: number): boolean {
  return code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY || code <= 32
}

function malformed(text: JsonText, at: number, expected: string): Refusal {
  const found = at < text.length ? "" : ", but the body ends there"
  const message = `The request body is not valid JSON: expected ${expected} at character ${characterAt(text, at)}${found}.`
  return new Refusal(400, "invalid_request", message, { code: "invalid_json" })
}

function tooDeep(text: JsonText, at: number): Refusal {
  const message = `The request body nests deeper than ${MAX_DEPTH} levels at character ${characterAt(text, at)}. Send it flatter.`
  return new Refusal(400, "invalid_request", message, { code: "json_too_deep" })
}

/** Counted as an editor counts, from 1. */
const characterAt = (text: JsonText, at: number) => text.slice(0, at).length + 1
