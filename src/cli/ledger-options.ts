/** What the commands over the ledger have in common: where the data is, since when, and what they say where there is none. */
import { homedir } from "node:os"
import { resolve } from "node:path"
import { readInstant } from "../api/instant.ts"
import { findConfigFile, loadConfig } from "../config/load.ts"
import type { Config } from "../settings.ts"
import { type LedgerReader, readLedger } from "../store/read.ts"
import { type Io, messageOf, WrongUsage } from "./command.ts"

export interface LedgerIo extends Io {
  /** where the ledger is; absent: the directory the configuration names */
  dataDir?: string
  /** epoch milliseconds */
  now?: () => number
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** `7d` before now, a date or time of the zone, or `all` (undefined). @throws WrongUsage */
export function readSince(text: string, tz: string, now: number): number | undefined {
  if (text === "all") return undefined
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([mhdw])$/.exec(text) ?? []
  const from = amount && unit ? Math.floor(now - Number(amount) * UNIT_MS[unit]!) : readInstant(text, tz)
  if (from !== null && Number.isSafeInteger(from)) return from
  throw new WrongUsage(
    `--since must be a span (30m, 24h, 7d, 4w), a date or time (2026-03-29, 2026-03-29T10:00:00Z) or all, not "${text}"`,
  )
}

/** A person's day is the one on their clock; the API's is UTC's. */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC"

/** null: the configuration cannot be used, and that was said. */
export function readConfig(flag: string | undefined, io: Io): Config | null {
  const { file } = findConfigFile({ flag, env: io.env, cwd: io.cwd })
  const { config } = loadConfig({ file, env: io.env, home: homedir(), overrides: {} })
  if (config === null) io.err(`${file} cannot be used: memproxy check --config ${file} says why.`)
  return config
}

/** `--data-dir`, else the configuration's, which is read only then. */
export function directoryOf(given: { config?: string; "data-dir"?: string }, io: LedgerIo): string | null {
  if (given["data-dir"] !== undefined) return resolve(io.cwd, given["data-dir"])
  if (io.dataDir !== undefined) return io.dataDir
  const config = readConfig(given.config, io)
  if (config === null) io.err("--data-dir DIR names the data without it.")
  return config && config.dataDir
}

/** `run` over the ledger in `dir`. @returns the exit code: 0 done, 1 there is none or it cannot be read, and that was said */
export async function withLedger(dir: string, io: Io, run: (ledger: LedgerReader) => Promise<void>): Promise<0 | 1> {
  try {
    if ((await readLedger(dir, (ledger) => run(ledger).then(() => true))) !== null) return 0
    io.err(noLedger(dir))
  } catch (error) {
    io.err(`The ledger in ${dir} cannot be read: ${messageOf(error)}`)
  }
  return 1
}

export const noLedger = (dir: string) =>
  `There is no ledger in ${dir} yet: it begins with the first request. --config or --data-dir name another directory.`
