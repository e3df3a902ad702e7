/** What a database's refusals mean for memory. Whose they are and what happens then, others decide. */
import { MemoryFailure } from "./engine.ts"

/** SQLite's codes and those of `TooSlow`, in the words of a person who has to do something about them. */
const DISK: readonly (readonly [code: RegExp, reason: string, words: string])[] = [
  [/^SQLITE_(BUSY|LOCKED)/, "locked", "another program holds its database"],
  [/^SQLITE_(CORRUPT|NOTADB)/, "corrupt", "its database was damaged, and a new one is begun"],
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)/, "full", "its disk is full"],
  [/^TIMEOUT$/, "timeout", "its disk is slow"],
  [/^SLOW$/, "slow", "its disk is slow"],
  [/^(SQLITE_|EIO)/, "disk", "its disk fails"],
]

/** Null: it is no failure of the disk. */
function found(error: unknown) {
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  return DISK.find(([pattern]) => pattern.test(code)) ?? null
}

/** Why memory could not help, in a word for the header. */
export const reasonOf = (error: unknown): string =>
  error instanceof MemoryFailure ? error.reason : (found(error)?.[1] ?? "failed")

function failureOf(error: unknown): unknown {
  const row = found(error)
  return row ? new MemoryFailure(row[1], `Memory cannot be used at the moment: ${row[2]}. Try again.`, error) : error
}

/** The same methods, which tell a person what the disk said to them. */
export function sayingWhy<T extends object>(methods: T): T {
  const wrap =
    (method: (...values: unknown[]) => unknown) =>
    (...values: unknown[]) => {
      try {
        const result = method(...values)
        return result instanceof Promise ? result.catch(fail) : result
      } catch (error) {
        return fail(error)
      }
    }
  return Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, wrap(method)])) as T
}

function fail(error: unknown): never {
  throw failureOf(error)
}
