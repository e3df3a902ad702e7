/** What a caller, the file and the kind of call let memory do. */
import { Refusal } from "../exchange.ts"

export interface Mode {
  /** memories may go into the request */
  reads: boolean
  /** what is said may be remembered */
  writes: boolean
}

const MODES: ReadonlyMap<string, Mode> = new Map([
  ["on", { reads: true, writes: true }],
  ["read", { reads: true, writes: false }],
  ["write", { reads: false, writes: true }],
  ["off", { reads: false, writes: false }],
])

export const MODE_HEADER = "x-memproxy-memory"

/** A mode that was misspelt is no mode: somebody who wrote `of` did not want to be remembered. @throws Refusal 400 */
export function readMode(header: string | null): Mode {
  const mode = MODES.get(header?.trim().toLowerCase() ?? "on")
  if (mode) return mode
  const message = `The header ${MODE_HEADER} must be on, read, write or off, got "${header!.slice(0, 40)}".`
  throw new Refusal(400, "invalid_request", message, { code: "invalid_header", param: MODE_HEADER })
}
