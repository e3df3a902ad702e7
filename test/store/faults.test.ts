/** The plug pulled, the disk full, the file damaged, the database locked: requests go on, and what can be kept is kept. */
import { Database } from "bun:sqlite"
import { afterAll, expect, test } from "bun:test"
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { acquireLock } from "../../src/store/lock.ts"
import { migrate } from "../../src/store/migrations.ts"
import { openStore } from "../../src/store/open.ts"
import { createWriter, type Queued } from "../../src/store/writer.ts"
import { detailOf, rowAt, temporaryDirectories, until } from "./sample.ts"
import { Patience } from "../../src/event-loop/patience.ts"

const directories = temporaryDirectories()
afterAll(() => {
  if (smallDisk !== null) Bun.spawnSync(["umount", "-l", smallDisk])
  directories.remove()
})

const T0 = Date.UTC(2026, 0, 1)
const silent = { warn: () => {} }

function openWarned(dir: string) {
  const warnings: string[] = []
  return { ...openStore(dir, { warn: (message) => warnings.push(message) }), warnings }
}

const ledgerFile = (dir: string) => join(dir, "ledger.db")

function integrity(dir: string): unknown {
  const db = new Database(ledgerFile(dir), { readwrite: true })
  try {
    return db.query("PRAGMA integrity_check").values()
  } finally {
    db.close()
  }
}

/** A helper process, ready once it has said so. */
async function holder(what: "lock" | "exclusive", dir: string) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "locking-process.ts"), what, dir], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  })
  const said = await child.stdout.getReader().read()
  expect(new TextDecoder().decode(said.value)).toBe("held\n")
  return child
}

test("kill -9 at 2,000 rows a second loses at most 50 ms of rows, doubles none and damages nothing", async () => {
  const dir = directories.make()
  for (let round = 0; round < 3; round++) {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "writing-process.ts"), dir], {
      stdout: "pipe",
      stderr: "inherit",
    })
    let said = ""
    for await (const part of child.stdout) {
      said += new TextDecoder().decode(part)
      if (said.length > 37 * (700 + round * 313) && !child.killed) child.kill("SIGKILL")
    }
    await child.exited
    const appended = said.split("\n").slice(0, -1)
    const db = new Database(ledgerFile(dir), { readonly: true })
    const found = new Set(db.query("SELECT id FROM requests").values().flat() as string[])
    const count = db.query<{ n: number }, []>("SELECT count(*) AS n FROM requests").get()
    db.close()
    expect(count?.n).toBe(found.size)
    const firstLost = appended.findIndex((id) => !found.has(id))
    const lost = firstLost < 0 ? [] : appended.slice(firstLost)
    expect(appended.length).toBeGreaterThan(600)
    expect(lost.filter((id) => found.has(id))).toEqual([]) // the end is missing, there is no hole
    expect(lost.length).toBeLessThanOrEqual(100 + 10) // 50 ms of rows, and the tick that was under way
    expect(integrity(dir)).toEqual([["ok"]])
  }
})

test("a ledger that is no database is set aside with a warning, and a fresh one serves", async () => {
  const dir = directories.make()
  writeFileSync(ledgerFile(dir), "this is a text file\n".repeat(500))
  const { ledger, warnings, close } = openWarned(dir)
  ledger.append(rowAt(T0), detailOf())
  expect((await ledger.list({})).data).toHaveLength(1)
  await close()
  const [bad] = readdirSync(dir).filter((name) => /^ledger\.db\.bad-\d{4}-\d\d-\d\dT/.test(name))
  expect(readFileSync(join(dir, bad!), "utf8")).toStartWith("this is a text file")
  expect(warnings.join()).toContain(bad!)
  expect(integrity(dir)).toEqual([["ok"]])
})

test("wherever a ledger was damaged, the next row is kept and found", async () => {
  const pristine = directories.make()
  const first = openStore(pristine, silent)
  for (let index = 0; index < 300; index++) first.ledger.append(rowAt(T0 + index), detailOf())
  await first.close()
  const bytes = readFileSync(ledgerFile(pristine))
  for (let round = 0; round < 40; round++) {
    const dir = directories.make()
    const damaged = Buffer.from(bytes)
    const at = Math.floor((damaged.length * round) / 40)
    for (let index = 0; index < 200; index++) damaged[at + index] = (damaged[at + index] ?? 0) ^ 0xa5
    writeFileSync(ledgerFile(dir), damaged)
    if (round % 4 === 3) truncateSync(ledgerFile(dir), Math.max(at, 1))
    const { ledger, close } = openWarned(dir)
    const row = rowAt(T0 + 1000)
    ledger.append(row, detailOf())
    await ledger.flush()
    expect({ round, health: ledger.health() }).toEqual({ round, health: { queued: 0, dropped: 0, lastError: null } })
    expect(await ledger.get(row.id)).toMatchObject({ id: row.id })
    await close()
  }
})

test("damage found while serving sets the file aside and loses no row that was waiting", async () => {
  const dir = directories.make()
  const { ledger, warnings, close } = openWarned(dir)
  for (let index = 0; index < 2_000; index++) ledger.append(rowAt(T0 + index), detailOf())
  await ledger.flush()
  const other = new Database(ledgerFile(dir), { readwrite: true })
  other.run("PRAGMA wal_checkpoint(TRUNCATE)")
  other.close()
  const damaged = readFileSync(ledgerFile(dir))
  writeFileSync(ledgerFile(dir), damaged.fill(0x5a, 4096, damaged.length))
  const late = rowAt(T0 + 5_000)
  ledger.append(late, detailOf())
  await ledger.list({ limit: 1000, model: "nobody" })
  ledger.append(rowAt(T0 + 5_001), detailOf())
  expect((await ledger.list({})).data.length).toBeGreaterThanOrEqual(1)
  expect(warnings.some((one) => one.includes("set aside"))).toBe(true)
  expect(ledger.health()).toEqual({ queued: 0, dropped: 0, lastError: null })
  await close()
  expect(readdirSync(dir).some((name) => name.includes(".bad-"))).toBe(true)
})

test("while another process locks the ledger, rows wait in memory and reads still answer; then they are written", async () => {
  const dir = directories.make()
  const { ledger, warnings, close } = openWarned(dir)
  ledger.append(rowAt(T0), detailOf())
  await ledger.flush()
  const child = await holder("exclusive", dir)
  for (let index = 1; index <= 1_200; index++) ledger.append(rowAt(T0 + index), detailOf())
  await until(() => ledger.health().lastError !== null, "the write fails")
  expect(ledger.health().queued).toBe(1_200)
  await until(() => warnings.length === 1, "somebody is told")
  expect((await ledger.list({})).data).toHaveLength(1)
  child.stdin.end()
  await child.exited
  await until(() => ledger.health().queued === 0, "the rows are written without anybody asking")
  expect(ledger.health()).toEqual({ queued: 0, dropped: 0, lastError: null })
  expect((await ledger.usage({ groupBy: [] })).totals.requests).toBe(1_201)
  expect(warnings).toHaveLength(2)
  await close()
})

function mountSmallDisk(): string | null {
  const dir = directories.make()
  const { success } = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir], { stderr: "ignore" })
  return success ? dir : null
}
const smallDisk = process.platform === "linux" && process.getuid?.() === 0 ? mountSmallDisk() : null
if (smallDisk === null) console.warn("SKIPPED: the full disk needs root and mount(8) to make one")

test.skipIf(smallDisk === null)("on a full disk requests go on; with room again the rows are written", async () => {
  const dir = join(smallDisk!, "data")
  const filler = join(smallDisk!, "filler")
  const { ledger, warnings, close } = openWarned(dir)
  writeFileSync(filler, new Uint8Array(700 * 1024))
  let appended = 0
  await until(() => {
    for (let index = 0; index < 100; index++) ledger.append(rowAt(T0 + appended++), detailOf())
    return ledger.health().lastError !== null
  }, "the disk is full")
  expect(ledger.health().lastError).toContain("full")
  const onDisk = (await ledger.list({ limit: 1000 })).data.length
  expect(onDisk + ledger.health().queued).toBe(appended)
  await until(() => warnings.length === 1, "somebody is told")
  rmSync(filler)
  await until(() => ledger.health().lastError === null && ledger.health().queued === 0, "it resumes by itself")
  expect((await ledger.usage({ groupBy: [] })).totals.requests).toBe(appended)
  expect(ledger.health().dropped).toBe(0)
  await close()
  expect(integrity(dir)).toEqual([["ok"]])
  rmSync(dir, { recursive: true })
})

test.skipIf(smallDisk === null)("a start on a full disk serves, and keeps rows until there is room", async () => {
  const dir = join(smallDisk!, "fresh")
  const filler = join(smallDisk!, "filler")
  mkdirSync(dir)
  const fill = Bun.spawnSync(["dd", "if=/dev/zero", `of=${filler}`, "bs=4096"], { stderr: "ignore" })
  expect(fill.success).toBe(false)
  const { ledger, warnings, close } = openWarned(dir)
  expect(warnings).toHaveLength(1)
  ledger.append(rowAt(T0), detailOf())
  expect(await ledger.list({}).catch((error: unknown) => error)).toMatchObject({ status: 503 })
  rmSync(filler)
  await until(() => ledger.health().queued === 0, "it resumes by itself")
  expect((await ledger.list({})).data).toHaveLength(1)
  await close()
})

test("of an outage's rows the newest 10,000 are kept, the others counted, and all kept are written in order", async () => {
  let isBroken = true
  const written: string[] = []
  const warnings: string[] = []
  const write = (rows: readonly Queued[]) => {
    if (isBroken) throw new Error("disk on fire")
    written.push(...rows.map(([row]) => row.id))
    return 0
  }
  const writer = createWriter({
    before: () => {},
    write,
    written: () => {},
    checkpoint: () => {},
    warn: (message) => warnings.push(message),
  })
  const ids = Array.from({ length: 10_700 }, (_, index) => `r${index}`)
  for (const id of ids) writer.push(rowAt(T0, { id }), detailOf())
  await writer.flush()
  expect(writer.health()).toEqual({ queued: 10_000, dropped: 700, lastError: "Error: disk on fire" })
  await until(() => warnings.length === 1, "somebody is told")
  isBroken = false
  await until(() => writer.health().queued === 0, "the queue is written")
  expect(written).toEqual(ids.slice(700))
  expect(writer.health()).toEqual({ queued: 0, dropped: 700, lastError: null })
  expect(warnings.join("\n")).toContain("disk on fire")
  await writer.close()
})

test("on a slow disk rows wait for a whole batch while it rests, and none is given up", async () => {
  let at = 0
  const batches: number[] = []
  const writer = createWriter({
    before: () => {},
    write: (rows) => {
      batches.push(rows.length)
      at += 1_000
      return 0
    },
    written: () => {},
    checkpoint: () => {},
    warn: (message) => expect(message).toBe(""),
    patience: new Patience(() => at),
  })
  const push = (count: number) => {
    for (let row = 0; row < count; row++) writer.push(rowAt(T0), detailOf())
  }
  push(1)
  await until(() => batches.length === 1, "there is no rest yet")
  push(511)
  await Bun.sleep(40)
  expect(batches).toEqual([1])
  push(1)
  await until(() => batches.length === 2, "a batch is full")
  push(1)
  await writer.flush() // who reads sees all
  expect(batches).toEqual([1, 512, 1])
  expect(writer.health()).toEqual({ queued: 0, dropped: 0, lastError: null })
  await writer.close()
})

test("a disk that another program uses for a moment is tried again at once, and nobody is told", async () => {
  let refusals = 2
  const warnings: string[] = []
  const writer = createWriter({
    before: () => {},
    write: () => {
      if (refusals-- > 0) throw new Error("database is locked")
      return 0
    },
    written: () => {},
    checkpoint: () => {},
    warn: (message) => warnings.push(message),
  })
  writer.push(rowAt(T0), detailOf())
  await until(() => writer.health().queued === 0, "the row is written")
  expect({ refusals, warnings, health: writer.health() }).toEqual({
    refusals: -1,
    warnings: [],
    health: { queued: 0, dropped: 0, lastError: null },
  })
  await writer.close()
})

test("a close that cannot write says how many rows are lost", async () => {
  const warnings: string[] = []
  const write = () => {
    throw new Error("disk on fire")
  }
  const writer = createWriter({
    before: () => {},
    write,
    written: () => {},
    checkpoint: () => {},
    warn: (message) => warnings.push(message),
  })
  writer.push(rowAt(T0), detailOf())
  await writer.close()
  expect(writer.health()).toMatchObject({ queued: 0, dropped: 1 })
  expect(warnings.at(-1)).toStartWith("1 ledger rows could not be written")
})

test("one memproxy per data directory: a second is told so, in this process and in another; a killed one leaves no lock", async () => {
  const dir = directories.make()
  const child = await holder("lock", dir)
  expect(() => acquireLock(dir)).toThrow(`Another memproxy is using the data directory ${dir}`)
  child.kill("SIGKILL")
  await child.exited
  const lock = acquireLock(dir)
  expect(() => acquireLock(dir)).toThrow("--data-dir")
  lock.release()
  acquireLock(dir).release()
  expect(statSync(join(dir, "lock.db")).size).toBe(0)
})

test.skipIf(process.platform === "win32")("the directory and its files are their owner's alone", async () => {
  const dir = join(directories.make(), "deep", "data")
  const { ledger, close } = openWarned(dir)
  ledger.append(rowAt(T0), detailOf())
  await ledger.flush()
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  for (const name of readdirSync(dir))
    expect({ name, mode: statSync(join(dir, name)).mode & 0o777 }).toEqual({ name, mode: 0o600 })
  await close()
})

test("a clean close leaves one file, and its rows are there at the next start", async () => {
  const dir = directories.make()
  const first = openWarned(dir)
  first.ledger.append(rowAt(T0), detailOf())
  await first.close()
  expect(readdirSync(dir)).toEqual(["ledger.db"])
  const second = openWarned(dir)
  expect((await second.ledger.list({})).data).toHaveLength(1)
  await second.close()
  expect([...first.warnings, ...second.warnings]).toEqual([])
})

test("a migration copies a ledger aside first, and one that fails changes nothing", async () => {
  const dir = directories.make()
  mkdirSync(dir, { recursive: true })
  const path = join(dir, "x.db")
  const db = new Database(path, { create: true })
  const one = (to: Database) => void to.run("CREATE TABLE a (x)")
  const two = (to: Database) => void to.run("INSERT INTO a VALUES (2)")
  const broken = (to: Database) => void to.run("CREATE TABLE b (x); INSERT INTO nowhere VALUES (1)")
  migrate(db, path, [one])
  expect(existsSync(`${path}.before-1`)).toBe(false)
  writeFileSync(`${path}.before-2`, "left by an earlier attempt")
  migrate(db, path, [one, two])
  const copy = new Database(`${path}.before-2`, { readonly: true })
  expect(copy.query("SELECT count(*) FROM a").values()).toEqual([[0]])
  copy.close()
  expect(() => migrate(db, path, [one, two, broken])).toThrow("nowhere")
  expect(db.query("SELECT name FROM sqlite_master").values()).toEqual([["a"]])
  expect(db.query("PRAGMA user_version").values()).toEqual([[2]])
  expect(() => migrate(db, path, [one])).toThrow("newer memproxy")
  db.close()
})
