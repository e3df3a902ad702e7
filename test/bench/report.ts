/** One printed line for each figure: measured, nginx, ratio, goal, verdict. */

interface Figure {
  what: string
  unit: string
  value: number
  nginx?: number | null
  /** at most so many times nginx */
  ratio?: number
  /** at most so much */
  most?: number
  /** exactly so many */
  exactly?: number
}

let missed = 0
export const missedGoals = () => missed

const COLUMNS = [46, 12, 10, 10, 7, 10] as const
const row = (cells: string[]) =>
  cells.map((cell, at) => (at === 0 ? cell.padEnd(COLUMNS[0]) : cell.padStart(COLUMNS[at] ?? 0))).join(" ")

export function title(text: string) {
  console.log(`\n${text}`)
  console.log(row(["", "unit", "memproxy", "nginx", "ratio", "goal"]))
}

export function figure({ what, unit, value, nginx, ratio, most, exactly }: Figure) {
  const against = nginx ? value / nginx : null
  const goal = ratio ? `≤ ${ratio} ×` : most !== undefined ? `≤ ${most}` : exactly !== undefined ? `= ${exactly}` : ""
  const kept = ratio
    ? against === null || against <= ratio
    : most !== undefined
      ? value <= most
      : exactly === undefined || value === exactly
  const verdict = !goal ? "" : ratio && against === null ? "  not measured" : kept ? "  ok" : "  MISSED"
  if (!kept) missed++
  console.log(
    row([what, unit, short(value), nginx == null ? "-" : short(nginx), against?.toFixed(2) ?? "-", goal]) + verdict,
  )
}

export const note = (text: string) => console.log(text)

const short = (value: number) =>
  Number.isInteger(value) || value >= 1000 ? value.toFixed(0) : value.toFixed(value < 10 ? 2 : 1)

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

/** Of sorted values. */
export const percentile = (sorted: number[], share: number) =>
  sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
