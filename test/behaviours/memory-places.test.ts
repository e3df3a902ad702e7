/** Where a memory belongs, however its place is named and whatever the file's scope: through requests, /api/memories and the shell alike. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Loose } from "../support/json.ts"
import { chat, jsonHeaders } from "../support/lanes.ts"
import { runMemproxy } from "../support/memproxy.ts"
import { eventually, type Rig, useRig } from "../support/rig.ts"

const FACT = "By the way, the staging database of our team is called heron."
const QUESTION = "What is our staging database called?"

/** `project` as a client names it on purpose. */
const clientOf = (rig: Rig) => ({
  async ask(text: string, project: string, session: string) {
    const answer = await fetch(rig.proxy.url + chat.path(false), {
      method: "POST",
      headers: { ...jsonHeaders, "x-memory-user-id": "ann", "x-memory-project": project, "x-memory-session": session },
      body: JSON.stringify(chat.body(false, text)),
    })
    await answer.text()
    return answer.headers.get("x-memproxy-memory")
  },
  async api(method: string, path: string, body?: Loose): Promise<Loose> {
    const answer = await fetch(`${rig.proxy.url}/api/memories${path}`, {
      method,
      headers: jsonHeaders,
      ...(body && { body: JSON.stringify(body) }),
    })
    return answer.json()
  },
  async info(project: string): Promise<Loose> {
    const headers = { ...jsonHeaders, "x-memory-user-id": "ann", "x-memory-project": project }
    return (await fetch(`${rig.proxy.url}/memory-routing/info`, { headers })).json()
  },
})

describe("with scope: project, a repository is one place", () => {
  const rig = useRig(() => ({ memproxy: { memory: { engine: "local", timeout: 5 } } }))
  const { ask, api, info } = clientOf(rig)
  const root = mkdtempSync(join(tmpdir(), "memproxy-place-"))
  const below = join(root, "packages", "web")
  beforeAll(() => {
    mkdirSync(join(root, ".git"))
    mkdirSync(below, { recursive: true })
    writeFileSync(join(root, ".git", "HEAD"), "ref: refs/heads/main\n")
    writeFileSync(join(root, ".git", "config"), '[remote "origin"]\n\turl = git@github.com:acme/birds.git\n')
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  test("by its directory, a directory below, its remote's address or its key", async () => {
    const names = [root, `${root}/`, below, "git@github.com:acme/birds.git", "https://github.com/acme/birds"]
    for (const name of [...names, "github.com/acme/birds"])
      expect([name, (await info(name)).memory.namespace.project_key]).toEqual([name, "github.com/acme/birds"])
    expect((await info(below)).routing).toMatchObject({
      project: "acme/birds",
      rule: expect.stringContaining("project from the header x-memory-project"),
    })
    await ask(FACT, below, "first")
    await eventually("remembered", async () => (await api("GET", "?user_id=ann&q=heron")).data.length > 0)
    for (const [at, name] of names.entries()) expect(await ask(QUESTION, name, `q${at}`)).toMatch(/^hit/)
    expect(await ask(QUESTION, "birds", "elsewhere")).toBe("miss")
  })

  test("also for a memory that is added or looked for by hand", async () => {
    const content = "The nightly import of the birds runs at four."
    const added = await api("POST", "", { user_id: "ann", project: root, content })
    expect(added.project).toBe("acme/birds")
    for (const project of [root, "acme/birds", "github.com/acme/birds"]) {
      const { results } = await api("POST", "/search", { user_id: "ann", project, query: "When does the import run?" })
      expect([project, results[0]?.content]).toEqual([project, content])
    }
  })
})

describe("with scope: user, all of a user's memories are in one place", () => {
  const rig = useRig(() => ({ memproxy: { memory: { engine: "local", scope: "user", timeout: 5 } } }))
  const { ask, api } = clientOf(rig)
  const shell = async (...args: string[]) => {
    const { configFile, dataDir } = rig.proxy
    return runMemproxy(["memory", ...args, "--user", "ann", "--config", configFile, "--data-dir", dataDir])
  }

  test("what is kept by hand for one project is known in another one", async () => {
    await api("POST", "", { user_id: "ann", project: "shop", content: FACT })
    expect(await ask(QUESTION, "blog", "one")).toMatch(/^hit/)
    const found = await api("POST", "/search", { user_id: "ann", project: "wiki", query: QUESTION })
    expect(found.results.map(({ content }: Loose) => content)).toContain(FACT)
    expect((await shell("add", "The deploy train leaves on Tuesdays.", "--project", "shop")).code).toBe(0)
    expect(await ask("On which day does the deploy train leave?", "blog", "two")).toMatch(/^hit/)
  })

  test("who forgets a project does not forget what is everywhere", async () => {
    await api("POST", "", { user_id: "ann", content: FACT })
    expect(await api("DELETE", "?user_id=ann&project=shop")).toEqual({ deleted: 0 })
    expect((await api("DELETE", "?user_id=ann")).deleted).toBeGreaterThan(0)
  })
})
