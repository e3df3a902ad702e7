/** `memproxy serve`: listens, reloads, and stops in good order. What it serves with is put together in `create-app.ts`. */
import { homedir } from "node:os"
import { findConfigFile, loadConfig } from "../config/load.ts"
import { signature, watchConfig } from "../config/watch.ts"
import type { Config, Finding } from "../settings.ts"
import { answerModel, isModelRoute, refuseAt } from "../http/model-routes.ts"
import { createServer } from "../http/server.ts"
import { cpuWaitMs } from "../machine/cpu-wait.ts"
import { MemoryFailure } from "../memory/engine.ts"
import { takeSnapshot } from "../pipeline/open-exchange.ts"
import { startRetention } from "../store/retention.ts"
import { acquireLock } from "../store/lock.ts"
import { openStore, type Store } from "../store/open.ts"
import { scoreOf } from "../usage/quality-score.ts"
import { version } from "../version.ts"
import { command, formatFinding, readOptions, WRONG_USAGE, WrongUsage } from "./command.ts"
import { createApp } from "./create-app.ts"
import { createTelemetrySender } from "./telemetry.ts"

const STOP_WAIT_MS = 30_000

const say = (line: string) => console.error(line)
const logError = (line: string, error?: unknown) => {
  if (error === undefined) say(line)
  else if (error instanceof MemoryFailure) say(`${line}: ${error.message}`)
  else say(`${line}\n${error instanceof Error ? error.stack : String(error)}`)
}

export const runServe = (args: string[]): Promise<number> => command("serve", begin)(args, { err: say })

async function begin(args: string[]): Promise<number> {
  const flags = readFlags(args)
  const chosen = findConfigFile({ flag: flags.config, env: process.env, cwd: process.cwd() })
  const { host, port, "data-dir": dataDir } = flags
  const from = { file: chosen.file, env: process.env, home: homedir(), overrides: { host, port, dataDir } }
  const before = signature(chosen.file ? [chosen.file] : [])
  const { config, findings } = loadConfig(from)
  for (const finding of findings) say(formatFinding(finding))
  if (!config) {
    say("memproxy does not start with this configuration.")
    return WRONG_USAGE
  }
  say(
    `memproxy ${version}, configuration: ${chosen.file ?? "built-in demo"} (${chosen.reason}), data: ${config.dataDir}`,
  )
  const load = () => loadConfig({ ...from, running: config })
  return serve(config, load, config.files.length > 1 ? undefined : before)
}

const OPTIONS = {
  config: { type: "string" },
  host: { type: "string" },
  port: { type: "string" },
  "data-dir": { type: "string" },
} as const

function readFlags(args: string[]) {
  const { values } = readOptions({ args, options: OPTIONS })
  const port = values.port === undefined ? undefined : Number(values.port)
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new WrongUsage(`--port must be 0 to 65535, got "${values.port}"`)
  return { ...values, port }
}

async function serve(
  config: Config,
  load: () => { config: Config | null; findings: Finding[] },
  before?: string,
): Promise<number> {
  let lock: ReturnType<typeof acquireLock>
  let store: Store
  try {
    lock = acquireLock(config.dataDir)
    store = openStore(config.dataDir, { warn: say, scoreOf, now: () => performance.now(), cpuWait: cpuWaitMs })
  } catch (error) {
    say((error as Error).message)
    return 1
  }
  let snapshot = takeSnapshot(config)
  const stopping = new AbortController()
  const app = createApp({ config, store, snapshot: () => snapshot, stopping: stopping.signal, say, log: logError })
  // One forgotten await would otherwise end the process, and every stream with it.
  process.on("unhandledRejection", (error) => app.log("unhandled rejection", error))
  process.on("uncaughtException", (error) => app.log("uncaught exception", error))

  const server = createServer({
    config: () => snapshot.config,
    answer: (arrival) => answerModel(arrival, app),
    route: async (request) => (await routes()).fetch(request),
    refuse: (error, path) => refuseAt(app, error, path),
    isModelRoute,
    clock: Date.now,
    now: app.now,
    log: logError,
  })
  // Elysia and its routes are loaded when we listen already, or by the first request for one: the model routes do without.
  const loadRoutes = async () => (await import("../http/routes.ts")).createRoutes(app, server.arrivals)
  let loading: ReturnType<typeof loadRoutes> | undefined
  const routes = () => (loading ??= loadRoutes())
  const stop = signalled()
  let url: URL
  try {
    url = server.listen(config.host, config.port)
  } catch (error) {
    const { message, code } = error as Error & { code?: string }
    const hint =
      code === "EADDRINUSE" ? ". Another program listens there, perhaps memproxy itself; --port chooses another" : ""
    say(`memproxy cannot listen on ${config.host}:${config.port}: ${message}${hint}`)
    return WRONG_USAGE
  }
  console.log(`memproxy listening on ${url.origin}`)
  void routes()
    .then(() => app.memories.prepare(config))
    .finally(() => Bun.unsafe.setJITPolicy(1)) // the start is over: see machine/reexec.ts
  const telemetry = createTelemetrySender(store.ledger, say)
  telemetry.follow(config.telemetry)
  const watch = watchConfig({
    files: config.files,
    before,
    load,
    onChange(next, findings) {
      for (const finding of findings) say(formatFinding(finding))
      snapshot = takeSnapshot(next)
      telemetry.follow(next.telemetry)
      say(`configuration reloaded: ${next.deployments.length} deployments`)
    },
    onBad(findings) {
      for (const finding of findings) say(formatFinding(finding))
      say("configuration not reloaded: the last good one stays in use")
    },
  })

  const stopRetention = startRetention({
    ...store,
    days: () => snapshot.config.logging.retentionDays,
    clock: Date.now,
    warn: say,
  })

  await stop
  stopping.abort()
  watch.close()
  stopRetention()
  await Promise.race([server.stop(), Bun.sleep(STOP_WAIT_MS)])
  await server.terminate()
  app.appraiser.finish()
  await app.memories.close()
  app.reasoning.close()
  await telemetry.close()
  await store.close()
  app.upstream.close()
  lock.release()
  process.exit(0)
}

/** Resolves at the first signal to stop; a second one ends the process. */
function signalled(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let isStopping = false
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(1)
      isStopping = true
      resolve()
    })
  }
  return promise
}
