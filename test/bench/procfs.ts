/** What Linux says about a process: CPU time, memory, children. Linux only. */
import { readdirSync, readFileSync } from "node:fs"

const lines = (path: string) => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return "" // the process or thread has ended
  }
}

/** The process and all below it: nginx's work is done by a child. */
export function family(pid: number): number[] {
  const children = lines(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter(Boolean).map(Number)
  return [pid, ...children.flatMap(family)]
}

/** Nanoseconds on a CPU so far, over all threads. A thread that has ended takes its time with it. */
export function cpuNs(pids: number[]): number {
  let sum = 0
  for (const pid of pids)
    for (const task of tasks(pid)) sum += Number(lines(`/proc/${pid}/task/${task}/schedstat`).split(" ")[0] ?? 0)
  return sum
}

function tasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** Resident memory now, in MB of 10^6 bytes. */
export const rssMb = (pids: number[]) => field(pids, "VmRSS")
/** The most it ever was. */
export const peakRssMb = (pids: number[]) => field(pids, "VmHWM")

function field(pids: number[], name: string): number {
  const kib = (pid: number) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(lines(`/proc/${pid}/status`))?.[1] ?? 0)
  return pids.reduce((sum, pid) => sum + (kib(pid) * 1024) / 1e6, 0)
}
