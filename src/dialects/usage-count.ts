/** Token counts as the ledger means them, from what a dialect says. Pure. */
import type { Usage } from "../exchange.ts"

/** Counts that a provider did not say are 0. `input` includes cache reads and writes, `output` includes reasoning. */
export function usageOf(counts: Partial<Usage> & { input: number; output: number }): Usage {
  return {
    cacheRead: 0,
    cacheWrite: 0,
    cacheWrite1h: 0,
    reasoning: 0,
    inputAudio: 0,
    cacheReadAudio: null,
    outputAudio: 0,
    ...counts,
  }
}
