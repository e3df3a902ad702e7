import { expect, test } from "bun:test"
import type { MemoryEngine, RecallQuery } from "../../src/memory/engine.ts"
import { withMemo } from "../../src/memory/memo.ts"
import { namespaceOf } from "../../src/memory/namespace.ts"

test("the same question of the same memories is answered once; another user, project, session or a change asks again", () => {
  let asked = 0
  let version = "1"
  const engine = { recall: () => (asked++, []) } as unknown as MemoryEngine
  const memo = withMemo(engine, () => version)
  const query: RecallQuery = { text: "What?", previous: null, sessionId: "s", maxTokens: 100 }
  const ann = namespaceOf("project", "ann", null)
  for (let times = 0; times < 3; times++) memo.recall(ann, query)
  expect(asked).toBe(1)
  memo.recall(namespaceOf("project", "bob", null), query)
  memo.recall(namespaceOf("project", "ann", { name: "shop", key: "shop" }), query)
  memo.recall(ann, { ...query, sessionId: "t" })
  memo.recall(ann, { ...query, previous: "Hello." })
  expect(asked).toBe(5)
  version = "2"
  memo.recall(ann, query)
  expect(asked).toBe(6)
})
