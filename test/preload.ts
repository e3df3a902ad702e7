/**
 * Makes a plain `bun test` work in a fresh clone: where `node_modules` is missing it installs and runs the same command again.
 * It must be a new process, because an import that was resolved before the install stays unresolved. Not a place for test set-up.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dir, "..")

if (!existsSync(join(root, "node_modules"))) {
  if (process.env["BUN_TEST_WORKER_ID"]) {
    // `--parallel` reads no preload in its first process, so its workers would all install at once
    console.error("node_modules is missing: run `bun install --frozen-lockfile` first, or `bun run test`")
    process.exit(1)
  }
  console.error("node_modules is missing: installing (bun install --frozen-lockfile --ignore-scripts)")
  const install = ["install", "--frozen-lockfile", "--ignore-scripts", "--silent"]
  const installed = Bun.spawnSync([process.execPath, ...install], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  })
  if (installed.exitCode !== 0) process.exit(installed.exitCode ?? 1)
  const again = Bun.spawn([process.execPath, ...ownArguments()], { stdio: ["inherit", "inherit", "inherit"] })
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => again.kill(signal))
  process.exit(await again.exited)
}

/** What followed `bun` on this command line. `process.argv` under `bun test` holds only the test file, so the kernel is asked. */
function ownArguments(): string[] {
  if (process.platform === "linux") return readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(1, -1)
  if (process.platform === "win32") return ["test"]
  // ps gives one line: an argument with a space in it falls apart, which costs a `-t "two words"` its second word, once
  const line = Bun.spawnSync(["ps", "-ww", "-o", "args=", "-p", String(process.pid)]).stdout.toString()
  return line.trim().split(/\s+/).slice(1)
}
