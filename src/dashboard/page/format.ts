/** Numbers, money, times and names as people read them. Pure. */

const DASH = "–"
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 })

type Maybe = number | null | undefined
const missing = (value: Maybe): value is null | undefined => value === null || value === undefined

export const count = (value: Maybe) => (missing(value) ? DASH : whole.format(value))

/** `1.2M`; below ten thousand in full */
export const compact = (value: Maybe) =>
  missing(value) ? DASH : Math.abs(value) < 10_000 ? whole.format(value) : short.format(value)

/** US dollars: cents from one dollar up, below it as many digits as it takes to see something. */
export function money(value: Maybe): string {
  if (missing(value)) return DASH
  if (value === 0) return "$0"
  if (Math.abs(value) < 0.000_01) return "<$0.00001"
  if (Math.abs(value) >= 1000) return `$${whole.format(value)}`
  const digits = Math.abs(value) >= 1 ? 2 : Math.abs(value) >= 0.01 ? 3 : 5
  return `$${value.toFixed(digits)}`
}

/** Of several requests. Those that failed cost nothing; that the others have no price is not the same. */
export const costOf = ({ cost_usd, unpriced }: { cost_usd: Maybe; unpriced: number }) =>
  !cost_usd && unpriced > 0 ? "no price" : money(cost_usd)

export function duration(ms: Maybe): string {
  if (missing(ms)) return DASH
  if (ms === 0) return "0 ms"
  if (ms < 1) return `${ms.toFixed(2)} ms`
  if (ms < 999.5) return `${Number(ms.toFixed(ms < 10 ? 1 : 0))} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** `$0.600` as `$0.6`, `5.00 s` as `5 s`: the even steps of an axis need no more. */
export const withoutZeros = (text: string) => text.replace(/\.0+(?!\d)|(\.\d*?)0+(?!\d)/, "$1")

/** Of a share between 0 and 1. */
export const percent = (share: Maybe) =>
  missing(share) ? DASH : `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`

export const score = (value: Maybe) => (missing(value) ? DASH : value.toFixed(0))

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" })
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" })

export const moment = (iso: string) => full.format(new Date(iso))

/** The time, with its day where that is not today's. */
export function when(iso: string, now: number): string {
  const at = new Date(iso)
  const isToday = at.toDateString() === new Date(now).toDateString()
  return isToday ? clock.format(at) : `${date.format(at)} ${clock.format(at).replace(/:\d\d(?=\D*$)/, "")}`
}

/** `a b` for one and `bs` for more */
export const plural = (value: number, word: string) => `${whole.format(value)} ${word}${value === 1 ? "" : "s"}`

/** Change against an earlier value, as a share; null where there is nothing to compare with. */
export const change = (now: Maybe, before: Maybe) => (missing(now) || !before ? null : (now - before) / before)
