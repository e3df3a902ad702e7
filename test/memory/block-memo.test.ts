import { expect, test } from "bun:test"
import { BlockMemo } from "../../src/memory/block-memo.ts"
import { namespaceOf } from "../../src/memory/namespace.ts"

test("the same turn of the same memories has its block; another user, project, session, length or a change asks again", () => {
  const memo = new BlockMemo()
  const place = { namespace: namespaceOf("project", "ann", null), sessionId: "s", key: 7 }
  const block = { text: "told", tokens: 1, memories: [] }
  memo.keep(place, 100, "1", block)
  expect(memo.find({ ...place, namespace: namespaceOf("project", "ann", null) }, 100, "1")).toBe(block)
  expect(memo.find({ ...place, namespace: namespaceOf("project", "bob", null) }, 100, "1")).toBeUndefined()
  const shop = namespaceOf("project", "ann", { name: "shop", key: "shop" })
  expect(memo.find({ ...place, namespace: shop }, 100, "1")).toBeUndefined()
  expect(memo.find({ ...place, sessionId: "t" }, 100, "1")).toBeUndefined()
  expect(memo.find({ ...place, key: 8 }, 100, "1")).toBeUndefined()
  expect(memo.find(place, 200, "1")).toBeUndefined()
  expect(memo.find(place, 100, "2")).toBeUndefined()
  memo.keep(place, 100, "2", null)
  expect(memo.find(place, 100, "2")).toBeNull()
  expect(memo.find(place, 100, "1")).toBeUndefined()
})

test("an engine that cannot tell whether it would answer otherwise is always asked", () => {
  const memo = new BlockMemo()
  const place = { namespace: namespaceOf("user", "ann", null), sessionId: null, key: 7 }
  memo.keep(place, 100, null, null)
  expect(memo.find(place, 100, null)).toBeUndefined()
})
