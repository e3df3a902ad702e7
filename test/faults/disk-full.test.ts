/** No room on the disk: proxying goes on, the ledger catches up when there is room again. Needs the right to mount a small tmpfs. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { appendFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { acquireLock } from "../../src/store/lock.ts"
import { type FakeProvider, startFakeProvider } from "../support/fake-provider.ts"
import { checkDatabases, createHistory } from "../support/history.ts"
import { lanes, testConfig } from "../support/lanes.ts"
import { fetchRows, startMemproxy } from "../support/memproxy.ts"
import { eventually } from "../support/rig.ts"

const dir = mkdtempSync(join(tmpdir(), "memproxy-full-"))
const canMount =
  process.platform === "linux" && Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", dir]).exitCode === 0
if (!canMount) console.warn("SKIPPED: no right to mount a tmpfs, so the full disk is not tried")

let provider: FakeProvider
beforeAll(async () => {
  provider = await startFakeProvider()
})
afterAll(async () => {
  await provider.stop()
  if (canMount) Bun.spawnSync(["umount", "-l", dir])
  rmSync(dir, { recursive: true, force: true })
})

test.skipIf(!canMount)(
  "requests are served while the disk is full, and their rows are written once there is room",
  async () => {
    // Bun keeps what it transpiled under HOME, which is on this disk too
    const env = { BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" }
    const proxy = await startMemproxy({
      config: testConfig(provider.url, { memproxy: { memory: { engine: "local" } } }),
      dir,
      env,
    })
    const history = createHistory()
    await history.call(proxy.port, lanes[0]!)
    await proxy.rows()
    const ballast = join(dir, "ballast")
    fillUp(ballast)
    for (let round = 0; round < 100; round++)
      await Promise.all(lanes.map((lane) => history.call(proxy.port, lane, { stream: round % 2 === 0 })))
    expect(history.saw.filter((one) => !one.terminal || one.status !== 200)).toEqual([])
    expect((await fetch(`${proxy.url}/health`)).status).toBe(200)
    expect(proxy.stderr()).toMatch(/full|ENOSPC|could not|ledger/i)
    rmSync(ballast)
    await history.call(proxy.port, lanes[0]!)
    await eventually(
      "every row is there",
      async () => (await fetchRows(proxy.url)).length === history.saw.length,
      10_000,
    )
    const rows = await proxy.rows()
    expect(new Set(rows.map((row) => row.id))).toEqual(new Set(history.saw.map((one) => one.id!)))
    expect(await proxy.stop()).toBe(0)
    expect(checkDatabases(proxy.dataDir)).toEqual([])
  },
  60_000,
)

test.skipIf(!canMount)("a program that begins on a full disk begins all the same", () => {
  const own = join(dir, "own")
  acquireLock(own).release()
  const ballast = join(dir, "ballast")
  fillUp(ballast)
  try {
    acquireLock(own).release()
  } finally {
    rmSync(ballast)
  }
})

/** Appends to the file until the disk takes no more. */
function fillUp(path: string) {
  for (;;) {
    try {
      appendFileSync(path, Buffer.alloc(4096))
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC")
      return
    }
  }
}
