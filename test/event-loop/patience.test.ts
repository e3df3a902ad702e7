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
  expect(read(20, 1)).toBe(20)
  expect(read(40, 20)).toBe("TIMEOUT after 3")
})

test("after work that was late none begins before a rest, and each time it is a longer one", () => {
  const { patience, pass, read } = open()
  const rests = [1, 2, 3].map(() => {
    expect(read(9, 60)).toBe("TIMEOUT after 1")
    const rest = patience.restMs()
    expect(read(9, 60)).toBe("SLOW after 0")
    pass(rest)
    return rest
  })
  expect(rests).toEqual([24.5, 49, 98])
})

test("work that waited for a processor is not late: no rest would make the machine less busy", () => {
  let at = 0
  let waited = 0
  const patience = new Patience(
    () => at,
    () => waited,
  )
  const work = (tookMs: number, waitedMs: number) => {
    at += 200
    patience.measure(50, () => {
      at += tookMs
      waited += waitedMs
    })
    return patience.restMs()
  }
  expect(work(90, 80)).toBe(0)
  waited += 1000 // by other work, long before
  expect(work(90, 15)).toBe(50 ** 2 / 50)
})

test("what is in time without having been read from memory alone ends the growing", () => {
  const { patience, pass, read } = open()
  const late = () => {
    pass(patience.restMs())
    read(9, 60)
    return patience.restMs()
  }
  expect([late(), late()]).toEqual([24.5, 49])
  pass(49)
  read(1, 0.5)
  expect(late()).toBe(98)
  pass(98)
  read(2, 5)
  expect(late()).toBe(24.5)
})

test("what is much too late has a long rest at once", () => {
  const { patience, read } = open()
  read(1, 525)
  expect(patience.restMs()).toBe(5_000)
})

test("no rest is longer than half a minute", () => {
  const { patience, read } = open()
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
  patience.measure(200, () => void (at += 120))
  expect(patience.restMs()).toBe(2)
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
  at += 2
  await eventually("it is written", () => writes === 1)
})
