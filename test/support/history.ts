/**
 * The judge of a run: what clients saw and what the provider got, against what the ledger says afterwards.
 * It reports every broken invariant in words; a test expects the list to be empty.
 */
import { Database } from "bun:sqlite"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import type { LedgerRow } from "../../src/exchange.ts"
import { DEFAULT_USAGE } from "./answers.ts"
import type { Received } from "./fake-provider.ts"
import { callBytes, type Lane } from "./lanes.ts"
import { openRaw, readAnswer } from "./raw-http.ts"

/** What one client saw of one exchange. */
export interface Saw {
  /** x-memproxy-request-id; null where no head came */
  id: string | null
  status: number | null
  bytes: number
  /** the dialect's last event, or a whole body, came */
  terminal: boolean
  /** how it ended otherwise */
  error: string | null
  /** what the ledger must say of it, where that is known */
  usage: { input: number; output: number } | null
}

export interface History {
  saw: Saw[]
  /** one call over a connection of its own; `leaveAfter` bytes the client is gone */
  call(port: number, lane: Lane, options?: { stream?: boolean; leaveAfter?: number; timeoutMs?: number }): Promise<Saw>
}

export function createHistory(): History {
  const saw: Saw[] = []
  return {
    saw,
    async call(port, lane, { stream = true, leaveAfter = Infinity, timeoutMs = 60_000 } = {}) {
      const one: Saw = { id: null, status: null, bytes: 0, terminal: false, error: null, usage: null }
      saw.push(one)
      let raw
      try {
        raw = await openRaw(port)
      } catch (error) {
        one.error = String(error)
        return one
      }
      try {
        raw.send(callBytes(lane, { stream }))
        if (leaveAfter === Infinity) await raw.answer({ timeoutMs }).then((answer) => note(one, answer, lane, stream))
        else {
          const bytes = await raw.until(leaveAfter, timeoutMs)
          const read = readAnswer(bytes, "POST", true)
          if (read) note(one, read.answer, lane, stream)
          one.error ??= one.terminal ? null : "left"
        }
      } catch (error) {
        one.error = String(error)
      } finally {
        raw.close()
      }
      return one
    },
  }
}

function note(
  one: Saw,
  answer: { status: number; headers: Record<string, string>; text: string; complete: boolean },
  lane: Lane,
  stream: boolean,
) {
  one.id = answer.headers["x-memproxy-request-id"] ?? null
  one.status = answer.status
  one.bytes = answer.text.length
  one.terminal = stream ? answer.text.includes(lane.terminal) : answer.complete
  if (!answer.complete && !one.terminal) one.error = "cut"
  if (one.terminal && answer.status === 200) one.usage = { input: DEFAULT_USAGE.input, output: DEFAULT_USAGE.output }
}

export interface Evidence {
  rows: LedgerRow[]
  saw: Saw[]
  received: Received[]
  /** null while the proxy still writes to it */
  dataDir: string | null
  /** everything the proxy printed and answered */
  said?: string[]
  /** texts that must be nowhere */
  secrets?: string[]
  /** finished exchanges whose row may be missing: what a kill may lose */
  mayLose?: number
  /** exchanges that were under way at a kill */
  inFlight?: number
}

/** Every broken invariant, in words. Call it after the proxy has ended, so that the files are still. */
export function violations(evidence: Evidence): string[] {
  return [
    ...checkRows(evidence),
    ...checkTokens(evidence),
    ...checkDatabases(evidence.dataDir),
    ...checkSecrets(evidence),
  ]
}

function checkRows({ rows, saw, received, mayLose = 0, inFlight = 0 }: Evidence): string[] {
  const wrong: string[] = []
  const ids = new Set(rows.map((row) => row.id))
  if (ids.size !== rows.length) wrong.push(`I2: ${rows.length - ids.size} exchanges have more than one row`)
  const finished = saw.filter((one) => one.id && (one.terminal || (one.status ?? 0) >= 400))
  const missing = finished.filter((one) => !ids.has(one.id!))
  if (missing.length > mayLose)
    wrong.push(`I1: ${missing.length} finished exchanges have no row (${mayLose} may be lost)`)
  const forwarded = rows.filter((row) => row.outcome !== "rejected" && row.upstream_model).length
  if (forwarded > received.length)
    wrong.push(`I1: ${forwarded} rows of ${received.length} requests that reached the provider`)
  if (forwarded + mayLose + inFlight < received.length)
    wrong.push(`I1: the provider got ${received.length} requests, the ledger has ${forwarded}`)
  const open = received.filter((request) => request.finishedAt === null && request.leftAt === null)
  if (open.length) wrong.push(`I5: ${open.length} requests are still open at the provider`)
  for (const one of finished) {
    const row = rows.find((row) => row.id === one.id)
    if (row && one.status === 200 && row.outcome !== "done")
      wrong.push(`I1: ${one.id} was whole for its client and is ${row.outcome}`)
  }
  return wrong
}

function checkTokens({ rows, saw }: Evidence): string[] {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return saw.flatMap((one) => {
    const row = one.id && one.usage ? byId.get(one.id) : null
    if (!row || (row.input_tokens === one.usage!.input && row.output_tokens === one.usage!.output)) return []
    return [
      `I3: ${one.id} has ${row.input_tokens}/${row.output_tokens} tokens, the provider said ${one.usage!.input}/${one.usage!.output}`,
    ]
  })
}

export function checkDatabases(dataDir: string | null): string[] {
  return filesIn(dataDir)
    .filter((file) => file.endsWith(".db"))
    .flatMap((file) => {
      const database = new Database(file)
      const answer = database.query<{ integrity_check: string }, []>("PRAGMA integrity_check").all()
      database.close()
      const text = answer.map((row) => row.integrity_check).join("; ")
      return text === "ok" ? [] : [`I4: ${file}: ${text}`]
    })
}

function checkSecrets({ dataDir, said = [], secrets = [] }: Evidence): string[] {
  const places: [string, Buffer][] = [
    ...filesIn(dataDir).map((file): [string, Buffer] => [file, readFileSync(file)]),
    ...said.map((text, index): [string, Buffer] => [`output ${index}`, Buffer.from(text)]),
  ]
  return places.flatMap(([where, bytes]) =>
    secrets.filter((secret) => bytes.includes(secret)).map((secret) => `I6: ${secret} stands in ${where}`),
  )
}

export const filesIn = (dir: string | null): string[] =>
  (dir === null ? [] : readdirSync(dir)).flatMap((name) => {
    const path = join(dir!, name)
    return statSync(path).isDirectory() ? filesIn(path) : statSync(path).isFile() ? [path] : []
  })
