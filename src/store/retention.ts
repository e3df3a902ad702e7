/** Takes out what is older than the file allows (`logging.retention`): a few rows at a time, with pauses, once an hour. */
import type { BodyStore } from "./bodies.ts"
import type { Ledger } from "./ledger.ts"

export interface RetentionOptions {
  ledger: Pick<Ledger, "deleteBefore">
  bodies: Pick<BodyStore, "deleteBefore">
  /** null: everything is kept */
  days: () => number | null
  /** epoch milliseconds */
  clock: () => number
  warn: (message: string) => void
}

const DAY_MS = 86_400_000
const EVERY_MS = 3_600_000
/** After the start's own work. */
const FIRST_MS = 30_000
/** A millisecond or two of work each. */
const ROWS_AT_ONCE = 100
const BODIES_AT_ONCE = 20
const PAUSE_MS = 50

/** @returns what ends it */
export function startRetention(options: RetentionOptions): () => void {
  let isStopped = false
  let timer = setTimeout(run, FIRST_MS)
  timer.unref()

  async function run(): Promise<void> {
    try {
      await deleteOld(options, () => isStopped)
    } catch (error) {
      options.warn(`old requests could not be deleted, it is tried again in an hour: ${String(error)}`)
    }
    if (isStopped) return
    timer = setTimeout(run, EVERY_MS)
    timer.unref()
  }

  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}

/** @returns how many requests went */
export async function deleteOld(
  { ledger, bodies, days, clock }: Omit<RetentionOptions, "warn">,
  isStopped = () => false,
): Promise<number> {
  const kept = days()
  if (kept === null) return 0
  const before = clock() - kept * DAY_MS
  while (!isStopped() && bodies.deleteBefore(before, BODIES_AT_ONCE) > 0) await Bun.sleep(PAUSE_MS)
  let gone = 0
  for (let some = 1; some > 0 && !isStopped(); gone += some) {
    some = await ledger.deleteBefore(before, ROWS_AT_ONCE)
    if (some > 0) await Bun.sleep(PAUSE_MS)
  }
  return gone
}
