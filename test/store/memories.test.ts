/** The store of memories on a real file: what is found, beside a walk through everything; and that what is gone is gone from the file. */
import { Database } from "bun:sqlite"
import { afterAll, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { namespaceOf } from "../../src/memory/namespace.ts"
import { createMemoryStore, type MemoryStore } from "../../src/store/memories.ts"
import { openMemoryDatabase } from "../../src/store/memory-database.ts"
import type { NewMemory, UnindexedMemory } from "../../src/store/memory-tables.ts"
import { temporaryDirectories } from "./sample.ts"

const directories = temporaryDirectories()
afterAll(() => directories.remove())

const shop = namespaceOf("project", "ann", { key: "/home/ann/shop", name: "shop" })
const blog = namespaceOf("project", "ann", { key: "/home/ann/blog", name: "blog" })

const memory = (id: string, content: string, sessionId: string | null = "s", owner = shop): NewMemory => ({
  id,
  owner,
  sessionId,
  role: "user",
  speaker: null,
  content,
  createdAt: 0,
  source: "api",
  requestId: null,
  metadata: null,
  identity: BigInt.asIntN(64, Bun.hash.wyhash(content)),
})

/** A part a line, its words as they stand. */
const read = ({ content, ...one }: UnindexedMemory) => ({
  ...one,
  isStanding: false,
  saysWhen: false,
  asking: 0,
  addressing: 0,
  parts: content.split("\n").map((terms, at) => ({ start: at, stop: at + 1, terms })),
})

function index(store: MemoryStore): void {
  for (let waiting = store.unindexed(null, 100); waiting.length > 0; waiting = store.unindexed(null, 100))
    store.index(waiting.map(read))
}

function open(dir = directories.make()) {
  const database = openMemoryDatabase(dir, (message) => expect(message).toBe(""))
  return { dir, database, store: createMemoryStore(database.use) }
}

const found = (store: MemoryStore, owner: typeof shop, ...terms: string[]) => {
  const namespaces = store.namespaces(owner.userId, [owner.projectKey])
  const { hits, frequency } = store.find(namespaces, terms, 1000)
  const ids = new Map(
    store
      .read(
        namespaces,
        hits.map((hit) => hit.memory),
      )
      .map(({ seq, id }) => [seq, id]),
  )
  return { ids: new Set(hits.map((hit) => ids.get(hit.memory)!)), frequency: terms.map((term) => frequency.get(term)) }
}

const WORDS = Array.from({ length: 40 }, (_, at) => `word${at}`)
const wordsOf = (number: number) => WORDS.filter((_, at) => (number + 1) % (at + 2) === 0).join(" ") || "none"
const many = (count: number, owner = shop, from = 0) =>
  Array.from({ length: count }, (_, at) =>
    memory(`m${from + at}`, `${wordsOf(from + at)} ${from + at}`, `s${(from + at) >> 3}`, owner),
  )

test("every part that has a word is found, in namespaces of any size, while they grow", () => {
  const { store } = open()
  for (let count = 0; count < 1500; count += 100) {
    store.insert([...many(100, shop, count), ...many(3, blog, 5000 + count)])
    index(store)
    for (const word of ["word1", "word7", "word30"]) {
      const all = Array.from({ length: count + 100 }, (_, at) => at).filter((at) =>
        wordsOf(at).split(" ").includes(word),
      )
      const { ids, frequency } = found(store, shop, word)
      expect(frequency).toEqual([all.length])
      expect(ids).toEqual(new Set(all.map((at) => `m${at}`)))
    }
  }
  expect(store.size(store.namespaces("ann", ["/home/ann/shop"]))).toMatchObject({ memories: 1500, parts: 1500 })
})

test("what lies around a hit in its session comes with it, and nothing of another session", () => {
  const { store } = open()
  store.insert(["one", "two", "three", "four", "five", "six"].map((word) => memory(word, word)))
  store.insert([memory("loose", "loose", null), memory("other", "other", "t"), memory("loose too", "two loose", null)])
  index(store)
  const namespaces = store.namespaces("ann", ["/home/ann/shop"])
  const near = (word: string) => {
    const { places } = store.find(namespaces, [word], 10)
    return store
      .read(
        namespaces,
        places.map((place) => place.memory),
      )
      .sort((one, other) => one.seq - other.seq)
      .map(({ id }) => id)
  }
  expect(near("four")).toEqual(["two", "three", "four", "five", "six"])
  expect(near("one")).toEqual(["one", "two", "three"])
  expect(near("loose")).toEqual(["loose", "loose too"])
  expect(near("other")).toEqual(["other"])
})

test("kept and not indexed it is listed and not found, and is there after a restart", () => {
  const { dir, store, database } = open()
  store.insert([memory("m", "hello")])
  expect(store.list({ userId: "ann" }, { limit: 10, before: null }).map(({ id }) => id)).toEqual(["m"])
  expect(found(store, shop, "hello").ids).toEqual(new Set())
  database.close()
  const again = open(dir).store
  index(again)
  expect(found(again, shop, "hello").ids).toEqual(new Set(["m"]))
})

test("what another process indexed first is indexed once", () => {
  const { dir, store } = open()
  const other = open(dir).store
  store.insert([memory("m", "hello")])
  const [mine, theirs] = [store.unindexed(null, 10), other.unindexed(null, 10)]
  other.index(theirs.map(read))
  store.index(mine.map(read))
  expect(found(store, shop, "hello").frequency).toEqual([1])
  expect(store.size(store.namespaces("ann", ["/home/ann/shop"]))).toEqual({ memories: 1, parts: 1, terms: 1 })
})

test("what is removed or changed is found no more, and no word of it is in a file", () => {
  const { dir, store, database } = open()
  store.insert([
    ...many(700),
    memory("gone", "zanzibar once"),
    memory("new", "yucatan twice"),
    memory("x", "quebec", "x"),
  ])
  index(store)
  store.insert([memory("waiting", "waiting zanzibar")])
  expect(store.remove({ id: "gone" })).toBe(1)
  expect(store.remove({ id: "waiting" })).toBe(1)
  expect(store.remove({ userId: "ann", sessionId: "x" })).toBe(1)
  store.update("new", memory("new", "thrice"))
  index(store)
  expect(found(store, shop, "zanzibar", "yucatan", "quebec").ids).toEqual(new Set())
  expect(found(store, shop, "thrice").ids).toEqual(new Set(["new"]))
  expect(store.size(store.namespaces("ann", ["/home/ann/shop"])).parts).toBe(701)
  expect(store.remove({ userId: "ann" })).toBe(701)
  expect(found(store, shop, "word1").ids).toEqual(new Set())
  database.use((db) => db.run("PRAGMA wal_checkpoint(TRUNCATE)"))
  for (const file of readdirSync(dir)) {
    const bytes = readFileSync(join(dir, file))
    for (const word of ["zanzibar", "yucatan", "quebec", "thrice", "word1"]) expect(bytes.includes(word)).toBe(false)
  }
})

test("two places that turn out to be one have one list, their sessions' turns in order, and what was in both once", () => {
  const { store } = open()
  store.insert([memory("a1", "first here"), memory("a2", "both said"), ...many(300)])
  store.insert([memory("b1", "second there", "s", blog), memory("b2", "both said", "s", blog)])
  store.insert([memory("b3", "alone there", null, blog)])
  index(store)
  store.adopt("ann", "/home/ann/shop", { key: "/home/ann/blog", name: "blog" })
  index(store)
  expect(found(store, blog, "first", "second", "both", "alone").ids).toEqual(new Set(["a1", "b1", "b2", "b3"]))
  expect(found(store, blog, "word1").ids.size).toBe(100)
  expect(found(store, shop, "word1").ids).toEqual(new Set())
  const namespaces = store.namespaces("ann", ["/home/ann/blog"])
  expect(store.size(namespaces)).toMatchObject({ memories: 304, parts: 304 })
  const around = store.find(namespaces, ["first"], 10).places
  expect(
    store
      .read(
        namespaces,
        around.map((place) => place.memory),
      )
      .map(({ id }) => id)
      .sort(),
  ).toEqual(["a1", "b1", "b2"])
})

test("a memory of another namespace is not read, whoever asks for its number", () => {
  const { store } = open()
  store.insert([memory("mine", "hello"), memory("theirs", "hello", "s", blog)])
  expect(store.read(store.namespaces("ann", ["/home/ann/shop"]), [1, 2]).map(({ id }) => id)).toEqual(["mine"])
})

test("memories of a build that used FTS5 are all there, and found", () => {
  const { dir, database } = open()
  database.use(() => {})
  database.close()
  const db = new Database(join(dir, "memory.db"))
  for (const table of [
    "memories",
    "namespaces",
    "memory_sessions",
    "memory_places",
    "memory_parts",
    "memory_words",
    "memories_unindexed",
  ])
    db.run(`DROP TABLE ${table}`)
  db.run(`
    CREATE TABLE namespaces (id INTEGER PRIMARY KEY, user_id TEXT NOT NULL, project_key TEXT NOT NULL, project TEXT, memories INTEGER NOT NULL DEFAULT 0,
      parts INTEGER NOT NULL DEFAULT 0, terms INTEGER NOT NULL DEFAULT 0, UNIQUE (user_id, project_key));
    CREATE TABLE memory_sessions (id INTEGER PRIMARY KEY, namespace INTEGER NOT NULL, name TEXT NOT NULL, turns INTEGER NOT NULL, UNIQUE (namespace, name));
    CREATE TABLE memories (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, namespace INTEGER NOT NULL, session INTEGER, pos INTEGER NOT NULL,
      role TEXT NOT NULL, speaker TEXT, created_at INTEGER NOT NULL, says_when INTEGER NOT NULL, asking REAL NOT NULL, is_standing INTEGER NOT NULL,
      identity INTEGER NOT NULL, source TEXT NOT NULL, request_id TEXT, metadata TEXT, content TEXT NOT NULL, UNIQUE (namespace, identity));
    CREATE INDEX memories_session ON memories (session, pos) WHERE session IS NOT NULL;
    CREATE TABLE memory_parts (id INTEGER PRIMARY KEY, memory INTEGER NOT NULL, part INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
      terms TEXT NOT NULL, namespace INTEGER NOT NULL, words TEXT GENERATED ALWAYS AS (terms) VIRTUAL);
    CREATE VIRTUAL TABLE memory_index USING fts5 (words, content = 'memory_parts', content_rowid = 'id', detail = none, columnsize = 0);
    CREATE TRIGGER memory_parts_gone AFTER DELETE ON memory_parts BEGIN SELECT 1; END;
    CREATE TRIGGER memories_gone AFTER DELETE ON memories BEGIN SELECT 1; END;
    INSERT INTO namespaces VALUES (1, 'ann', '/home/ann/shop', 'shop', 3, 3, 6);
    INSERT INTO memory_sessions VALUES (1, 1, 's', 2);
    INSERT INTO memories VALUES (1, 'a', 1, 1, 1, 'user', NULL, 5, 0, 0, 0, 11, 'chat', 'r1', '{"x":1}', 'hello there'),
      (2, 'b', 1, 1, 2, 'assistant', NULL, 6, 0, 0, 0, 12, 'chat', NULL, NULL, 'hello back'), (3, 'c', 1, NULL, 0, 'user', 'Ann', 7, 0, 0, 0, 13, 'api', NULL, NULL, 'alone');
    PRAGMA user_version = 4;
  `)
  db.close()
  const { store } = open(dir)
  index(store)
  expect(found(store, shop, "hello").ids).toEqual(new Set(["a", "b"]))
  expect(store.get("a")).toMatchObject({
    session_id: "s",
    created_at: 5,
    request_id: "r1",
    metadata: '{"x":1}',
    content: "hello there",
  })
  expect(store.get("c")).toMatchObject({ session_id: null, speaker: "Ann", project: "shop" })
  expect(store.insert([memory("d", "and on")])).toBe(1)
})

test("the version is another one after each change, and after another program's commit in the next turn of the event loop", async () => {
  const { dir, store } = open()
  const { store: other } = open(dir)
  const versions = [store.version()]
  store.insert([memory("1", "tea")])
  versions.push(store.version())
  other.insert([memory("2", "coffee")])
  await new Promise((resolve) => setImmediate(resolve))
  versions.push(store.version())
  expect(store.version()).toBe(versions.at(-1)!)
  expect(new Set(versions).size).toBe(3)
})

test("what was searched before and is removed or moved, here or by another program, counts no more", async () => {
  const { dir, store } = open()
  const { store: other } = open(dir)
  store.insert([
    memory("a", "tea here", "s", blog),
    memory("b", "tea there", "s", shop),
    memory("c", "tea too", "s", shop),
  ])
  index(store)
  expect(found(store, shop, "tea", "there").frequency).toEqual([2, 1])
  store.remove({ id: "b" })
  expect(found(store, shop, "tea", "there").frequency).toEqual([1, 0])
  store.update("c", memory("c", "coffee"))
  index(store)
  expect(found(store, shop, "tea", "coffee")).toEqual({ ids: new Set(["c"]), frequency: [0, 1] })
  other.remove({ id: "c" })
  other.adopt("ann", "/home/ann/shop", { key: "/home/ann/blog", name: "blog" })
  other.insert([memory("d", "cocoa", "s", shop)]) // under the number that was free
  index(other)
  await new Promise((resolve) => setImmediate(resolve))
  expect(found(store, shop, "coffee", "cocoa")).toEqual({ ids: new Set(["d"]), frequency: [0, 1] })
  expect(found(store, blog, "tea")).toEqual({ ids: new Set(["a"]), frequency: [1] })
})
