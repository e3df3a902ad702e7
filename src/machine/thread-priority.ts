/** Lets the process's other threads go first where there are more of them than processors. Linux alone gives each thread a priority of its own. */
import { readlinkSync } from "node:fs"
import { setPriority } from "node:os"

/** As `nice` gives when it is told nothing. https://man7.org/linux/man-pages/man2/setpriority.2.html, "C library/kernel differences" */
const LOWER = 10

/** Of the thread that calls it. Where that is not possible it stays as it is. */
export function yieldToOthers(): void {
  if (process.platform !== "linux") return
  try {
    setPriority(Number(readlinkSync("/proc/thread-self").split("/").at(-1)), LOWER) // 1234/task/1240
  } catch {
    // No /proc, or not allowed in this container: it is only slower for others.
  }
}
