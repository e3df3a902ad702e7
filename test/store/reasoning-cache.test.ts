/** What an answer leaves for the next request: on a real disk, for its own user, and never a reason to fail. */
import { afterEach, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createReasoningCache } from "../../src/store/reasoning-cache.ts"

const dirs: string[] = []
const newDir = () => {
  const dir = mkdtempSync(join(tmpdir(), "memproxy-reasoning-"))
  dirs.push(dir)
  return dir
}
afterEach(() => dirs.splice(0).forEach((dir) => rmSync(dir, { recursive: true, force: true })))

const DAY = 24 * 3_600_000
const open = (dir: string, now = 0) => {
  const warned: string[] = []
  return { store: createReasoningCache<unknown>(dir, { clock: () => now, warn: (line) => warned.push(line) }), warned }
}

test("it is known at once, and again after a restart; a value kept twice is the last one", () => {
  const dir = newDir()
  const first = open(dir).store
  first.keep("ann", [["call 1", { a: 1 }]])
  first.keep("ann", [
    ["call 1", { a: 2 }],
    ["call 2", { b: 1 }],
  ])
  expect([...first.find("ann", ["call 1", "call 3"])]).toEqual([["call 1", { a: 2 }]])
  first.close()
  const second = open(dir).store
  expect([...second.find("ann", ["call 1", "call 2", "call 3"])]).toEqual([
    ["call 1", { a: 2 }],
    ["call 2", { b: 1 }],
  ])
  second.close()
})

test("another user does not see it", () => {
  const { store } = open(newDir())
  store.keep("ann", [["call 1", { a: 1 }]])
  expect(store.find("bob", ["call 1"]).size).toBe(0)
  store.close()
})

test("after 30 days it is gone", () => {
  const dir = newDir()
  const first = open(dir, 0).store
  first.keep("ann", [["call 1", 1]])
  first.close()
  const later = open(dir, 31 * DAY).store
  expect(later.find("ann", ["call 1"]).size).toBe(0)
  later.close()
})

test("what is far too large is not kept", () => {
  const { store } = open(newDir())
  store.keep("ann", [["call 1", "x".repeat(300_000)]])
  expect(store.find("ann", ["call 1"]).size).toBe(0)
  store.close()
})

test("the file is its owner's alone; a damaged one is begun anew", () => {
  const dir = newDir()
  const first = open(dir).store
  first.keep("ann", [["call 1", 1]])
  first.close()
  const path = join(dir, "carried.db")
  expect(statSync(path).mode & 0o777).toBe(0o600)
  writeFileSync(path, "this is no database, and long enough to be looked at as one ".repeat(100))
  const { store } = open(dir)
  expect(store.find("ann", ["call 1"]).size).toBe(0)
  store.keep("ann", [["call 2", 2]])
  store.close()
  expect(readFileSync(path).subarray(0, 15).toString()).toBe("SQLite format 3")
})

test("a directory that cannot be written is said once, and everything goes on in memory", () => {
  const dir = newDir()
  const { store, warned } = open(join(dir, "missing"))
  store.keep("ann", [["call 1", 1]])
  store.close()
  expect([...store.find("ann", ["call 1"])]).toEqual([["call 1", 1]])
  expect(warned).toHaveLength(1)
  chmodSync(dir, 0o700)
})
