/** `memproxy memory`: the memories from the shell, straight from the data directory, whether a server runs or not. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import type { parseArgs } from "node:util"
import { importLines } from "../api/memory-drafts.ts"
import { createMemoryAdmin, type MemoryAdmin } from "../memory/admin.ts"
import { readExport } from "../memory/import-formats.ts"
import { createLocalEngine } from "../memory/local.ts"
import type { Memory } from "../memory/engine.ts"
import { createMemoryStore } from "../store/memories.ts"
import { openMemoryDatabase } from "../store/memory-database.ts"
import { createDirectory } from "../store/open.ts"
import { estimateTokens } from "../usage/estimate.ts"
import { inert } from "./terminal.ts"
import { command, type Io, messageOf, readOptions, WRONG_USAGE, WrongUsage } from "./command.ts"
import { readConfig } from "./ledger-options.ts"

/** A server that writes at the same moment is waited for. */
const WAIT_MS = 5_000

const OPTIONS = {
  user: { type: "string" },
  project: { type: "string" },
  session: { type: "string" },
  limit: { type: "string" },
  json: { type: "boolean" },
  yes: { type: "boolean" },
  config: { type: "string" },
  "data-dir": { type: "string" },
} as const
type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"]

/** @returns the exit code: 0 done, 1 failed, 2 wrong usage */
export const runMemory = command("memory", async (args, io: Io) => {
  const { values, positionals } = readOptions({ args, options: OPTIONS, allowPositionals: true })
  const [name = "", ...rest] = positionals
  const run = COMMANDS[name]
  if (!run) throw new WrongUsage()
  const limit = Number(values.limit ?? 20)
  if (!Number.isInteger(limit) || limit < 1) throw new WrongUsage("--limit must be a whole number from 1")
  const config = readConfig(values.config, io)
  if (!config) return WRONG_USAGE
  const dir = values["data-dir"] === undefined ? config.dataDir : resolve(io.cwd, values["data-dir"])
  if (!existsSync(join(dir, "memory.db")) && name !== "add" && name !== "import") {
    io.err(`There are no memories in ${dir} yet. --config or --data-dir name another directory.`)
    return 1
  }
  createDirectory(dir)
  const database = openMemoryDatabase(dir, io.err, WAIT_MS)
  const store = createMemoryStore(database.use)
  const now = () => performance.now()
  const engine = createLocalEngine({
    store,
    estimate: estimateTokens,
    newId: Bun.randomUUIDv7,
    clock: Date.now,
    now,
    warn: io.err,
  })
  const admin = createMemoryAdmin(engine, store, now, () => config.memory.scope)
  try {
    return await run({ admin, io, values, rest, limit, userId: values.user ?? config.users.defaultUserId })
  } catch (error) {
    if (error instanceof WrongUsage) throw error
    io.err(messageOf(error))
    return 1
  } finally {
    await engine.close()
    database.close()
  }
})

interface Asked {
  admin: MemoryAdmin
  io: Io
  values: Values
  rest: string[]
  limit: number
  userId: string
}

const COMMANDS: Readonly<Record<string, (asked: Asked) => number | Promise<number>>> = {
  list(asked) {
    const { admin, values, userId, limit } = asked
    const { data } = admin.list({ userId, project: values.project, sessionId: values.session }, { limit, cursor: null })
    return print(asked, data, `${userId} has no memories here.`)
  },
  async search(asked) {
    const { admin, values, rest, userId, limit } = asked
    if (rest.length === 0) throw new WrongUsage()
    const { results } = await admin.search(userId, values.project ?? null, rest.join(" "), limit)
    return print(asked, results, "Nothing answers that.")
  },
  add(asked) {
    const { admin, values, rest, userId, io } = asked
    if (rest.length === 0) throw new WrongUsage()
    const memory = admin.add({
      userId,
      project: values.project ?? null,
      content: rest.join(" "),
      role: "user",
      speaker: null,
      sessionId: null,
      createdAt: Date.now(),
      metadata: null,
      source: "api",
    })
    io.out(values.json ? JSON.stringify(memory) : memory.id)
    return 0
  },
  forget(asked) {
    const { admin, values, rest, io } = asked
    if (rest.length === 1) {
      if (!admin.get(rest[0]!)) throw new Error(`No memory has the id "${rest[0]}".`)
      admin.forgetOne(rest[0]!)
      return 0
    }
    if (rest.length > 1 || values.user === undefined) throw new WrongUsage()
    if (!values.yes) {
      io.err("That forgets for good. Say so with --yes.")
      return WRONG_USAGE
    }
    const deleted = admin.forget({ userId: values.user, project: values.project, sessionId: values.session })
    io.out(`${deleted} forgotten`)
    return 0
  },
  export(asked) {
    const { admin, rest, io, userId } = asked
    const lines: string[] = []
    for (const page of admin.exportPages(userId)) for (const memory of page) lines.push(JSON.stringify(memory))
    if (rest[0]) writeFileSync(resolve(io.cwd, rest[0]), lines.map((line) => `${line}\n`).join(""), { mode: 0o600 })
    else for (const line of lines) io.out(line)
    if (rest[0]) io.err(`${lines.length} memories of ${userId} are in ${rest[0]}`)
    return 0
  },
  async import(asked) {
    const { admin, values, rest, io, userId } = asked
    if (rest.length !== 1) throw new WrongUsage()
    const text = readFileSync(resolve(io.cwd, rest[0]!), "utf8")
    const lines = readExport(text, { userId, project: values.project ?? null }) ?? text
    const { imported, duplicates, errors } = await importLines(
      admin,
      lines,
      { userId: values.user ?? null },
      Date.now(),
    )
    io.out(`${imported} imported, ${duplicates} were there already, ${errors.length} could not be read`)
    for (const { line, message } of errors.slice(0, 20)) io.err(`line ${line}: ${message}`)
    return errors.length > 0 ? 1 : 0
  },
}

function print({ io, values }: Asked, memories: readonly (Memory & { score?: number })[], none: string): number {
  if (values.json) io.out(JSON.stringify(memories, null, 2))
  else if (memories.length === 0) io.err(none)
  else for (const one of memories) io.out(line(one))
  return 0
}

const SHOWN_CHARS = 160

function line({ id, created_at, role, speaker, project, content, score }: Memory & { score?: number }): string {
  const text = content.replace(/\s+/g, " ")
  const said = text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text
  const mark = score === undefined ? "" : `${score.toFixed(2)}  `
  return inert(`${mark}${id}  ${(created_at ?? "").slice(0, 10)}  ${project ?? "-"}  ${speaker ?? role}: ${said}`)
}
