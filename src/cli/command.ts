/** What all commands have in common: where they speak, and that who types what they do not take is told what they do. */
import { parseArgs, type ParseArgsConfig } from "node:util"
import type { Finding } from "../settings.ts"
import { SYNTAX } from "./syntax.ts"

export interface Io {
  env: Readonly<Record<string, string | undefined>>
  cwd: string
  /** a line for stdout, and one for stderr */
  out: (line: string) => void
  err: (line: string) => void
  /** the terminal that `out` goes to; absent or null: there is none */
  screen?: () => { columns: number; rows: number } | null
}

/** What was typed is not what the command takes; the message says why, or nothing where the syntax says it all. */
export class WrongUsage extends Error {}

/** The exit code where a command cannot begin: what was typed, or the configuration, is wrong. */
export const WRONG_USAGE = 2

/** `run` gives the exit code: 0 done, 1 failed. Its `WrongUsage` is told with what the command takes. */
export function command<I extends Pick<Io, "err">>(
  name: keyof typeof SYNTAX,
  run: (args: string[], io: I) => Promise<number>,
) {
  return async (args: string[], io: I): Promise<number> => {
    try {
      return await run(args, io)
    } catch (error) {
      if (!(error instanceof WrongUsage)) throw error
      io.err(`${error.message && `${error.message}\n`}usage: ${SYNTAX[name]}`)
      return WRONG_USAGE
    }
  }
}

/** @throws WrongUsage for options that are none */
export function readOptions<const C extends ParseArgsConfig>(config: C) {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new WrongUsage(messageOf(error))
  }
}

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** A finding as a line that editors and people can jump to. */
export const formatFinding = ({ file, line, col, path, severity, message }: Finding) =>
  `${file}:${line}:${col}: ${path || "."}: ${severity}: ${message}`
