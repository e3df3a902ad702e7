/** Conversations on their way to Supermemory: one after the other, tried again when it cannot take them, never in a request's way. */
import type { JsonObject } from "../exchange.ts"
import type { Outbox } from "../store/outbox.ts"
import { MemoryFailure } from "./engine.ts"
import { callSupermemory, type SupermemoryAccess, SupermemoryRefusal } from "./supermemory-api.ts"

const MOST_WAITING = 1_000
const MOST_TRIES = 5
const SEND_TIMEOUT_MS = 30_000
/** As its own client waits: half a second, doubled, at most 8 s. */
const FIRST_WAIT_MS = 500
const LAST_WAIT_MS = 8_000
const CLOSE_WAIT_MS = 3_000

export interface SupermemoryQueue {
  add(conversation: JsonObject): void
  /** until nothing waits */
  flush(): Promise<void>
  /** Gives what waits a moment, then up. */
  close(): Promise<void>
}

interface Waiting {
  conversation: JsonObject
  /** in the outbox */
  number: number | null
}

export function createSupermemoryQueue(options: {
  access: SupermemoryAccess
  /** keeps over a crash what was not sent */
  outbox: Outbox
  warn: (message: string) => void
}): SupermemoryQueue {
  const { access, outbox, warn } = options
  const waiting: Waiting[] = outbox
    .all()
    .map(({ number, text }) => ({ number, conversation: JSON.parse(text) as JsonObject }))
  const closing = Promise.withResolvers<void>()
  let isClosing = false
  let running: Promise<void> | null = null

  function add(conversation: JsonObject): void {
    if (waiting.length >= MOST_WAITING) {
      forget(waiting.shift()!)
      warn("more waits for Supermemory than is kept: the oldest is given up")
    }
    waiting.push({ conversation, number: outbox.keep(JSON.stringify(conversation)) })
    running ??= run()
  }

  async function run(): Promise<void> {
    for (let next = waiting[0]; next; next = waiting[0]) {
      const isOver = await send(next)
      if (!isOver) break
      forget(next)
      if (waiting[0] === next) waiting.shift()
    }
    running = null
  }

  function forget({ number }: Waiting): void {
    if (number !== null) outbox.drop(number)
  }

  /** False: it was not taken, and the next process may try. */
  async function send({ conversation }: Waiting): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        await callSupermemory(access, "POST /v4/conversations", conversation, SEND_TIMEOUT_MS)
        return true
      } catch (error) {
        if (isClosing) return false
        const wait = waitAfter(error, tries)
        if (wait === null) {
          warn(`what was said could not be sent to Supermemory: ${messageOf(error)}`)
          return true
        }
        await Promise.race([Bun.sleep(wait), closing.promise])
      }
    }
  }

  async function close(): Promise<void> {
    isClosing = true
    closing.resolve()
    if (!running) return
    await Promise.race([running, Bun.sleep(CLOSE_WAIT_MS)])
    if (waiting.length > 0) warn(`${waiting.length} conversations are sent to Supermemory at the next start`)
  }

  if (waiting.length > 0) running = run()
  return { add, flush: async () => void (await running), close }
}

/** Milliseconds, or null where trying again would not help. */
function waitAfter(error: unknown, tries: number): number | null {
  if (tries >= MOST_TRIES) return null
  const pause = Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LAST_WAIT_MS)
  if (!(error instanceof SupermemoryRefusal))
    return error instanceof MemoryFailure && /^(timeout|network)$/.test(error.reason) ? pause : null
  const { status, retryAfterMs } = error
  return status === 408 || status === 409 || status === 429 || status >= 500
    ? Math.min(retryAfterMs ?? pause, LAST_WAIT_MS)
    : null
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
