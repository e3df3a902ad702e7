/** Memory that fails: the answer is the one without it, in time, and the header says why. */
import { Database } from "bun:sqlite"
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type FakeProvider, startFakeProvider } from "../support/fake-provider.ts"
import { type FakeSupermemory, startFakeSupermemory, SUPERMEMORY_KEY } from "../support/fake-supermemory.ts"
import type { Loose } from "../support/json.ts"
import { chat, jsonHeaders, testConfig } from "../support/lanes.ts"
import { type Memproxy, startMemproxy } from "../support/memproxy.ts"
import { eventually } from "../support/rig.ts"

setDefaultTimeout(20_000)
const supermemory: FakeSupermemory = startFakeSupermemory()
let provider: FakeProvider
beforeAll(async () => void (provider = await startFakeProvider()))
beforeEach(() => {
  provider.reset()
  supermemory.fail(null)
  supermemory.profileFinds = true
  supermemory.calls.length = 0
})
afterAll(async () => {
  await provider.stop()
  await supermemory.stop()
})

const memproxy = (timeout: number, base_url = supermemory.url): Loose => ({
  memory: { engine: "supermemory", timeout },
  supermemory: { api_key: SUPERMEMORY_KEY, base_url },
})
const QUESTION = "What is the staging database called?"

async function ask(proxy: Memproxy, who = "ann") {
  const body = JSON.stringify(chat.body(false, QUESTION))
  const started = performance.now()
  const answer = await fetch(proxy.url + chat.path(false), {
    method: "POST",
    headers: { ...jsonHeaders, "x-memory-user-id": who },
    body,
  })
  const text = await answer.text()
  const { text: sent } = provider.received.at(-1)!
  return {
    memory: answer.headers.get("x-memproxy-memory"),
    isAnswered: answer.status === 200 && text.includes("Hello from the fake provider."),
    isUntouched: sent === body.replace('"chat"', '"up-chat"'),
    ms: performance.now() - started,
  }
}

async function withProxy<T>(config: Loose, act: (proxy: Memproxy) => Promise<T>, dir?: string): Promise<T> {
  const proxy = await startMemproxy({ config: testConfig(provider.url, { memproxy: config }), ...(dir && { dir }) })
  try {
    return await act(proxy)
  } finally {
    await proxy.stop()
  }
}

test("an engine that is silent is left at the end of its time", () =>
  withProxy(memproxy(0.3), async (proxy) => {
    supermemory.fail({ hang: true })
    const { memory, isAnswered, isUntouched, ms } = await ask(proxy)
    expect(memory).toBe("error; reason=timeout")
    expect({ isAnswered, isUntouched }).toEqual({ isAnswered: true, isUntouched: true })
    expect(ms).toBeGreaterThan(290)
  }))

test("an engine that refuses says with what, its key or its trouble", () =>
  withProxy(memproxy(5), async (proxy) => {
    for (const status of [401, 402, 429, 500, 503]) {
      supermemory.fail({ status })
      expect(await ask(proxy)).toMatchObject({
        memory: `error; reason=http-${status}`,
        isAnswered: true,
        isUntouched: true,
      })
    }
    const row = (await proxy.rows())[0] as Loose
    expect(row).toMatchObject({ memory_status: "error", memories_injected: 0 })
    expect(proxy.stderr()).not.toContain(SUPERMEMORY_KEY)
  }))

test("while an engine fails, earlier turns go out as they went out before, and the new one stays without for good", () =>
  withProxy(memproxy(5), async (proxy) => {
    supermemory.learn("zoe", "The staging database is called heron.")
    const turns: Loose[] = []
    const send = async (next: Loose[]) => {
      turns.push(...next)
      const answer = await fetch(proxy.url + chat.path(false), {
        method: "POST",
        headers: { ...jsonHeaders, "x-memory-user-id": "zoe" },
        body: JSON.stringify({ model: "chat", messages: turns }),
      })
      await answer.arrayBuffer()
      return [answer.headers.get("x-memproxy-memory"), provider.received.at(-1)!.json.messages] as const
    }
    const user = (content: string): Loose => ({ role: "user", content })
    const assistant: Loose = { role: "assistant", content: "Well." }
    const [first, sent] = await send([user(QUESTION)])
    expect([first, sent[0].content]).toEqual([expect.stringMatching(/^hit/), expect.stringContaining("heron")])
    supermemory.fail({ status: 500 })
    const [second, sentNext] = await send([assistant, user("And the database in Lyon?")])
    expect(second).toBe("error; reason=http-500")
    expect(sentNext).toEqual([...sent, assistant, user("And the database in Lyon?")])
    supermemory.fail(null)
    const [, sentLast] = await send([assistant, user("And the staging one?")])
    expect(sentLast.slice(0, 4)).toEqual([...sentNext, assistant])
  }))

test("an engine that is not there is a network error", () =>
  withProxy(memproxy(5, "http://127.0.0.1:9"), async (proxy) => {
    expect(await ask(proxy)).toMatchObject({ memory: "error; reason=network", isAnswered: true, isUntouched: true })
  }))

test("a self-hosted profile that finds nothing is followed by a search", () =>
  withProxy(memproxy(5), async (proxy) => {
    supermemory.profileFinds = false
    supermemory.learn("sam", "The staging database is called heron.")
    expect((await ask(proxy, "sam")).memory).toMatch(/^hit; n=1/)
    expect(supermemory.calls.map(({ path }) => path).slice(0, 2)).toEqual(["/v4/profile", "/v4/search"])
    for (const { path, body } of supermemory.calls)
      expect(path === "/v4/conversations" ? body.containerTags : [body.containerTag]).toEqual(["sam"])
  }))

test("what could not be stored is sent again until it is, and the requests do not wait for it", () =>
  withProxy(memproxy(5), async (proxy) => {
    supermemory.fail({ path: "/v4/conversations", status: 503, headers: { "retry-after": "0" }, times: 2 })
    expect((await ask(proxy, "tom")).isAnswered).toBe(true)
    const tries = () => supermemory.calls.filter(({ path }) => path === "/v4/conversations")
    await eventually("sent three times", () => tries().length === 3)
    expect(new Set(tries().map(({ body }) => JSON.stringify(body))).size).toBe(1)
  }))

test("what was not sent when the process was killed is sent when it starts again, once", async () => {
  const dir = mkdtempSync(join(tmpdir(), "memproxy-outbox-"))
  const config = testConfig(provider.url, { memproxy: memproxy(5) })
  supermemory.fail({ path: "/v4/conversations", status: 503 })
  const proxy = await startMemproxy({ config, dir })
  expect((await ask(proxy, "vic")).isAnswered).toBe(true)
  await eventually("tried", () => supermemory.calls.some(({ path }) => path === "/v4/conversations"))
  await proxy.kill9()
  supermemory.fail(null)
  supermemory.calls.length = 0
  const again = await startMemproxy({ config, dir })
  const sent = () => supermemory.calls.filter(({ path }) => path === "/v4/conversations")
  await eventually("sent", () => sent().length === 1)
  expect(sent()[0]!.body.messages[0]).toEqual({ role: "user", content: QUESTION })
  const file = new Database(join(dir, "data", "memory.db"), { readonly: true })
  await eventually("crossed out", () => file.query("SELECT * FROM outbox").values().length === 0)
  file.close()
  await again.stop()
  await withProxy(memproxy(5), async () => void (await Bun.sleep(200)), dir)
  expect(sent()).toHaveLength(1)
  rmSync(dir, { recursive: true })
})

test("a memory database that is damaged is set aside, one that is locked is gone without", async () => {
  const dir = mkdtempSync(join(tmpdir(), "memproxy-memory-"))
  const file = join(dir, "data", "memory.db")
  mkdirSync(join(dir, "data"), { mode: 0o700 })
  writeFileSync(file, "this is no database, and never was one. ".repeat(200))
  supermemory.learn("uma", "The staging database is called heron.")
  await withProxy(
    memproxy(5),
    async (proxy) => {
      expect(await ask(proxy, "uma")).toMatchObject({
        memory: "error; reason=corrupt",
        isAnswered: true,
        isUntouched: true,
      })
      expect((await ask(proxy, "uma")).memory).toMatch(/^hit/)
      expect(readdirSync(join(dir, "data")).some((name) => name.startsWith("memory.db.bad-"))).toBe(true)
    },
    dir,
  )
  const locker = new Database(file)
  locker.run("PRAGMA locking_mode = EXCLUSIVE")
  locker.run("BEGIN EXCLUSIVE")
  locker.run("CREATE TABLE held (x)")
  await withProxy(
    memproxy(5),
    async (proxy) => {
      expect(await ask(proxy, "uma")).toMatchObject({
        memory: "error; reason=locked",
        isAnswered: true,
        isUntouched: true,
      })
      locker.run("ROLLBACK")
      locker.close()
      expect((await ask(proxy, "uma")).memory).toMatch(/^hit/)
    },
    dir,
  )
  rmSync(dir, { recursive: true })
})

describe("the engine inside the binary", () => {
  const local = (timeout: number): Loose => ({ memory: { engine: "local", timeout } })
  const folder = () => {
    const dir = mkdtempSync(join(tmpdir(), "memproxy-local-"))
    mkdirSync(join(dir, "data"), { mode: 0o700 })
    return { dir, file: join(dir, "data", "memory.db") }
  }
  const tell = async (proxy: Memproxy, who: string) => {
    const content = "The staging database is called heron."
    const answer = await fetch(`${proxy.url}/api/memories`, {
      method: "POST",
      headers: jsonHeaders,
      body: JSON.stringify({ user_id: who, content }),
    })
    expect(answer.status).toBe(201)
  }

  const callTool = async (proxy: Memproxy, name: string, args: Loose): Promise<Loose> => {
    const answer = await fetch(`${proxy.url}/mcp`, {
      method: "POST",
      headers: { ...jsonHeaders, accept: "application/json, text/event-stream" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } }),
    })
    return ((await answer.json()) as Loose).result
  }

  test("a database that is locked from the start is gone without, and used once it is free", async () => {
    const { dir, file } = folder()
    await withProxy(local(5), (proxy) => tell(proxy, "wes"), dir)
    const locker = new Database(file)
    locker.run("PRAGMA locking_mode = EXCLUSIVE")
    locker.run("BEGIN EXCLUSIVE")
    locker.run("CREATE TABLE held (x)")
    await withProxy(
      local(5),
      async (proxy) => {
        expect(await ask(proxy, "wes")).toMatchObject({
          memory: "error; reason=locked",
          isAnswered: true,
          isUntouched: true,
        })
        locker.run("ROLLBACK")
        locker.close()
        expect((await ask(proxy, "wes")).memory).toMatch(/^hit/)
      },
      dir,
    )
    rmSync(dir, { recursive: true })
  })

  test("a database that another program writes to is read all the same, and what was said is kept once it may be", async () => {
    const { dir, file } = folder()
    await withProxy(
      local(5),
      async (proxy) => {
        await tell(proxy, "xia")
        await eventually("found", async () => (await ask(proxy, "xia")).memory?.startsWith("hit") ?? false)
        const locker = new Database(file)
        locker.run("PRAGMA busy_timeout = 5000")
        locker.run("BEGIN IMMEDIATE")
        expect((await ask(proxy, "xia")).memory).toMatch(/^hit/)
        await Bun.sleep(100)
        expect((await ask(proxy, "xia")).isAnswered).toBe(true)
        const list = await fetch(`${proxy.url}/api/memories?user_id=xia`, { headers: jsonHeaders })
        expect([list.status, proxy.stderr()]).toEqual([200, expect.not.stringContaining("unhandled")])
        const content = "The pier is closed."
        const refused = await fetch(`${proxy.url}/api/memories`, {
          method: "POST",
          headers: jsonHeaders,
          body: JSON.stringify({ user_id: "xia", content }),
        })
        const { error }: Loose = await refused.json()
        expect([refused.status, error.message]).toEqual([503, expect.stringContaining("another program holds")])
        expect(await callTool(proxy, "add_memory", { content })).toMatchObject({
          isError: true,
          content: [{ text: expect.stringContaining("another program holds") }],
        })
        locker.run("ROLLBACK")
        locker.close()
        const kept = async (): Promise<Loose> => {
          const answer = await fetch(`${proxy.url}/api/memories?user_id=xia`, { headers: jsonHeaders })
          return answer.json()
        }
        await eventually("kept", async () => (await kept()).data?.some(({ content }: Loose) => content === QUESTION))
      },
      dir,
    )
    rmSync(dir, { recursive: true })
  })
})
