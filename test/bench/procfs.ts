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

/** Nanoseconds on a CPU so far, by thread. */
export type CpuTimes = ReadonlyMap<string, number>

export function cpuTimes(pids: number[]): CpuTimes {
  const times = new Map<string, number>()
  for (const pid of pids)
    for (const task of tasks(pid))
      times.set(task, Number(lines(`/proc/${pid}/task/${task}/schedstat`).split(" ")[0] ?? 0))
  return times
}

/** What the threads that are left took since. A sum of all would fall by a whole life's time where one has ended. */
export function cpuNsSince(before: CpuTimes, pids: number[]): number {
  let sum = 0
  for (const [task, ns] of cpuTimes(pids)) sum += ns - (before.get(task) ?? 0)
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
