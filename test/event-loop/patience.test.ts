import { expect, test } from "bun:test"
import { Patience } from "../../src/event-loop/patience.ts"
import { createWriteBehind } from "../../src/event-loop/write-behind.ts"
import { eventually } from "../support/rig.ts"

function open() {
  let at = 0
  const patience = new Patience(() => at)
  const pass = (ms: number) => void (at += ms)
  /** Reads one by one, each so slow; @returns how many, or why not */
  const read = (count: number, each: number) => {
    let done = 0
    try {
      patience.within(50, () => {
        for (; done < count; done++) {
          patience.check()
          pass(each)
        }
      })
      return done
    } catch (error) {
      return `${(error as { code: string }).code} after ${done}`
    }
  }
  return { patience, pass, read }
}

test("work is left where it looks at the clock after its time", () => {
  const { read } = open()
  expect(read(40, 1)).toBe(40)
  expect(read(40, 20)).toBe("TIMEOUT after 3")
})

test("one that is late is an accident; after the second, the next begins only after a rest, and each time a longer one", () => {
  const { patience, pass, read } = open()
  read(9, 60)
  expect(patience.restMs()).toBe(0)
  const rests = [1, 2, 3].map(() => {
    expect(read(9, 60)).toBe("TIMEOUT after 1")
    const rest = patience.restMs()
    expect(read(9, 60)).toBe("SLOW after 0")
    pass(rest)
    return rest
  })
  expect(rests).toEqual([140, 280, 560])
})

test("what is in time without having been read from memory alone ends the growing", () => {
  const { patience, pass, read } = open()
  const late = () => {
    pass(patience.restMs())
    read(9, 60)
    return patience.restMs()
  }
  expect([late(), late(), late()]).toEqual([0, 140, 280])
  pass(280)
  read(1, 0.5)
  expect(late()).toBe(560)
  pass(560)
  read(2, 5)
  expect(late()).toBe(140)
})

test("no rest is longer than half a minute", () => {
  const { patience, read } = open()
  read(1, 9_000)
  read(1, 9_000)
  expect(patience.restMs()).toBe(30_000)
})

test("a clock that stands still has time for everything", () => {
  const patience = new Patience()
  for (let times = 0; times < 9; times++) patience.within(0, () => patience.check())
  expect(patience.restMs()).toBe(0)
})

test("writing waits for the end of the rest, and is no failure", async () => {
  let at = 0
  const patience = new Patience(() => at)
  const slow = () => patience.measure(200, () => void (at += 101))
  slow()
  slow()
  expect(patience.restMs()).toBe(4)
  let writes = 0
  const behind = createWriteBehind({
    afterMs: 1,
    retryMs: 60_000,
    patience,
    write: () => (writes++, false),
    failed: (error) => expect(error).toBeNull(),
  })
  behind.flush()
  expect(writes).toBe(0)
  at += 4
  await eventually("it is written", () => writes === 1)
})
