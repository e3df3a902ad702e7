/**
 * The inverted index of memories: for each word of a namespace, the parts it is in. One namespace's lists know nothing of another's, and adding to one reads nothing.
 * SQLite's FTS5 has one list for all of them, weighs words by everyone's memories, counts a word by walking its whole list, and takes three times as long to write.
 * Its statements have no ORDER BY: with one, SQLite plans them anew at each call, which costs more than running them.
 */
import type { Database } from "bun:sqlite"

/** Parts are numbered in their namespace; a row holds two bytes for each of those in its block. */
const BLOCK = 2 ** 16

export function createInvertedIndex(db: Database): void {
  db.run(`
    CREATE TABLE memory_words (
      namespace INTEGER NOT NULL,
      word TEXT NOT NULL,
      block INTEGER NOT NULL, -- of 65,536 parts; below zero, so that the newest comes first
      numbers BLOB NOT NULL, -- of the parts in their block, ascending, 16 bits each, little-endian
      PRIMARY KEY (namespace, word, block)
    ) WITHOUT ROWID
  `)
}

/** A part by its number in its namespace, and its words, separated by spaces. */
export interface NumberedPart {
  number: number
  terms: string
}

/** Numbers of parts from `start` on, as the table has them. */
export interface Numbers {
  start: number
  bytes: Uint8Array
}

/** The parts in which a word is: of many the newest. */
export interface Postings {
  /** of all of them */
  count: number
  blocks: Numbers[]
}

/** `parts` ascending, above all that were added before. */
export function addToIndex(db: Database, namespace: number, parts: readonly NumberedPart[]): void {
  const append = db.query(
    `INSERT INTO memory_words VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET numbers = CAST(numbers || excluded.numbers AS BLOB)`,
  )
  for (const [word, numbers] of byWord(parts))
    for (const { start, bytes } of encode(numbers)) append.run(namespace, word, -start / BLOCK, bytes)
}

export function removeFromIndex(db: Database, namespace: number, parts: readonly NumberedPart[]): void {
  const at = "WHERE namespace = ? AND word = ? AND block = ?"
  const read = db.query<{ numbers: Uint8Array }, [number, string, number]>(`SELECT numbers FROM memory_words ${at}`)
  const drop = db.query(`DELETE FROM memory_words ${at}`)
  const replace = db.query(`UPDATE memory_words SET numbers = ?4 WHERE namespace = ?1 AND word = ?2 AND block = ?3`)
  for (const [word, numbers] of byWord(parts)) {
    for (const gone of encode(numbers)) {
      const block = -gone.start / BLOCK
      const row = read.get(namespace, word, block)
      if (!row) continue // not listed yet
      const lost = new Set(decode(gone))
      const [kept] = encode(decode({ start: gone.start, bytes: row.numbers }).filter((number) => !lost.has(number)))
      if (kept) replace.run(namespace, word, block, kept.bytes)
      else drop.run(namespace, word, block)
    }
  }
}

/** @param parts how many are numbered @param enough once so many are known no older block is read: they are counted */
export function readPostings(db: Database, namespace: number, word: string, parts: number, enough: number): Postings {
  const read = db.query<{ numbers: Uint8Array }, [number, string, number]>(
    "SELECT numbers FROM memory_words WHERE namespace = ? AND word = ? AND block = ?",
  )
  const older = db.query<{ count: number }, [number, string, number]>(
    "SELECT coalesce(sum(octet_length(numbers)), 0) / 2 AS count FROM memory_words WHERE namespace = ? AND word = ? AND block > ?",
  )
  const list: Postings = { count: 0, blocks: [] }
  for (let start = parts - (parts % BLOCK); start >= 0; start -= BLOCK) {
    const row = read.get(namespace, word, -start / BLOCK)
    if (row) {
      // the newest are at its end
      list.blocks.push({ start, bytes: row.numbers.subarray(-2 * Math.max(0, enough - list.count)) })
      list.count += row.numbers.length / 2
    }
    if (list.count < enough || start === 0) continue
    list.count += older.get(namespace, word, -start / BLOCK)!.count
    break
  }
  return list
}

/** In blocks. */
export function encode(numbers: readonly number[]): Numbers[] {
  const blocks: Numbers[] = []
  for (let from = 0; from < numbers.length;) {
    const start = numbers[from]! - (numbers[from]! % BLOCK)
    let to = from + 1
    while (to < numbers.length && numbers[to]! < start + BLOCK) to++
    const bytes = new Uint8Array(2 * (to - from))
    for (let at = from; at < to; at++) {
      const number = numbers[at]! - start
      bytes[2 * (at - from)] = number
      bytes[2 * (at - from) + 1] = number >> 8
    }
    blocks.push({ start, bytes })
    from = to
  }
  return blocks
}

function decode({ start, bytes }: Numbers): number[] {
  const numbers: number[] = []
  for (let at = 0; at < bytes.length; at += 2) numbers.push(start + bytes[at]! + bytes[at + 1]! * 256)
  return numbers
}

/** Adds parts to lists by word. `parts` ascending, above all that are there. */
export function sortIn(lists: Map<string, number[]>, parts: readonly NumberedPart[]): void {
  for (const { number, terms } of parts) {
    for (const word of terms.split(" ")) {
      const list = lists.get(word)
      if (!list) lists.set(word, [number])
      else if (list.at(-1) !== number) list.push(number)
    }
  }
}

/** In the order of the table, so that one page after another is written. */
function byWord(parts: readonly NumberedPart[]): [word: string, numbers: number[]][] {
  const lists = new Map<string, number[]>()
  sortIn(lists, parts)
  lists.delete("")
  const words = [...lists.keys()].sort()
  return words.map((word) => [word, lists.get(word)!])
}
