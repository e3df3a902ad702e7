/** Token counts as the ledger means them, from what a dialect says. Pure. */
import type { Usage } from "../exchange.ts"

/** Counts that a provider did not say are 0. `input` includes cache reads and writes, `output` includes reasoning. */
export function usageOf({
  input,
  cacheRead = 0,
  cacheWrite = 0,
  cacheWrite1h = 0,
  output,
  reasoning = 0,
  inputAudio = 0,
  cacheReadAudio = null,
  outputAudio = 0,
  webSearches = 0,
}: Partial<Usage> & { input: number; output: number }): Usage {
  const usage: Usage = {
    input,
    cacheRead,
    cacheWrite,
    cacheWrite1h,
    output,
    reasoning,
    inputAudio,
    cacheReadAudio,
    outputAudio,
  }
  if (webSearches > 0) usage.webSearches = webSearches
  return usage
}
