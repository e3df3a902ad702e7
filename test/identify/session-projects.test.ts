import { expect, test } from "bun:test"
import { createSessionProjects } from "../../src/identify/session-projects.ts"

const shop = { name: "acme/shop", key: "github.com/acme/shop" }
const blog = { name: "blog", key: "/home/ann/blog" }

test("a conversation's project is the one its calls named last, for its own user only", () => {
  const known = createSessionProjects()
  expect(known.of("ann", "s1")).toBeNull()
  known.learn("ann", "s1", shop)
  expect([known.of("ann", "s1"), known.of("bob", "s1"), known.of("ann", "s2")]).toEqual([shop, null, null])
  known.learn("ann", "s1", blog)
  expect(known.of("ann", "s1")).toBe(blog)
})

test("requests that ended before the project was known are given out once", () => {
  const known = createSessionProjects()
  known.wait("ann", "s1", "r1")
  known.wait("ann", "s1", "r2")
  expect(known.learn("ann", "s1", shop)).toEqual(["r1", "r2"])
  expect(known.learn("ann", "s1", shop)).toEqual([])
})

test("the conversation unused the longest is forgotten first", () => {
  const known = createSessionProjects(2)
  known.learn("ann", "s1", shop)
  known.learn("ann", "s2", shop)
  known.learn("ann", "s1", shop)
  known.wait("ann", "s3", "r1")
  expect(["s1", "s2", "s3"].map((id) => known.of("ann", id)?.name)).toEqual(["acme/shop", undefined, undefined])
})

test("two users' conversations of one name do not share a project", () => {
  const known = createSessionProjects()
  known.learn("ann", "s1", shop)
  known.wait("bob", "s1", "r1")
  expect([known.of("bob", "s1"), known.learn("ann", "s1", shop)]).toEqual([null, []])
})
