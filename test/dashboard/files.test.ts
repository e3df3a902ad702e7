/** How the page is served: its policy, its files, and that it needs no key. No browser is needed for it. */
import { expect, test } from "bun:test"
import { useRig } from "../support/rig.ts"

const rig = useRig()
const get = (path: string, headers: Record<string, string> = {}) => fetch(rig.proxy.url + path, { headers })

test("the page is at / and /ui, needs no key, and forbids whatever is not its own", async () => {
  const page = await get("/")
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html;charset=utf-8"])
  const policy = page.headers.get("content-security-policy")!
  expect(policy).toStartWith("default-src 'none'")
  expect(policy).not.toMatch(/unsafe|\*|https?:/)
  expect(await (await get("/ui")).text()).toBe(await page.text())
})

test("it has no inline script or style, and all of its files are here and stay in caches", async () => {
  const html = await (await get("/")).text()
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bon\w+=|\bstyle=/)
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!)
  expect(files.map((path) => path.replace(/.*\./, "")).sort()).toEqual(["css", "js", "svg"])
  for (const path of files) {
    const file = await get(path)
    expect([path, file.status, file.headers.get("cache-control")]).toEqual([
      path,
      200,
      expect.stringContaining("immutable"),
    ])
    const again = await get(path, { "if-none-match": file.headers.get("etag")! })
    expect(again.status).toBe(304)
  }
})

test("a file that is not there is 404, whatever its name", async () => {
  for (const name of ["x.js", "..%2f..%2fetc%2fpasswd", "__proto__"])
    expect((await get(`/ui/${name}`)).status).toBe(404)
})
