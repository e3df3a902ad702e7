/** What people do on the dashboard, in a real browser against the real program. */
import { describe, expect, test } from "bun:test"
import type { Loose } from "../support/json.ts"
import { testConfig } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { duration, money, percent } from "../../src/dashboard/page/format.ts"
import { linkTo } from "../../src/dashboard/page/route.ts"
import { HOSTILE, REMEMBERED } from "./demo-ledger.ts"
import { hasChromium, logIn, useDashboard, visit } from "./rig.ts"

describe.skipIf(!hasChromium)("the dashboard", () => {
  const rig = useDashboard({ config: testConfig("http://127.0.0.1:9"), seeded: true })
  const send = (text: string) =>
    fetch(`${rig.proxy.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${MASTER}`, "content-type": "application/json", "user-agent": "curl/8.0" },
      body: JSON.stringify({ model: "mock", messages: [{ role: "user", content: text }] }),
    })

  test("a wrong key opens nothing; the right one is kept nowhere that a script can read", async () => {
    const watched = await rig.open()
    const { page } = watched
    await page.goto("/")
    await page.fill("#key", "sk-wrong")
    await page.click("button[type=submit]")
    expect(await page.locator("#login-error").textContent()).toContain("not one of memproxy's")
    await logIn(watched, MASTER)
    const kept = await page.evaluate(() =>
      [
        document.cookie,
        JSON.stringify({ ...localStorage }),
        JSON.stringify({ ...sessionStorage }),
        document.documentElement.outerHTML,
      ].join("\n"),
    )
    expect(kept).not.toContain(MASTER)
    expect(kept).not.toContain("memproxy_session")
    await page.getByRole("button", { name: "Sign out" }).click()
    await page.waitForSelector("#key")
    await watched.close()
  })

  test("a request appears within a second, and its numbers with it", async () => {
    const watched = await rig.open()
    await logIn(watched, MASTER)
    await visit(watched, "#/requests?client=curl")
    await watched.page.waitForSelector(".live.on")
    const rows = watched.page.locator("tbody tr")
    expect(await rows.count()).toBe(0)
    // The best of three: a busy machine may keep a browser waiting.
    const waits: number[] = []
    for (let count = 0; count < 3; count++) {
      expect((await send("Hello!")).status).toBe(200)
      const began = performance.now()
      await rows.nth(count).waitFor()
      waits.push(performance.now() - began)
    }
    expect(Math.min(...waits)).toBeLessThan(1000)
    expect(await watched.page.locator("tbody tr td").nth(3).textContent()).toBe("mock")
    expect(watched.complaints).toEqual([])
    await watched.close()
  })

  test("a request opens at the side, and the keyboard goes on from there", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/requests?outcome=upstream-failed&range=90d")
    const ids = await page
      .locator("tbody tr td:first-child a")
      .evaluateAll((links) =>
        links.map((link) => new URLSearchParams(link.getAttribute("href")!.split("?")[1]).get("id")),
      )
    await page.locator("tbody tr td:first-child a").first().focus()
    await page.keyboard.press("Enter")
    await page.waitForSelector(".panel .facts")
    const shows = (id: string) => page.waitForFunction((text) => location.hash.includes(text), id)
    await shows(ids[0]!)
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("panel-title")
    await page.keyboard.press("j")
    await shows(ids[1]!)
    await page.keyboard.press("k")
    await shows(ids[0]!)
    await page.keyboard.press("Escape")
    await page.waitForSelector(".panel", { state: "detached" })
    await watched.close()
  })

  test("what memory added to a request is marked, as text", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, linkTo("requests", { model: HOSTILE }))
    await page.locator("tbody tr td:first-child a").first().click()
    await page.locator(".diff .new").first().waitFor()
    const added = await page.locator(".diff .new").allTextContents()
    expect(added.map((line) => line.slice(0, 40))).toEqual([
      expect.stringContaining("Where do we deploy?"),
      expect.stringContaining(REMEMBERED.slice(0, 30)),
    ])
    await page.getByRole("button", { name: "Original" }).click()
    expect(await page.locator(".code").first().textContent()).not.toContain("memproxy-memory")
    expect(await page.evaluate(() => "hacked" in window)).toBe(false)
    expect(watched.complaints).toEqual([])
    await watched.close()
  })

  test("what is not known leads to its requests too, and can be chosen as a filter", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/overview?range=30d")
    const group = page.locator(".bars li", { hasText: "not known" }).last()
    const requests = Number(/\d+/.exec((await group.locator(".figures .muted").textContent())!))
    await group.locator("a").click()
    await page.waitForFunction(() => location.hash === "#/requests?range=30d&unknown=project")
    await visit(watched, "#/requests?range=30d&unknown=project")
    const rows = page.locator("tbody tr")
    await rows.first().waitFor()
    for (let shown = await rows.count(); shown < requests; shown = await rows.count()) {
      await page.getByRole("button", { name: "older" }).click()
      await page.waitForFunction((before) => document.querySelectorAll("tbody tr").length > before, shown)
    }
    expect(await rows.count()).toBe(requests)
    await page.locator(".chip", { hasText: "Project not known" }).click()
    await page.waitForFunction(() => !location.hash.includes("unknown"))
    await page.selectOption("#filter-field", "client")
    const unknown = page.locator("select[name=value] option", { hasText: "not known" })
    await page.selectOption("select[name=value]", { label: (await unknown.textContent())! })
    await page.waitForFunction(() => location.hash.includes("unknown=client"))
    expect(watched.complaints).toEqual([])
    await watched.close()
  })

  test("an error's count leads to the requests that failed so", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/quality?range=30d")
    const link = page.locator("a[href*='error_type=']:not(.strong)").first()
    const requests = Number(await link.textContent())
    await link.click()
    await page.locator(".chip", { hasText: "Error" }).waitFor()
    await page.waitForFunction((count) => document.querySelectorAll("tbody tr").length === count, requests)
    expect(requests).toBeGreaterThan(0)
    expect(watched.complaints).toEqual([])
    await watched.close()
  })

  test("every count of requests leads to them", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    const unlinked: string[] = []
    let counts = 0
    for (const view of ["overview", "sessions", "clients", "quality", "keys"]) {
      await visit(watched, `#/${view}?range=30d`)
      const links = await page.evaluate(() => {
        const columns = [...document.querySelectorAll("th")].filter((head) => head.textContent === "Requests")
        const cells = columns.flatMap((head) =>
          [...head.closest("table")!.tBodies[0]!.rows].map(
            (row) => row.cells[(head as HTMLTableCellElement).cellIndex]!,
          ),
        )
        const bars = [...document.querySelectorAll(".bars .figures")]
        return [
          ...cells.map((cell) => cell.querySelector("a")?.getAttribute("href") ?? null),
          ...bars.map((figures) => figures.closest("a")?.getAttribute("href") ?? null),
        ]
      })
      counts += links.length
      if (links.some((link) => !link?.startsWith("#/requests?"))) unlinked.push(view)
    }
    expect(unlinked).toEqual([])
    expect(counts).toBeGreaterThan(40)
    await watched.close()
  })

  test("filters hold in the link, and each can be removed", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/requests?range=30d")
    await page.selectOption("#filter-field", "client")
    await page.locator("select[name=value] option", { hasText: "codex" }).waitFor({ state: "attached" })
    await page.selectOption("select[name=value]", "codex")
    await page.waitForFunction(() => location.hash.includes("client=codex"))
    await visit(watched, await page.evaluate(() => location.hash))
    const clients = await page.locator("tbody tr td:nth-child(3)").allTextContents()
    expect(new Set(clients)).toEqual(new Set(["codex"]))
    await page.locator(".chip", { hasText: "codex" }).click()
    await page.waitForFunction(() => !location.hash.includes("client"))
    await watched.close()
  })

  test("a filter's values come with as many requests as each leaves, and the list with the sum of those", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/requests?range=30d&client=claude-code")
    await page.selectOption("#filter-field", "model")
    const values = page.locator("select[name=value] option", { hasText: "claude" })
    await values.first().waitFor({ state: "attached" })
    const labels = await values.allTextContents()
    expect(labels.map((label) => label.replace(/ \(.*/, "")).sort()).toEqual(["claude-opus-4.5", "claude-sonnet-4.5"])
    expect(await page.locator("select[name=value] option").count()).toBe(3) // no other client's models
    const [, left] = /\((\d+)\)/.exec(labels[0]!)!
    await page.selectOption("select[name=value]", { label: labels[0]! })
    await page.waitForFunction(
      (requests) => document.querySelector(".sums b")?.textContent === `${requests} requests`,
      left,
    )
    expect(await page.locator(".sums").textContent()).toMatch(/tokens in, .* out · \$\d/)
    expect(watched.complaints).toEqual([])
    await watched.close()
  })

  test("models are compared by speed and by what a turn costs, as /api/quality has it", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/quality?range=90d&by=client")
    const row = page.getByRole("region", { name: "Speed and cost by client" }).locator("tbody tr", { hasText: "codex" })
    const cells = await row.locator("td").allTextContents()
    const answer = await fetch(`${rig.proxy.url}/api/quality?group_by=client`, {
      headers: { authorization: `Bearer ${MASTER}` },
    })
    const { rows } = (await answer.json()) as Loose
    const { speed, efficiency } = rows.find(({ key }: Loose) => key === "codex")
    expect(cells.slice(1)).toEqual([
      `${duration(speed.ttft_ms.p50)} to ${duration(speed.ttft_ms.p90)}`,
      String(Math.round(speed.tokens_per_second.p50)),
      duration(speed.overhead_ms.p50),
      duration(speed.memory_ms.p50),
      percent(efficiency.cache_hit_ratio),
      money(efficiency.cost_per_turn_usd),
    ])
    await watched.close()
  })

  test("whether memory helps is told signal by signal, against the sessions it was withheld from", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/quality?range=90d&by=memory")
    const table = page.getByRole("region", { name: "With memory and without" })
    const heads = ["Signal", "Better", "With memory", "Withheld", "Difference", "95 % interval", "Verdict"]
    expect(await table.locator("th").allTextContents()).toEqual(heads)
    const accepted = await table.locator("tbody tr", { hasText: "accepted" }).locator("td").allTextContents()
    expect(accepted[1]).toBe("more")
    expect(accepted[4]).toMatch(/^[+−]\d+\.\d/)
    expect(accepted[5]).toMatch(/^[+−]\d+\.\d to [+−]\d+\.\d$/)
    await visit(watched, "#/quality?range=90d&by=model")
    expect(await table.count()).toBe(0)
    expect(watched.complaints).toEqual([])
    await watched.close()
  })

  test("a request is found by the id that its answer named", async () => {
    const watched = await rig.open()
    const { page } = watched
    const id = (await send("Hello!")).headers.get("x-memproxy-request-id")!
    await logIn(watched, MASTER)
    await visit(watched, "#/requests?client=codex")
    await page.selectOption("#filter-field", "id")
    await page.fill("input[name=value]", id)
    await page.keyboard.press("Enter")
    await page.waitForSelector(".panel .facts")
    expect(await page.locator(".panel .facts").first().textContent()).toContain(id)
    expect(await page.locator(".chip").allTextContents()).toEqual([expect.stringContaining("codex")])
    await visit(watched, "#/requests?id=no-such-request")
    await page.locator(".panel .notice.error").waitFor()
    await watched.close()
  })

  test("back closes the request that was opened, not the list", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/sessions")
    await visit(watched, "#/requests?range=30d")
    await page.locator("tbody tr").first().locator("td.number").first().click()
    await page.waitForSelector(".panel .facts")
    await page.keyboard.press("j")
    await page.goBack()
    await page.waitForSelector(".panel", { state: "detached" })
    expect(await page.evaluate(() => location.hash)).toBe("#/requests?range=30d")
    await watched.close()
  })

  test("the overview's figures are those of /api/usage, and lead to their rows", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/overview?range=30d")
    const link = page.locator(".figure", { hasText: "Requests" }).locator(".value a")
    const from = await page.evaluate(() => {
      const day = new Date()
      day.setHours(0, 0, 0, 0)
      return day.setDate(day.getDate() - 29)
    })
    const answer = await fetch(`${rig.proxy.url}/api/usage?from=${from}`, {
      headers: { authorization: `Bearer ${MASTER}` },
    })
    const { totals } = (await answer.json()) as { totals: { requests: number } }
    expect(await link.textContent()).toBe(new Intl.NumberFormat("en").format(totals.requests))
    await link.click()
    await page.waitForFunction(() => location.hash === "#/requests?range=30d")
    await watched.close()
  })

  test("a page that nobody sees does not listen, and has what it missed when it is seen again", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/requests?client=curl&range=24h")
    await page.waitForSelector(".live.on")
    const look = (hidden: boolean) =>
      page.evaluate((value) => {
        Object.defineProperty(document, "hidden", { value, configurable: true })
        document.dispatchEvent(new Event("visibilitychange"))
      }, hidden)
    await look(true)
    await page.waitForSelector(".live:not(.on)")
    const id = (await send("Is anybody there?")).headers.get("x-memproxy-request-id")!
    await rig.proxy.row(id)
    await look(false)
    await page.locator(`tbody a[href*="${id}"]`).first().waitFor()
    await watched.close()
  })

  test("when the session is over while one watches, as after a restart, the login comes back", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/requests?client=nobody")
    await page.waitForSelector(".live.on")
    await page.context().clearCookies()
    await page.click(".live") // paused, and on again
    await page.click(".live")
    await page.waitForSelector("#key")
    await watched.close()
  })

  test("of hundreds of requests at once none is missing between those shown", async () => {
    const watched = await rig.open()
    const { page } = watched
    await logIn(watched, MASTER)
    await visit(watched, "#/requests?range=90d")
    await page.waitForSelector(".live.on")
    const headers = { authorization: `Bearer ${MASTER}` }
    const sums = async () =>
      ((await (await fetch(`${rig.proxy.url}/api/usage?group_by=key`, { headers })).json()) as Loose).totals.requests
    const before = await sums()
    for (let sent = 0; sent < 700; sent += 50) await Promise.all(Array.from({ length: 50 }, () => send("Hello!")))
    const all = new Intl.NumberFormat("en").format(before + 700)
    await page.waitForFunction((text) => document.querySelector(".sums b")?.textContent === `${text} requests`, all)
    const newest = (await (await fetch(`${rig.proxy.url}/api/requests?limit=1000`, { headers })).json()) as Loose
    const ids = newest.data.map(({ id }: Loose) => id) as string[]
    await page.waitForFunction((ids) => {
      const links = [...document.querySelectorAll("tbody tr td:first-child a")]
      const shown = links.map((link) => new URLSearchParams(link.getAttribute("href")!.split("?")[1]).get("id"))
      return shown.length > 0 && shown.every((id, at) => id === ids[at])
    }, ids)
    expect(watched.complaints).toEqual([])
    await watched.close()
  })

  test("the theme's switch goes before the system's choice, and lasts", async () => {
    const watched = await rig.open({ scheme: "light" })
    const { page } = watched
    await logIn(watched, MASTER)
    const theme = () => page.evaluate(() => document.documentElement.dataset["theme"])
    expect(await theme()).toBe("light")
    await page.getByRole("button", { name: /^Theme/ }).click() // light, now by choice
    await page.getByRole("button", { name: /^Theme/ }).click()
    expect(await theme()).toBe("dark")
    await page.reload()
    await page.waitForSelector("h1#view-title")
    expect(await theme()).toBe("dark")
    await watched.close()
  })
})
