import { expect, test } from "bun:test"
import { CookieJars } from "../../src/upstream/cookies.ts"

const url = "https://api.supermemory.ai/v3/api.anthropic.com/v1/messages"
function jars() {
  const time = { ms: 1_000_000 }
  const jar = new CookieJars(() => time.ms)
  const set = (cookie: string, user = "ann", to = url) => jar.store(to, user, [["set-cookie", cookie]])
  return { time, jar, set }
}

test("cookies go back to their host for their user only", () => {
  const { jar, set } = jars()
  set("__cf_bm=abc; Path=/; HttpOnly; Secure; Domain=supermemory.ai")
  set("b=2")
  expect(jar.header(url, "ann")).toBe("__cf_bm=abc; b=2")
  expect(jar.header(url, "bob")).toBeNull()
  expect(jar.header("https://api.openai.com/v1", "ann")).toBeNull()
  expect(jar.header("http://api.supermemory.ai/v3", "ann")).toBe("b=2")
})

test("a later value replaces an earlier one, and time or the host's word removes it", () => {
  const { jar, set, time } = jars()
  set("a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
  set("a=2; max-age=10")
  set("b=1; expires=Thu, 01 Jan 1970 01:00:00 GMT")
  expect(jar.header(url, "ann")).toBe("a=2; b=1")
  time.ms += 10_000
  expect(jar.header(url, "ann")).toBe("b=1")
  set("b=; Max-Age=0")
  expect(jar.header(url, "ann")).toBeNull()
})

test("another path's, another domain's and malformed cookies are not kept or not sent", () => {
  const { jar, set } = jars()
  for (const bad of [
    "a=1; Domain=evil.example",
    "a=1; Domain=ai",
    "=x",
    "novalue",
    "a b=1",
    "a=1\r\nx: y",
    `a=${"x".repeat(5000)}`,
  ])
    set(bad)
  set("p=1; Path=/v3")
  set("q=1; Path=/v3/api")
  expect(jar.header(url, "ann")).toBe("p=1")
})

test("neither many cookies nor many users grow without bound", () => {
  const { jar, set } = jars()
  for (let i = 0; i < 200; i++) set(`c${i}=1`)
  expect(jar.header(url, "ann")!.split("; ").length).toBe(50)
  for (let i = 0; i < 1000; i++) set("a=1", `user ${i}`)
  expect(jar.header(url, "ann")).toBeNull()
  expect(jar.header(url, "user 999")).toBe("a=1")
})
