/** A proxy, seeded or empty, and one browser for a test file; torn down after it. */
import { afterAll, beforeAll, setDefaultTimeout } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser } from "playwright-core"
import type { Loose } from "../support/json.ts"
import { type Memproxy, startMemproxy } from "../support/memproxy.ts"
import { chromiumPath, type Look, openPage, startBrowser, type Watched } from "./browser.ts"
import { seedDemo } from "./demo-ledger.ts"

/** Views in the order of the navigation, with their titles. */
export const VIEWS = {
  overview: "Overview",
  requests: "Requests",
  sessions: "Sessions",
  clients: "Clients",
  memory: "Memory",
  quality: "Quality & errors",
  keys: "Keys",
  settings: "Settings",
} as const

export const hasChromium = chromiumPath() !== null
if (!hasChromium)
  console.warn(
    "NO CHROMIUM: the dashboard is not looked at. Install it (apt-get install chromium) or set CHROMIUM to its path.",
  )

export interface DashboardRig {
  proxy: Memproxy
  open(look?: Look): Promise<Watched>
}

/** Call at the top of a file. */
export function useDashboard({ config, seeded }: { config: Loose; seeded: boolean }): DashboardRig {
  setDefaultTimeout(60_000) // a busy machine is slow; what must be quick says so itself
  const rig = {} as DashboardRig
  const dir = mkdtempSync(join(tmpdir(), "memproxy-dashboard-"))
  let browser: Browser
  beforeAll(async () => {
    if (!hasChromium) return
    if (seeded) await seedDemo(join(dir, "data"), Date.now())
    rig.proxy = await startMemproxy({ config, dir })
    browser = await startBrowser(chromiumPath()!)
    rig.open = (look) => openPage(browser, rig.proxy.url, look)
  })
  afterAll(async () => {
    await browser?.close()
    await rig.proxy?.stop()
    rmSync(dir, { recursive: true, force: true })
  })
  return rig
}

/** Goes to a view as a person does who clicks; resolves when all that it asked for is there. */
export async function visit({ page }: Watched, link: string): Promise<void> {
  await page.evaluate((hash) => (location.hash = hash), link)
  await page.waitForFunction(
    () => document.querySelector("h1#view-title") && !document.querySelector('[aria-busy="true"], .waiting'),
  )
}

export async function logIn(watched: Watched, key: string): Promise<void> {
  await watched.page.goto("/")
  await watched.page.fill("#key", key)
  await watched.page.click("button[type=submit]")
  await watched.page.waitForSelector("h1#view-title")
}
