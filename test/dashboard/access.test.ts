/** Who sees badly or has no mouse: contrast and the keyboard, measured on the real page, every view, light and dark. */
import { beforeAll, describe, expect, test } from "bun:test"
import { testConfig } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import type { Watched } from "./browser.ts"
import { lowContrast } from "./contrast.ts"
import { hasChromium, logIn, useDashboard, VIEWS, visit } from "./rig.ts"

const nowhere = "http://127.0.0.1:9"
const SCHEMES = ["light", "dark"] as const
const links = Object.keys(VIEWS).map((view) => `#/${view}?range=30d`)

/** With whatever unfolds unfolded. */
async function pale(watched: Watched): Promise<string[]> {
  await watched.page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)))
  return lowContrast(watched.page)
}

/** Presses Tab through the whole page. What a mouse can use and this did not reach, and what it reached without showing it. */
async function unreached({ page }: Watched): Promise<string[]> {
  const controls = await page.evaluate(() => {
    const usable = "a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary"
    const drawn = [...document.querySelectorAll(usable)].filter((one) => one.checkVisibility())
    // A row may be clicked anywhere: the link in it does the same.
    const clicked = [...document.querySelectorAll("body *")].filter(
      (one) =>
        getComputedStyle(one).cursor === "pointer" &&
        one.checkVisibility() &&
        !one.closest(usable) &&
        !one.closest("tr, figure, label")?.querySelector(usable),
    )
    ;(document.activeElement as HTMLElement | null)?.blur()
    getSelection()?.collapse(document.body, 0)
    ;[...drawn, ...clicked].forEach((one, index) => one.setAttribute("data-control", String(index)))
    return [...drawn, ...clicked].map((one) => `${one.localName} ${one.textContent?.trim().slice(0, 30)}`)
  })
  const left = new Set(controls.keys())
  const hidden: string[] = []
  for (let presses = 0; presses < controls.length + 40 && left.size > 0; presses++) {
    await page.keyboard.press("Tab")
    const at = await page.evaluate(() => {
      const one = document.activeElement!
      const { outlineStyle, outlineWidth } = getComputedStyle(one)
      return {
        control: one.getAttribute("data-control"),
        shown: outlineStyle !== "none" && parseFloat(outlineWidth) > 0,
      }
    })
    if (at.control === null) continue
    left.delete(Number(at.control))
    if (!at.shown) hidden.push(`not shown: ${controls[Number(at.control)]}`)
  }
  return [...[...left].map((index) => controls[index]!), ...hidden]
}

describe.skipIf(!hasChromium)("with a month of traffic", () => {
  const config = testConfig(nowhere, { memproxy: { nonsense: 1, memory: { engine: "local" } } })
  const rig = useDashboard({ config, seeded: true })
  beforeAll(async () => {
    const headers = { authorization: `Bearer ${MASTER}`, "content-type": "application/json" }
    const body = JSON.stringify({ user_id: "ada", content: "The staging server is called heron." })
    if (hasChromium) await fetch(`${rig.proxy.url}/api/memories`, { method: "POST", headers, body })
  })
  for (const scheme of SCHEMES)
    test(`text, controls and charts stand out from their ground, ${scheme}`, async () => {
      const watched = await rig.open({ scheme })
      const { page } = watched
      const found: Record<string, string[]> = {}
      await page.goto("/")
      await page.waitForSelector("#key")
      found["login"] = await pale(watched)
      await logIn(watched, MASTER)
      for (const link of [...links, "#/memory?user_id=ada", "#/memory?user_id=ada&mode=recall"]) {
        await visit(watched, link)
        found[link] = await pale(watched)
      }
      await visit(watched, "#/memory?user_id=ada")
      await page.getByRole("button", { name: "Edit" }).first().click()
      found["editing"] = await pale(watched)
      await visit(watched, "#/requests?range=30d&outcome=upstream-failed")
      await page.locator("tbody tr").nth(1).hover()
      found["under the pointer"] = await pale(watched)
      await page.locator("tbody tr").first().locator("a").first().click()
      await page.waitForSelector(".panel .facts")
      found["a failed request"] = await pale(watched)
      await visit(watched, "#/requests?range=30d")
      await page.locator("tbody tr").first().locator("a").first().click()
      await page.locator(".diff .new").first().waitFor()
      found["a request with bodies"] = await pale(watched)
      expect(Object.fromEntries(Object.entries(found).filter(([, wrong]) => wrong.length > 0))).toEqual({})
      await watched.close()
    })

  test("Tab reaches whatever a mouse can use, and shows where it is", async () => {
    const watched = await rig.open()
    await logIn(watched, MASTER)
    const found: Record<string, string[]> = {}
    for (const link of [...links, "#/memory?user_id=ada", "#/requests?range=30d&outcome=upstream-failed"]) {
      await visit(watched, link)
      const wrong = await unreached(watched)
      if (wrong.length > 0) found[link] = wrong
    }
    expect(found).toEqual({})
    await watched.close()
  })

  test("a closed request gives the keyboard back to its row", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/requests?range=30d")
    await page.locator("tbody tr:nth-child(3) a").first().focus()
    await page.keyboard.press("Enter")
    await page.waitForSelector(".panel .facts")
    await page.keyboard.press("Escape")
    await page.waitForSelector(".panel", { state: "detached" })
    expect(await page.evaluate(() => document.activeElement?.closest("tr")?.rowIndex)).toBe(3)
    await watched.close()
  })

  test("on a phone the navigation shows where one is", async () => {
    const watched = await rig.open({ width: 390 })
    await logIn(watched, MASTER)
    for (const link of links) {
      await visit(watched, link)
      const box = await watched.page.locator("nav [aria-current]").boundingBox()
      expect([link, box!.x >= 0 && box!.x + box!.width <= 390]).toEqual([link, true])
    }
    await watched.close()
  })
})

describe.skipIf(!hasChromium)("with nothing yet", () => {
  const { model_list } = testConfig(nowhere)
  const rig = useDashboard({ config: { model_list }, seeded: false })
  for (const scheme of SCHEMES)
    test(`text and controls stand out from their ground, ${scheme}`, async () => {
      const watched = await rig.open({ scheme })
      await watched.page.goto("/")
      const found: Record<string, string[]> = {}
      for (const link of links) {
        await visit(watched, link)
        const wrong = await pale(watched)
        if (wrong.length > 0) found[link] = wrong
      }
      expect(found).toEqual({})
      await watched.close()
    })
})

test.skipIf(!hasChromium)(
  "the measure itself finds what is pale, and knows what is large or half seen through",
  async () => {
    const { chromiumPath, openPage, startBrowser } = await import("./browser.ts")
    const browser = await startBrowser(chromiumPath()!)
    const { page, close } = await openPage(browser, "about:blank")
    const faults = async (html: string) => {
      await page.setContent(`<body style="background:#fff">${html}</body>`)
      return (await lowContrast(page)).map((line) => line.slice(0, 4))
    }
    // Known pairs: #777 on white is 4.48, #767676 4.54, #949494 3.03. https://webaim.org/resources/contrastchecker/
    expect(await faults(`<p style="color:#777">a</p><p style="color:#767676">b</p>`)).toEqual(["4.48"])
    expect(
      await faults(`<p style="color:#949494;font-size:24px">a</p><p style="color:#949494;font-size:23px">b</p>`),
    ).toEqual(["3.03"])
    expect(await faults(`<div style="opacity:.5"><p style="color:#000">a</p></div>`)).toEqual(["3.98"])
    expect(
      await faults(`<div style="background:#000"><p style="background:rgb(255 255 255 / 50%);color:#fff">a</p></div>`),
    ).toEqual(["3.95"])
    expect(await faults(`<svg style="background:#fff"><rect fill="#ccc" width="9" height="9"/></svg>`)).toEqual([
      "1.61",
    ])
    await close()
    await browser.close()
  },
)
