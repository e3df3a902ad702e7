/** Memories written: kept first, indexed afterwards. Each function is one transaction's work. */
import type { Database } from "bun:sqlite"
import {
  type NewMemory,
  NONE,
  type Owner,
  PARTS_A_NAMESPACE,
  type IndexedMemory,
  TURNS_A_SESSION,
} from "./memory-tables.ts"
import { addToIndex, type NumberedPart } from "./inverted-index.ts"

/** A namespace or a session that is written to: what is looked up once is known for the rest of the transaction. */
interface Open {
  id: number
  /** memories added; turns there are */
  count: number
}

/** How many were new. */
export function insertAll(db: Database, memories: readonly NewMemory[]): number {
  const namespaces = new Map<string, Open>()
  const sessions = new Map<string, Open>()
  const add = db.query<unknown, (string | number | bigint | null)[]>(
    `INSERT INTO memories (seq, id, namespace, session, place, role, speaker, created_at, identity, source, request_id, metadata, content)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session, identity) DO NOTHING`,
  )
  const wait = db.query<unknown, [number, number]>("INSERT INTO memories_unindexed VALUES (?, ?)")
  let { seq } = db.query<{ seq: number }, []>("SELECT coalesce(max(seq), 0) AS seq FROM memories").get()!
  let added = 0
  for (const one of memories) {
    const namespace = openNamespace(db, one.owner, namespaces)
    const session = openSession(db, namespace.id, one.sessionId ?? NONE, sessions)
    const next = seq + 1
    const place = one.sessionId === null ? -next : session.id * TURNS_A_SESSION + session.count + 1
    const { changes } = add.run(
      next,
      one.id,
      namespace.id,
      session.id,
      place,
      one.role,
      one.speaker,
      one.createdAt,
      one.identity,
      one.source,
      one.requestId,
      one.metadata,
      one.content,
    )
    if (changes === 0) continue
    wait.run(namespace.id, next)
    seq = next
    session.count++
    namespace.count++
    added++
  }
  const grow = db.query("UPDATE namespaces SET memories = memories + ? WHERE id = ?")
  for (const { id, count } of namespaces.values()) grow.run(count, id)
  const turn = db.query("UPDATE memory_sessions SET turns = ? WHERE id = ?")
  for (const { id, count } of sessions.values()) turn.run(count, id)
  return added
}

function openNamespace(db: Database, owner: Owner, known: Map<string, Open>): Open {
  const key = JSON.stringify([owner.userId, owner.projectKey])
  let open = known.get(key)
  if (!open) known.set(key, (open = { id: namespaceId(db, owner), count: 0 }))
  return open
}

export function namespaceId(db: Database, { userId, projectKey, project }: Owner): number {
  return db
    .query<{ id: number }, [string, string, string | null]>(
      `INSERT INTO namespaces (user_id, project_key, project) VALUES (?, ?, ?)
       ON CONFLICT (user_id, project_key) DO UPDATE SET project = COALESCE(excluded.project, project) RETURNING id`,
    )
    .get(userId, projectKey ?? NONE, project)!.id
}

/** Turns of one session are neighbours in the order they came. */
function openSession(db: Database, namespace: number, name: string, known: Map<string, Open>): Open {
  const key = `${namespace} ${name}`
  let open = known.get(key)
  if (!open) {
    open = db
      .query<Open, [number, string]>(
        `INSERT INTO memory_sessions (namespace, name, turns) VALUES (?, ?, 0)
         ON CONFLICT (namespace, name) DO UPDATE SET turns = turns RETURNING id, turns AS count`,
      )
      .get(namespace, name)!
    known.set(key, open)
  }
  return open
}

interface Numbering {
  next_part: number
  listed_to: number
  parts: number
  terms: number
}

/** Of fewer parts the words are in no list: they are read themselves, at every search. Lists are cheaper to write in one go, and small namespaces need none. */
const LEAST_LISTED = 512
/** While more wait to be indexed. */
const LEAST_LISTED_OF_MANY = 2048

/** What another process indexed, removed or moved meanwhile is left as it is. */
export function indexAll(db: Database, memories: readonly IndexedMemory[]): void {
  const claim = db.query<unknown, [number, number]>("DELETE FROM memories_unindexed WHERE namespace = ? AND memory = ?")
  const addPlace = db.query<unknown, (number | string | null)[]>(
    "INSERT INTO memory_places VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  )
  const addPart = db.query<unknown, (number | string)[]>("INSERT INTO memory_parts VALUES (?, ?, ?, ?, ?, ?)")
  const numberings = new Map<number, Numbering>()
  for (const one of memories) {
    if (claim.run(one.namespace, one.memory).changes === 0) continue
    let numbering = numberings.get(one.namespace)
    if (!numbering) numberings.set(one.namespace, (numbering = numberingOf(db, one.namespace)))
    const first = one.namespace * PARTS_A_NAMESPACE + numbering.next_part
    addPlace.run(
      one.place,
      one.memory,
      first,
      one.parts.length,
      one.role,
      one.speaker,
      one.createdAt,
      Number(one.saysWhen),
      one.asking,
      Number(one.isStanding),
      one.bytes,
      one.addressing,
    )
    for (let at = 0; at < one.parts.length; at++) {
      const { start, stop, terms } = one.parts[at]!
      addPart.run(first + at, one.place, at, start, stop, terms)
      numbering.terms += wordsIn(terms)
    }
    numbering.parts += one.parts.length
    numbering.next_part += one.parts.length
  }
  for (const [namespace, numbering] of numberings) keepNumbering(db, namespace, numbering)
}

const numberingOf = (db: Database, namespace: number) =>
  db
    .query<Numbering, [number]>("SELECT next_part, listed_to, parts, terms FROM namespaces WHERE id = ?")
    .get(namespace)!

function keepNumbering(db: Database, namespace: number, numbering: Numbering): void {
  const { next_part, listed_to, parts, terms } = numbering
  const isListed = isTime(db, namespace, next_part - listed_to)
  if (isListed) addToIndex(db, namespace, readParts(db, namespace, listed_to, next_part))
  db.query("UPDATE namespaces SET next_part = ?, listed_to = ?, parts = ?, terms = ? WHERE id = ?").run(
    next_part,
    isListed ? next_part : listed_to,
    parts,
    terms,
    namespace,
  )
}

function isTime(db: Database, namespace: number, unlisted: number): boolean {
  if (unlisted < LEAST_LISTED) return false
  return (
    unlisted >= LEAST_LISTED_OF_MANY ||
    db.query("SELECT 1 FROM memories_unindexed WHERE namespace = ? LIMIT 1").get(namespace) === null
  )
}

/** Those from the number `from` to before the number `to`. */
export function readParts(db: Database, namespace: number, from: number, to: number): NumberedPart[] {
  const base = namespace * PARTS_A_NAMESPACE
  return db
    .query<NumberedPart, [number, number, number]>(
      "SELECT id - ? AS number, terms FROM memory_parts WHERE id >= ? AND id < ?", // they lie in this order
    )
    .all(base, base + from, base + to)
}

export const wordsIn = (terms: string) => (terms === "" ? 0 : terms.split(" ").length)
