import { afterEach, expect, test } from "bun:test"
import { type Meter, type Metered, type Outcome, Refusal } from "../../src/exchange.ts"
import type { Flow } from "../../src/http/answer.ts"
import { createRelays, type RelayOptions } from "../../src/http/relay.ts"
import { newTally } from "../../src/usage/meter-tally.ts"

const NOTHING: Metered = newTally()
const bytes = (text: string) => new TextEncoder().encode(text)

/** "." is content, "!" the terminal event, "E" the provider's own error. */
function meter(): Meter {
  let seen = ""
  return {
    push: (chunk) => void (seen += new TextDecoder().decode(chunk)),
    end: () => ({
      ...NOTHING,
      terminal: seen.includes("!"),
      errorType: seen.includes("E") ? "overloaded_error" : null,
    }),
    get terminal() {
      return seen.includes("!")
    },
    get started() {
      return seen.includes(".")
    },
  }
}

/** Reads as a connection whose kernel takes everything would. */
function readerOf(flow: Flow) {
  const come: (Uint8Array | "end" | "cut")[] = []
  let wake = () => {}
  const put = (one: Uint8Array | "end" | "cut") => {
    come.push(one)
    wake()
  }
  flow.start({ enqueue: put, close: () => put("end"), error: () => put("cut") })
  return {
    async read() {
      if (come.length === 0) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        flow.pull()
        if (come.length === 0) await promise
      }
      const next = come.shift()!
      if (next === "cut") throw new Error("cut")
      return next === "end" ? { done: true as const, value: undefined } : { done: false as const, value: next }
    },
    cancel: async () => flow.cancel(),
  }
}

const relays = createRelays(() => performance.now(), 30)
afterEach(() => expect(relays.active()).toBe(0))

function run(parts: (string | Error)[], more: Partial<RelayOptions> = {}) {
  const ends: [Outcome, string | null][] = []
  const client = { hasLeft: false }
  let cancelled = false
  const flow = relays.open({
    source: {
      async next(take) {
        const part = parts.shift()
        if (part instanceof Error) return take(null, part)
        if (part === "wait") await Bun.sleep(120)
        take(part === undefined ? null : bytes(part === "wait" ? "." : part))
      },
      cancel: () => void (cancelled = true),
    },
    meter: meter(),
    events: null,
    keepAlive: null,
    errorEvent: (refusal) => bytes(`[${refusal.code}]`),
    client,
    onFirstContent: () => {},
    onEnd: (outcome, refusal) => void ends.push([outcome, refusal?.code ?? null]),
    ...more,
  })
  const reader = readerOf(flow)
  const readAll = async () => {
    let text = ""
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return [text, "clean"]
        text += new TextDecoder().decode(value)
      }
    } catch {
      return [text, "cut"]
    }
  }
  return { reader, readAll, ends, client, isCancelled: () => cancelled }
}

test("a whole answer passes as it is and is done", async () => {
  const { readAll, ends } = run(["a.", "b", "!"])
  expect(await readAll()).toEqual(["a.b!", "clean"])
  expect(ends).toEqual([["done", null]])
})

test("an answer that ends before its terminal event gets the error event, then a cut", async () => {
  const { readAll, ends } = run(["a.", "b"])
  expect(await readAll()).toEqual(["a.b[answer_cut]", "cut"])
  expect(ends).toEqual([["upstream-failed", "answer_cut"]])
})

test("a failing read gets the error event with its own reason", async () => {
  const { readAll, ends } = run([
    "a.",
    new Refusal(504, "timeout", "silent", { code: "idle_timeout", origin: "upstream" }),
  ])
  expect(await readAll()).toEqual(["a.[idle_timeout]", "cut"])
  expect(ends).toEqual([["upstream-failed", "idle_timeout"]])
})

test("silence of more than ten seconds amid an answer is a stall; before its first content it is none", async () => {
  let now = 0
  const slow = createRelays(() => now, 20)
  /** The parts as they come, `gapMs` of the relay's clock apart. */
  const stallsOf = async (parts: string[], gapMs: number) => {
    const took: ((bytes: Uint8Array | null) => void)[] = []
    const ended = Promise.withResolvers<number>()
    const flow = slow.open({
      source: { next: (take) => void took.push(take), cancel: () => {} },
      meter: meter(),
      events: null,
      keepAlive: null,
      errorEvent: () => null,
      client: { hasLeft: false },
      onFirstContent: () => {},
      onEnd: (_outcome, _refusal, _metered, stalls) => ended.resolve(stalls),
    })
    const reader = readerOf(flow)
    for (const part of [...parts, null]) {
      const read = reader.read()
      now += gapMs
      await Bun.sleep(60) // some sweeps
      took.shift()!(part === null ? null : bytes(part))
      await read
    }
    return ended.promise
  }
  expect(await stallsOf([".", ".", "!"], 11_000)).toBe(3)
  expect(await stallsOf([".", "!"], 9_000)).toBe(0)
  expect(await stallsOf(["x", "x!"], 11_000)).toBe(0)
  slow.close()
})

test("a connection that breaks after the terminal event loses nothing", async () => {
  const { readAll, ends } = run(["a.!", new Refusal(502, "upstream", "reset", { origin: "upstream" })])
  expect(await readAll()).toEqual(["a.!", "clean"])
  expect(ends).toEqual([["done", null]])
})

test("the provider's own error event is passed on without one of ours", async () => {
  const { readAll, ends } = run(["a.", "E"])
  expect(await readAll()).toEqual(["a.E", "clean"])
  expect(ends).toEqual([["upstream-failed", null]])
})

test("a client that leaves cancels the provider's answer, and is done if it had all of it", async () => {
  const early = run(["a.", "b", "!"])
  await early.reader.read()
  await early.reader.cancel()
  expect([early.ends, early.isCancelled()]).toEqual([[["client-left", null]], true])
  const late = run(["a.!", "more"])
  await late.reader.read()
  await late.reader.cancel()
  expect(late.ends).toEqual([["done", null]])
})

test("silence is filled with keep-alives, between whole events only", async () => {
  let isBetween = true
  const events = {
    push: (part: Uint8Array) => part,
    end: () => bytes(""),
    get between() {
      return isBetween
    },
  }
  const quiet = run(["a.", "wait", "!"], { keepAlive: bytes("~"), events })
  const [text] = await quiet.readAll()
  expect(text).toMatch(/^a\.~+\.!$/)
  isBetween = false
  const inside = run(["a.", "wait", "!"], { keepAlive: bytes("~"), events })
  expect(await inside.readAll()).toEqual(["a..!", "clean"])
})

test("nothing is read ahead of the client", async () => {
  let reads = 0
  const { reader } = run([], { source: { next: (take) => (reads++, take(bytes("."))), cancel: () => {} } })
  await reader.read()
  await Bun.sleep(20)
  expect(reads).toBe(1)
  await reader.cancel()
})
