/** The dashboard's memory view against the real store: looking, correcting, forgetting, and trying what a question recalls. */
import { beforeAll, describe, expect, test } from "bun:test"
import { linkTo } from "../../src/dashboard/page/route.ts"
import { testConfig } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import type { Watched } from "./browser.ts"
import { HOSTILE } from "./demo-ledger.ts"
import { hasChromium, logIn, useDashboard, visit } from "./rig.ts"

describe.skipIf(!hasChromium)("the memory view", () => {
  const config = testConfig("http://127.0.0.1:9", { memproxy: { memory: { engine: "local" } } })
  const rig = useDashboard({ config, seeded: false })
  const said = ["The staging server is called heron.", "Ada prefers tabs over spaces.", `Never run ${HOSTILE}`]
  const headers = { authorization: `Bearer ${MASTER}`, "content-type": "application/json" }
  beforeAll(async () => {
    for (const content of said)
      await fetch(`${rig.proxy.url}/api/memories`, {
        method: "POST",
        headers,
        body: JSON.stringify({ user_id: "ada", content }),
      })
  })

  async function open(params: Record<string, string>): Promise<Watched> {
    const watched = await rig.open()
    await logIn(watched, MASTER)
    await visit(watched, linkTo("memory", { user_id: "ada", ...params }))
    return watched
  }
  const texts = ({ page }: Watched) => page.locator(".memory .text").allTextContents()

  test("memories are listed as text, newest first, and found by their words", async () => {
    const watched = await open({})
    expect((await texts(watched)).sort()).toEqual([...said].sort())
    await watched.page.fill("input[name=q]", "tabs")
    await watched.page.keyboard.press("Enter")
    await watched.page.waitForFunction(() => document.querySelectorAll(".memory").length === 1)
    expect(await texts(watched)).toEqual([said[1]!])
    await watched.page.reload()
    await watched.page.waitForFunction(() => document.querySelectorAll(".memory").length > 0)
    expect([await texts(watched), await watched.page.inputValue("input[name=q]")]).toEqual([[said[1]!], "tabs"])
    expect(await watched.page.evaluate(() => "hacked" in window)).toBe(false)
    expect(watched.complaints).toEqual([])
    await watched.close()
  })

  test("whoever has memories can be chosen, and their projects, though they never sent a request", async () => {
    const body = JSON.stringify({ user_id: "import-only", project: "north", content: "The ferry leaves at nine." })
    await fetch(`${rig.proxy.url}/api/memories`, { method: "POST", headers, body })
    const watched = await open({})
    const { page } = watched
    await page.getByLabel("User").selectOption("import-only")
    await page.waitForFunction(() => location.hash.includes("user_id=import-only"))
    await page.getByLabel("Project").selectOption({ label: "north (1)" })
    await page.waitForFunction(() => document.querySelectorAll(".memory").length === 1)
    expect(await texts(watched)).toEqual(["The ferry leaves at nine."])
    expect(watched.complaints).toEqual([])
    await watched.close()
  })

  test("a question shows what it would recall, with score and reason", async () => {
    const watched = await open({ mode: "recall" })
    await watched.page.getByRole("searchbox").fill("What is the staging server called?")
    await watched.page.getByRole("button", { name: "Recall", exact: true }).click()
    await watched.page.locator(".memory").first().waitFor()
    expect((await texts(watched))[0]).toBe(said[0]!)
    expect(await watched.page.locator(".memory .why").first().textContent()).toMatch(/^score \d+\.\d\d · \w/)
    // as a request of another project it would get nothing, which is said at once
    await visit(watched, linkTo("memory", { user_id: "ada", mode: "recall", project: "elsewhere" }))
    await watched.page.locator(".empty", { hasText: "Nothing that is remembered fits" }).waitFor()
    await visit(watched, linkTo("memory", { user_id: "nobody", mode: "recall" }))
    await watched.page.locator(".empty", { hasText: "Choose a project above" }).waitFor()
    await watched.close()
  })

  test("a memory is corrected, and forgotten only when asked twice", async () => {
    const watched = await open({})
    const { page } = watched
    const card = page.locator(".memory", { hasText: "tabs over spaces" })
    await card.getByRole("button", { name: "Edit" }).click()
    await page.locator("textarea").fill("Ada prefers spaces.")
    await page.getByRole("button", { name: "Save" }).click()
    const corrected = page.locator(".memory", { hasText: "Ada prefers spaces." })
    await corrected.getByRole("button", { name: "Forget" }).click()
    expect(await texts(watched)).toContain("Ada prefers spaces.")
    await corrected.getByRole("button", { name: "Forget it" }).click()
    await corrected.waitFor({ state: "detached" })
    const left = await fetch(`${rig.proxy.url}/api/memories/export?user_id=ada`, { headers })
    expect((await left.text()).trim().split("\n")).toHaveLength(2)
    expect(watched.complaints).toEqual([])
    await watched.close()
  })
})
