/** No memory crosses: ten thousand random pairs of users, projects and keys, with names made to be mistaken for one another. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test"
import * as fc from "fast-check"
import { type Caller, type Project, Refusal } from "../../src/exchange.ts"
import type { Config } from "../../src/settings.ts"
import { identify } from "../../src/identify/identify.ts"
import { type Namespace, namespaceOf } from "../../src/memory/namespace.ts"
import { containerTag, conversationId } from "../../src/memory/supermemory-tag.ts"
import { openStore } from "../../src/store/open.ts"
import { temporaryDirectories } from "../store/sample.ts"

setDefaultTimeout(60_000)
const RUNS = { numRuns: 10_000 }
const directories = temporaryDirectories()
afterAll(() => directories.remove())

/** Names of a few letters and joints, so that "a-b" of "c" and "a" of "b-c" meet; and some that no API takes as they are. */
const name = fc.oneof(
  fc.string({
    unit: fc.constantFrom("a", "b", "-", "_", ":", "/", ".", " ", "\n", "ä", '"', "'", "%"),
    minLength: 1,
    maxLength: 4,
  }),
  fc.constantFrom(
    "alice",
    "alice-shop",
    "team@acme",
    "github.com/acme/shop",
    "*",
    "null",
    "undefined",
    "x".repeat(128),
  ),
)
const project = fc.option(name).map((key): Project | null => (key === null ? null : { name: "shop", key }))
const owner = fc.tuple(name, project)
const same = (one: Namespace, other: Namespace) => one.userId === other.userId && one.projectKey === other.projectKey

test("two namespaces have one container tag only if they are one, and each tag is one that Supermemory takes", () => {
  const taken = new Map<string, Namespace>()
  fc.assert(
    fc.property(owner, (who) => {
      const namespace = namespaceOf("project", ...who)
      const tag = containerTag(namespace)
      expect(tag).toMatch(/^[A-Za-z0-9_-]{1,100}$/)
      const before = taken.get(tag)
      if (before) expect(same(before, namespace)).toBe(true)
      taken.set(tag, namespace)
      expect(conversationId(tag, who[0]).length).toBeLessThanOrEqual(255)
    }),
    RUNS,
  )
  expect(taken.size).toBeGreaterThan(1000)
})

test("a user cannot be named as another one's tag is", () => {
  const victim = containerTag(namespaceOf("project", "alice", { name: "shop", key: "shop" }))
  expect(containerTag(namespaceOf("project", victim, null))).not.toBe(victim)
})

test("with scope user all projects are one namespace, and users stay apart", () => {
  fc.assert(
    fc.property(owner, owner, (one, other) => {
      const [a, b] = [namespaceOf("user", ...one), namespaceOf("user", ...other)]
      expect(containerTag(a) === containerTag(b)).toBe(one[0] === other[0])
    }),
    RUNS,
  )
})

test("a block that went out with a turn is found by its own namespace alone, whatever its turn and session are called", () => {
  const store = openStore(directories.make(), { warn: (message) => expect(message).toBe("") })
  const { sentBlocks } = store
  const session = fc.constantFrom(null, "s1", "s2")
  const key = fc.nat(20)
  fc.assert(
    fc.property(owner, session, key, (who, sessionId, turn) => {
      const namespace = namespaceOf("project", ...who)
      const text = JSON.stringify([namespace.userId, namespace.projectKey, turn])
      sentBlocks.put({ namespace, sessionId, key: turn }, { text, tokens: 1, memories: [] })
      if (turn === 7) sentBlocks.flush()
    }),
    RUNS,
  )
  let found = 0
  fc.assert(
    fc.property(owner, session, key, (who, sessionId, turn) => {
      const namespace = namespaceOf("project", ...who)
      const [block] = sentBlocks.find(namespace, [{ key: turn, sessionId }])
      if (!block) return
      found++
      expect(JSON.parse(block.text)).toEqual([namespace.userId, namespace.projectKey, turn])
    }),
    RUNS,
  )
  expect(found).toBeGreaterThan(100)
  return store.close()
})

test("a key that is bound to a user is that user's or refused, whatever its headers, paths and patterns say", () => {
  const users: Config["users"] = {
    customHeader: "x-memory-user-id",
    defaultUserId: "default-dev",
    patterns: [{ header: "user-agent", pattern: ".", userId: "pattern-user", matches: () => true }],
  }
  const header = fc.stringMatching(/^[a-z%@.-]{1,8}$/)
  fc.assert(
    fc.property(
      header,
      fc.dictionary(fc.constantFrom("x-memory-user-id", "x-memproxy-user", "x-sm-user-id", "user-agent"), header),
      fc.option(header),
      (bound, headers, prefixUser) => {
        const caller: Caller = { kind: "virtual", alias: "k", userId: bound, subscription: null }
        const sighting = {
          headers: new Headers(headers),
          dialect: null,
          body: null,
          prefixUser,
          prefixProject: null,
          caller,
        }
        try {
          expect(identify(sighting, users).userId).toBe(bound)
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
          expect(error.status === 403 || error.status === 400).toBe(true)
        }
      },
    ),
    RUNS,
  )
})
