/**
 * Bun's fetch lets 256 requests be in flight and queues the rest in silence, unless this variable is in the environment when the process starts.
 * So `serve` starts itself again with it: in place where the system can (same pid), as a child on Windows.
 */
const VARIABLE = "BUN_CONFIG_MAX_HTTP_REQUESTS"
const CONCURRENT_REQUESTS = "65535"
const RUNTIME = {
  /** Functions are compiled after some 200 calls instead of 33: compiling what only a start uses would take a third of it. */
  BUN_JSC_thresholdForJITAfterWarmUp: "3000",
  /** Until `setJITPolicy(1)`, a function is compiled after thirty times as many calls: compilers at work on what only a start runs are 4 MB of code in memory. */
  BUN_JSC_startupJITDeferralScale: "30",
  /** The last compiler takes up to 100 ms of a function and saves less than a microsecond a call: after 17,000 calls, not after 4,000. */
  BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "256000",
  /** The heap grows to twice what lives in it before it is collected, not to three times: the collector works as little, with thousands of streams 10 MB less. */
  BUN_JSC_heapGrowthMaxIncrease: "1",
  /** Pieces of memory that are free are given back to the system twice a second, not ten times: under load most are wanted again at once. */
  MIMALLOC_PURGE_HOLES_MIN_INTERVAL: "500",
}

export function needsReexec(env: Record<string, string | undefined>): boolean {
  return env[VARIABLE] === undefined
}

/** Does not return on systems with execve; elsewhere it resolves to the child's exit code. */
export async function reexec(env: Record<string, string | undefined>): Promise<number> {
  const own = Bun.isStandaloneExecutable ? process.argv.slice(2) : [...process.execArgv, ...process.argv.slice(1)]
  const next = { ...RUNTIME, ...env, [VARIABLE]: CONCURRENT_REQUESTS }
  if (process.platform !== "win32" && process.execve) {
    process.execve(process.execPath, [process.execPath, ...own], next)
  }
  const child = Bun.spawn([process.execPath, ...own], { env: next, stdio: ["inherit", "inherit", "inherit"] })
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal))
  return child.exited
}
