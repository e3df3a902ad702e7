/** Who is held out: always the same, a share of the sessions as told, and nobody unless told. */
import { expect, test } from "bun:test"
import { isHeldOut } from "../../src/memory/holdout.ts"

const sessions = Array.from({ length: 20_000 }, (_, at) => `0199c3f2-7a10-7000-8000-${String(at).padStart(12, "0")}`)
const held = (share: number) => sessions.filter((session) => isHeldOut(session, share))

test("a share of the sessions is held out, and none by default", () => {
  expect(held(0)).toEqual([])
  expect(held(1)).toHaveLength(sessions.length)
  // four standard deviations of a fair draw
  for (const share of [0.05, 0.1, 0.5])
    expect(Math.abs(held(share).length - share * sessions.length)).toBeLessThan(
      4 * Math.sqrt(sessions.length * share * (1 - share)),
    )
})

test("a larger share keeps those who were held out before", () => {
  const more = new Set(held(0.2))
  expect(held(0.1).every((session) => more.has(session))).toBe(true)
})

test("what has no session is not held out", () => {
  expect(isHeldOut(null, 1)).toBe(false)
})
