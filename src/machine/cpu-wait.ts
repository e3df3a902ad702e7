/** How long this thread has waited for a processor that others had. */
import { readFileSync } from "node:fs"

const SCHEDSTAT = "/proc/thread-self/schedstat"

/** Milliseconds since the thread began; always 0 where the system does not tell, as only Linux does (proc_pid_schedstat(5)). */
export function cpuWaitMs(): number {
  if (process.platform !== "linux") return 0
  try {
    return Number(readFileSync(SCHEDSTAT, "latin1").split(" ")[1]) / 1e6 || 0
  } catch {
    return 0 // a kernel without CONFIG_SCHED_INFO, or no /proc
  }
}
