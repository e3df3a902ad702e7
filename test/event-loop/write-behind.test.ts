import { expect, test } from "bun:test"
import { createWriteBehind } from "../../src/event-loop/write-behind.ts"
import { eventually } from "../support/rig.ts"

test("what is planned often is written once, a moment later, and the rest of much in the next turns", async () => {
  let waiting = 3
  const left: number[] = []
  const behind = createWriteBehind({
    afterMs: 1,
    retryMs: 60_000,
    write: () => (left.push(--waiting), waiting > 0),
    failed: (error) => expect(error).toBeNull(),
  })
  behind.plan()
  behind.plan()
  expect(left).toEqual([])
  await eventually("all is written", () => waiting === 0)
  expect(left).toEqual([2, 1, 0])
})

test("what fails is tried again, and told once until it works", async () => {
  let isFull = true
  let tries = 0
  const told: string[] = []
  const behind = createWriteBehind({
    afterMs: 1,
    retryMs: 1,
    write() {
      tries++
      if (isFull) throw new Error("full")
      return false
    },
    failed: (error) => told.push(String(error)),
  })
  behind.flush()
  await eventually("it was tried again", () => tries > 3)
  expect(told).toEqual(["Error: full"])
  isFull = false
  behind.flush()
  isFull = true
  behind.flush()
  behind.stop()
  expect(told).toEqual(["Error: full", "Error: full"])
})
