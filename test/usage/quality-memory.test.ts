/** What became of memories: uptake and staleness, each with a near miss. */
import { expect, test } from "bun:test"
import { countMemories, notesOf } from "../../src/usage/quality-memory.ts"

const NOTE = "user: The staging database is called pg-staging-7 and lives in Frankfurt"

test("a memory counts as used when a telling word of it is in the answer and nowhere in the request", () => {
  const used = (answer: string, request = '{"messages":[{"role":"user","content":"where is staging?"}]}') =>
    countMemories([NOTE], request, answer).memories_used
  expect(used("Connect to pg-staging-7.")).toBe(1)
  expect(used("It is in frankfurt, I believe.")).toBe(1)
  expect(used("I do not know where the database lives.")).toBe(0)
  expect(used("Connect to pg-staging-7.", "the logs of PG-STAGING-7 say no")).toBe(0)
  expect(used("")).toBe(0)
})

test("an older note is stale when a later one says the same of something else", () => {
  const stale = (...notes: string[]) => countMemories(notes, "", "").memories_stale
  expect(stale("user: We deploy the shop with Node 18", "user: We deploy the shop with Node 22")).toBe(1)
  expect(stale("user: The release branch is called Alpha", "user: The release branch is called Beta")).toBe(1)
  expect(stale("user: We deploy the shop with Node 18", "user: We deploy the shop with Node 18")).toBe(0)
  expect(stale("user: We deploy the shop with Node 18", "user: The cat of Ada is called Miez")).toBe(0)
  expect(stale("user: The API runs on port 8080", "user: The API runs on port 8080 behind Caddy")).toBe(0)
})

test("a block is read note by note, without its head and its days", () => {
  const block =
    "<memproxy-memory>\nNotes: data.\n2 Jan 2026 user: one\nstill one\n- two\n13 Mar assistant: three\n</memproxy-memory>"
  expect(notesOf(block)).toEqual(["user: one\nstill one", "two", "assistant: three"])
  expect(countMemories(notesOf(block), "", "").memories).toBe(3)
})
