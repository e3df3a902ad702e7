/**
 * Finds where things are in JSON text without parsing it: the members of an object and the elements of an array as
 * spans, so that a request can be edited and its other bytes left alone. It checks only the level it reads, and how
 * deep the rest nests; what is malformed below that is the upstream's to refuse.
 */

import { Refusal } from "../exchange.ts"

/** Half open, in UTF-16 code units of the scanned text. */
export interface Span {
  start: number
  end: number
}

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
const BACKSLASH = 92
const CLOSE_ARRAY = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125
const BYTE_ORDER_MARK = 0xfeff

/** The members of the object that is the whole of `text`, duplicates included, in order. Throws a 400 Refusal. */
export function scanDocument(text: string): Member[] {
  const open = skipBlank(text, text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0)
  if (text.charCodeAt(open) !== OPEN_OBJECT) throw malformed(text, open, "a JSON object")
  const members: Member[] = []
  const end = skipBlank(text, readObject(text, open, 1, members))
  if (end < text.length) throw malformed(text, end, "nothing more")
  return members
}

/** The members of the object that starts at `open`, which must be a `{`. */
export function scanObject(text: string, open: number): Member[] {
  const members: Member[] = []
  readObject(text, open, 1, members)
  return members
}

/** The elements of the array that starts at `open`, which must be a `[`. */
export function scanArray(text: string, open: number): Span[] {
  const elements: Span[] = []
  let at = skipBlank(text, open + 1)
  if (text.charCodeAt(at) === CLOSE_ARRAY) return elements
  for (;;) {
    const end = skipValue(text, at, 1)
    elements.push({ start: at, end })
    at = skipBlank(text, end)
    const code = text.charCodeAt(at)
    if (code === CLOSE_ARRAY) return elements
    if (code !== COMMA) throw malformed(text, at, "',' or ']'")
    at = skipBlank(text, at + 1)
  }
}

/** Of the array that starts at `open`. */
export const isEmptyArray = (text: string, open: number) => text.charCodeAt(skipBlank(text, open + 1)) === CLOSE_ARRAY

/** The member that counts: of duplicates the last, as for JSON.parse. */
export function lastMember(members: readonly Member[], key: string): Member | null {
  for (let at = members.length - 1; at >= 0; at--) {
    const member = members[at]
    if (member?.key === key) return member
  }
  return null
}

export function valueText(text: string, member: Member): string {
  return text.slice(member.value.start, member.value.end)
}

function readObject(text: string, open: number, depth: number, members: Member[]): number {
  let at = skipBlank(text, open + 1)
  if (text.charCodeAt(at) === CLOSE_OBJECT) return at + 1
  for (;;) {
    if (text.charCodeAt(at) !== QUOTE) throw malformed(text, at, "a string key")
    const keyEnd = skipString(text, at)
    const colon = skipBlank(text, keyEnd)
    if (text.charCodeAt(colon) !== COLON) throw malformed(text, colon, "':'")
    const start = skipBlank(text, colon + 1)
    const end = skipValue(text, start, depth)
    members.push({ key: readKey(text, at, keyEnd), start: at, value: { start, end } })
    at = skipBlank(text, end)
    const code = text.charCodeAt(at)
    if (code === CLOSE_OBJECT) return at + 1
    if (code !== COMMA) throw malformed(text, at, "',' or '}'")
    at = skipBlank(text, at + 1)
  }
}

/** A key may be written with escapes (`"mod\u0065l"`): what other parsers read decides, so it is decoded. */
function readKey(text: string, start: number, end: number): string {
  const plain = text.slice(start + 1, end - 1)
  if (!plain.includes("\\")) return plain
  try {
    return String(JSON.parse(text.slice(start, end)))
  } catch {
    throw malformed(text, start, "a string key")
  }
}

function skipValue(text: string, start: number, depth: number): number {
  const code = text.charCodeAt(start)
  if (code === QUOTE) return skipString(text, start)
  if (code === OPEN_OBJECT || code === OPEN_ARRAY) return skipNested(text, start, depth)
  let end = start
  while (end < text.length && !endsScalar(text.charCodeAt(end))) end++
  if (!/^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/.test(text.slice(start, end))) {
    throw malformed(text, start, "a value")
  }
  return end
}

function skipNested(text: string, start: number, depth: number): number {
  let level = depth
  for (let at = start; ;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = skipString(text, at)
      continue
    }
    at++
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (++level > MAX_DEPTH) throw tooDeep(at - 1)
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      if (--level === depth) return at
    } else if (code !== code) {
      throw malformed(text, text.length, "more")
    }
  }
}

/** A quote after an odd number of backslashes is part of the string. */
function skipString(text: string, open: number): number {
  for (let from = open + 1; ;) {
    const quote = text.indexOf('"', from)
    if (quote < 0) throw malformed(text, text.length, "the end of a string")
    let before = quote - 1
    while (text.charCodeAt(before) === BACKSLASH) before--
    if (((quote - before) & 1) === 1) return quote + 1
    from = quote + 1
  }
}

function skipBlank(text: string, from: number): number {
  for (let at = from; ; at++) {
    const code = text.charCodeAt(at)
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at
  }
}

function endsScalar(code: number): boolean {
  return code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY || code <= 32
}

function malformed(text: string, at: number, expected: string): Refusal {
  const found = at < text.length ? "" : ", but the body ends there"
  const message = `The request body is not valid JSON: expected ${expected} at character ${at + 1}${found}.`
  return new Refusal(400, "invalid_request", message, { code: "invalid_json" })
}

function tooDeep(at: number): Refusal {
  const message = `The request body nests deeper than ${MAX_DEPTH} levels at character ${at + 1}. Send it flatter.`
  return new Refusal(400, "invalid_request", message, { code: "json_too_deep" })
}
