/** Every view in a real browser without a network: with data and empty, light and dark, at desktop and phone width. */
import { describe, expect, test } from "bun:test"
import { testConfig } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import type { Look, Watched } from "./browser.ts"
import { HOSTILE } from "./demo-ledger.ts"
import { hasChromium, logIn, useDashboard, VIEWS, visit } from "./rig.ts"

const LOOKS: Look[] = [
  { scheme: "light", width: 1280 },
  { scheme: "dark", width: 1280 },
  { scheme: "light", width: 390 },
  { scheme: "dark", width: 390 },
]
const nowhere = "http://127.0.0.1:9"

/** What is wrong with the view that is open: its title, its ground, and whether the page itself scrolls sideways. */
async function faults({ page }: Watched, title: string, { scheme, width }: Look): Promise<string[]> {
  const seen = await page.evaluate(() => ({
    title: document.querySelector("h1")?.textContent ?? "",
    ground: getComputedStyle(document.body).backgroundColor,
    wide: document.documentElement.scrollWidth,
    unnamed: [...document.querySelectorAll("button, a, input, select, textarea")].filter(
      (one) => !(one.textContent || one.getAttribute("aria-label") || (one as HTMLInputElement).labels?.length),
    ).length,
    headless: [...document.querySelectorAll("table")].filter(
      (table) => !table.querySelector("th[scope=col]") || !table.caption,
    ).length,
    // WCAG 2.2, 1.4.1 and 2.5.8
    unmarked: [...document.querySelectorAll("p a")].filter((a) => getComputedStyle(a).textDecorationLine === "none")
      .length,
    small: [...document.querySelectorAll("td a")].filter(
      (a) => a.textContent === "–" && a.checkVisibility() && a.getBoundingClientRect().width < 24,
    ).length,
    adrift: [...document.querySelectorAll(".frame > :not(.skip, header, main, aside)")].length,
    hacked: "hacked" in window,
  }))
  const [light] = /\d+/.exec(seen.ground)!
  return [
    ...(seen.title === title ? [] : [`title ${seen.title}`]),
    ...(Number(light) > 128 === (scheme === "light") ? [] : [`ground ${seen.ground}`]),
    ...(seen.wide <= width! ? [] : [`${seen.wide} px wide`]),
    ...(seen.unnamed === 0 ? [] : [`${seen.unnamed} controls without a name`]),
    ...(seen.headless === 0 ? [] : [`${seen.headless} tables without heads`]),
    ...(seen.unmarked === 0 ? [] : [`${seen.unmarked} links in sentences told by their colour alone`]),
    ...(seen.small === 0 ? [] : [`${seen.small} links too small to press`]),
    ...(seen.adrift === 0 ? [] : [`${seen.adrift} parts outside of the landmarks`]),
    ...(seen.hacked ? ["a script of the data ran"] : []),
  ]
}

async function faultsOfAll(watched: Watched, look: Look): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  for (const [view, title] of Object.entries(VIEWS)) {
    await visit(watched, `#/${view}`)
    const wrong = await faults(watched, title, look)
    if (wrong.length > 0) found[view] = wrong
  }
  return found
}

describe.skipIf(!hasChromium)("with a month of traffic", () => {
  const rig = useDashboard({ config: testConfig(nowhere, { memproxy: { nonsense: 1 } }), seeded: true })
  for (const look of LOOKS)
    test(`every view is whole, ${look.scheme}, ${look.width} px`, async () => {
      const watched = await rig.open(look)
      await logIn(watched, MASTER)
      expect(await faultsOfAll(watched, look)).toEqual({})
      await visit(watched, "#/requests")
      expect(await watched.page.locator("tbody tr").count()).toBe(50)
      const frame = watched.page.locator(".table-frame")
      const hidden = await frame.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)
      // On a phone a table scrolls in its frame.
      if (look.width === 1280) expect(hidden).toBe(0)
      await watched.page.locator("tbody tr").first().locator("td").first().locator("a").click()
      await watched.page.waitForSelector(".panel .facts")
      expect(await faults(watched, "Requests", look)).toEqual([])
      // Names full of HTML stay text.
      expect(await watched.page.locator(".panel-top strong").textContent()).toBe(HOSTILE)
      expect(watched.complaints).toEqual([])
      await watched.close()
    })

  test("older sessions come below those shown, until there are no more, and another range begins anew", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/sessions?range=90d")
    const rows = page.locator("tbody tr")
    const older = page.getByRole("button", { name: "older" })
    await rows.first().waitFor()
    let shown = await rows.count()
    expect(shown).toBe(25)
    while ((await older.count()) > 0) {
      await older.click()
      await page.waitForFunction((before) => document.querySelectorAll("tbody tr").length > before, shown)
      shown = await rows.count()
    }
    const ids = await page
      .locator("tbody td:first-child a")
      .evaluateAll((all) => all.map((link) => link.getAttribute("title")))
    expect([shown > 50, new Set(ids).size]).toEqual([true, shown])
    await visit(watched, "#/sessions?range=30d")
    await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 25)
    expect(watched.complaints).toEqual([])
    await watched.close()
  })
})

describe.skipIf(!hasChromium)("with one request, and no price for it", () => {
  const { model_list } = testConfig(nowhere)
  const rig = useDashboard({ config: { model_list }, seeded: false })
  test("what it cost is not said to be nothing, and every figure has its unit", async () => {
    const body = JSON.stringify({ model: "mock", messages: [{ role: "user", content: "hi" }] })
    const headers = { "content-type": "application/json" }
    await fetch(`${rig.proxy.url}/v1/chat/completions`, { method: "POST", headers, body })
    const watched = await rig.open()
    await watched.page.goto("/")
    await visit(watched, "#/overview")
    const cost = watched.page.locator(".figure", { hasText: "Cost" })
    expect([await cost.locator(".value").textContent(), await cost.locator(".note").textContent()]).toEqual([
      "–",
      "1 without a price",
    ])
    expect(await watched.page.locator("figure[aria-label=Cost] .legend li b").textContent()).toBe("–")
    expect(await watched.page.locator(".bars .figures b").first().textContent()).toMatch(/^\d+ tokens$/)
    expect(await watched.page.locator(".bars").first().locator("xpath=..").locator(".note").textContent()).toBe(
      "By requests: no price is known.",
    )
    await watched.close()
  })
})

describe.skipIf(!hasChromium)("with nothing yet", () => {
  const { model_list } = testConfig(nowhere)
  const rig = useDashboard({ config: { model_list }, seeded: false })
  for (const look of LOOKS)
    test(`every view is whole and tells the first step, ${look.scheme}, ${look.width} px`, async () => {
      const watched = await rig.open(look)
      await watched.page.goto("/")
      expect(await faultsOfAll(watched, look)).toEqual({})
      await visit(watched, "#/overview")
      expect(await watched.page.locator(".empty pre").textContent()).toContain('"model": "mock"')
      expect(await watched.page.locator(".empty pre").textContent()).toContain(
        `curl ${rig.proxy.url}/v1/chat/completions`,
      )
      expect(watched.complaints).toEqual([])
      await watched.close()
    })
})
