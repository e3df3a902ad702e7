import { Database } from "bun:sqlite"
import { afterAll, expect, test } from "bun:test"
import { join } from "node:path"
import { type Namespace, namespaceOf } from "../../src/memory/namespace.ts"
import { openStore, type Store } from "../../src/store/open.ts"
import { temporaryDirectories } from "./sample.ts"

const directories = temporaryDirectories()
afterAll(() => directories.remove())

const DAY_MS = 86_400_000
const ann = namespaceOf("project", "ann", { name: "shop", key: "/home/ann/shop" })
const block = (text: string, ...ids: string[]) => ({
  text,
  tokens: 9,
  memories: ids.map((id) => ({ id, score: 0.5, why: "words", tokens: 3 })),
})
const open = (dir: string, at = 0) => openStore(dir, { warn: (message) => expect(message).toBe(""), clock: () => at })

const find = (store: Store, namespace: Namespace, sessionId: string | null, keys: readonly number[]) =>
  store.sentBlocks.find(
    namespace,
    keys.map((key) => ({ key, sessionId })),
  )

test("a block is found at once, and after the store was opened again", async () => {
  const dir = directories.make()
  const store = open(dir)
  const place = { namespace: ann, sessionId: "s", key: 7 }
  store.sentBlocks.put(place, block("one", "m1"))
  expect(find(store, ann, "s", [6, 7])).toEqual([null, block("one", "m1")])
  await store.close()
  const again = open(dir)
  expect(find(again, ann, "s", [6, 7])).toEqual([null, block("one", "m1")])
  again.sentBlocks.put(place, block("two"))
  again.sentBlocks.flush()
  expect(find(again, ann, "s", [7])).toEqual([block("two")])
  again.sentBlocks.remove(place)
  expect(find(again, ann, "s", [7])).toEqual([null])
  await again.close()
})

test("of the same turn in two sessions each finds its own, and a third the newer", async () => {
  let at = 0
  const store = openStore(directories.make(), { warn: () => {}, clock: () => ++at })
  store.sentBlocks.put({ namespace: ann, sessionId: "s1", key: 7 }, block("first"))
  store.sentBlocks.flush()
  store.sentBlocks.put({ namespace: ann, sessionId: "s2", key: 7 }, block("second"))
  store.sentBlocks.flush()
  const of = (session: string | null) => find(store, ann, session, [7])[0]?.text
  expect([of("s1"), of("s2"), of("s3"), of(null)]).toEqual(["first", "second", "second", "second"])
  await store.close()
})

test("after thirty days a block is gone", async () => {
  const dir = directories.make()
  const store = open(dir)
  store.sentBlocks.put({ namespace: ann, sessionId: "s", key: 7 }, block("old"))
  await store.close()
  const late = open(dir, 30 * DAY_MS)
  expect(find(late, ann, "s", [7])).toEqual([null])
  late.sentBlocks.put({ namespace: ann, sessionId: "s", key: 8 }, block("new"))
  await late.close()
  const db = new Database(join(dir, "memory.db"), { readonly: true })
  expect(db.query("SELECT text FROM sent_blocks").values()).toEqual([["new"]])
  db.close()
})

test("a path that turns out to be a project's takes its blocks along, those of paths below it too, and stays known", async () => {
  const dir = directories.make()
  const store = open(dir)
  const project = { name: "acme/shop", key: "github.com/acme/shop" }
  const below = namespaceOf("project", "ann", { name: "web", key: "/home/ann/shop/web" })
  const beside = namespaceOf("project", "ann", { name: "shop2", key: "/home/ann/shop2" })
  const bob = namespaceOf("project", "bob", { name: "shop", key: "/home/ann/shop" })
  for (const [at, namespace] of [ann, below, beside, bob].entries())
    store.sentBlocks.put({ namespace, sessionId: "s", key: at }, block(`block ${at}`))
  store.sentBlocks.flush()
  store.learnedProjects.add({ userId: "ann", root: "/home/ann/shop", project })
  const texts = (namespace: typeof ann) => find(store, namespace, "s", [0, 1, 2, 3]).map((one) => one?.text ?? null)
  expect(texts(namespaceOf("project", "ann", project))).toEqual(["block 0", "block 1", null, null])
  expect(texts(beside)).toEqual([null, null, "block 2", null])
  expect(texts(bob)).toEqual([null, null, null, "block 3"])
  await store.close()
  const again = open(dir)
  expect(again.learnedProjects.all()).toEqual([["ann\n/home/ann/shop", "github.com/acme/shop"]])
  await again.close()
})
