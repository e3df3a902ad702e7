/** The dashboard's session at the real program: what opens it, what it opens, and what a page elsewhere cannot do with it. */
import { expect, test } from "bun:test"
import { MASTER } from "../support/memproxy.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig()
const call = (path: string, init: RequestInit = {}) => fetch(rig.proxy.url + path, init)
const logIn = (body: unknown) => call("/api/login", { method: "POST", body: JSON.stringify(body) })
const cookieOf = (response: Response) => response.headers.get("set-cookie")!.split(";")[0]!

test("the master key opens a session of twelve hours that scripts and other sites cannot touch", async () => {
  const answer = await logIn({ key: MASTER })
  expect(answer.status).toBe(204)
  const [pair, ...attributes] = answer.headers.get("set-cookie")!.split("; ")
  expect(pair).toMatch(/^memproxy_session=[\w-]{43}$/)
  expect(attributes.sort()).toEqual(["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Strict"])
})

test("the session opens /api and no model; logging out ends it", async () => {
  const headers = { cookie: cookieOf(await logIn({ key: MASTER })) }
  const statusOf = async (path: string) => (await call(path, { headers })).status
  expect([await statusOf("/api/requests"), await statusOf("/api/usage"), await statusOf("/v1/models")]).toEqual([
    200, 200, 401,
  ])
  const left = await call("/api/logout", { method: "POST", headers: { ...headers, origin: rig.proxy.url } })
  expect([left.status, left.headers.get("set-cookie")]).toEqual([204, expect.stringContaining("Max-Age=0")])
  expect(await statusOf("/api/requests")).toBe(401)
})

test("no key, a wrong one, one of a hundred kilobytes and a body that is no JSON open nothing", async () => {
  const statuses = [await logIn({}), await logIn({ key: "sk-wrong" }), await logIn({ key: "k".repeat(100_000) })]
  expect(statuses.map(({ status }) => status)).toEqual([400, 401, 413])
  const broken = await call("/api/login", { method: "POST", body: "{" })
  expect([broken.status, broken.headers.get("set-cookie")]).toEqual([400, null])
  await logIn({ key: MASTER }) // the tries are forgotten, for the tests after this one
})

test("a foreign page can neither log in nor out", async () => {
  const headers = { cookie: cookieOf(await logIn({ key: MASTER })), origin: "https://evil.test" }
  for (const path of ["/api/login", "/api/logout"])
    expect((await call(path, { method: "POST", headers, body: JSON.stringify({ key: MASTER }) })).status).toBe(403)
  expect((await call("/api/requests", { headers: { cookie: headers.cookie } })).status).toBe(200)
})

test("guessing is slow: after five wrong keys the right one has to wait too", async () => {
  for (let count = 0; count < 5; count++) expect((await logIn({ key: `sk-guess-${count}` })).status).toBe(401)
  const answer = await logIn({ key: MASTER })
  expect([answer.status, Number(answer.headers.get("retry-after")) > 0]).toEqual([429, true])
})
