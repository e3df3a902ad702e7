/** One proxy and one fake provider for a test file. */
import { afterAll, beforeAll, beforeEach, setDefaultTimeout } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type FakeProvider, startFakeProvider } from "./fake-provider.ts"
import { testConfig } from "./lanes.ts"
import { type Memproxy, startMemproxy } from "./memproxy.ts"
import { rawRequest, type RawAnswer } from "./raw-http.ts"

export interface Rig {
  provider: FakeProvider
  proxy: Memproxy
  /** sends the bytes to the proxy and reads one answer */
  ask(bytes: string | Uint8Array, timeoutMs?: number): Promise<RawAnswer>
  /** ends the proxy as a crash does, and starts it again on the same data */
  restart(): Promise<void>
}

/** Call at the top of a file: starts both before its tests, resets the provider before each, stops both after. */
export function useRig(
  more: (provider: FakeProvider) => Parameters<typeof testConfig>[1] = () => ({}),
  env: Record<string, string> = {},
): Rig {
  // holds for the calling file; a busy machine is slow, and what must be quick says so itself
  setDefaultTimeout(20_000)
  const rig = {} as Rig
  beforeAll(async () => {
    rig.provider = await startFakeProvider()
    const dir = mkdtempSync(join(tmpdir(), "memproxy-rig-"))
    const start = { config: testConfig(rig.provider.url, more(rig.provider)), env, dir }
    rig.proxy = await startMemproxy(start)
    rig.restart = async () => {
      await Bun.sleep(500) // what is promised to be on disk after 50 ms is, also on a busy machine
      await rig.proxy.kill9()
      rig.proxy = await startMemproxy(start)
    }
    rig.ask = (bytes, timeoutMs) => rawRequest(rig.proxy.port, bytes, timeoutMs)
  })
  beforeEach(() => rig.provider.reset())
  afterAll(async () => {
    await rig.proxy?.stop()
    await rig.provider?.stop()
    if (rig.proxy) rmSync(rig.proxy.dir, { recursive: true, force: true })
  })
  return rig
}

/** Waits until it holds; throws with `what` after `timeoutMs`. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 5000,
): Promise<void> {
  for (const until = performance.now() + timeoutMs; !(await holds()); await Bun.sleep(10))
    if (performance.now() > until) throw new Error(`not within ${timeoutMs} ms: ${what}`)
}
