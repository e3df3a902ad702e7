/** `/api/memories` and `memproxy memory` over the real program: the calls, who may make them, and what they refuse. */
import { expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Loose, parseLoose } from "../support/json.ts"
import { MASTER, runMemproxy } from "../support/memproxy.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig(() => ({ memproxy: { memory: { engine: "local" } } }))

async function call(
  method: string,
  path: string,
  body?: unknown,
  key = MASTER,
): Promise<{ status: number; json: Loose; text: string }> {
  const answer = await fetch(`${rig.proxy.url}/api/memories${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
  })
  const text = await answer.text()
  return { status: answer.status, text, json: parseLoose(text) }
}

test("a memory is added, read, changed, found and forgotten", async () => {
  const added = await call("POST", "", {
    user_id: "ann",
    project: "shop",
    content: "The till closes at six.",
    created_at: "2026-03-01T10:00:00Z",
    metadata: { deep: { a: [1, null] } },
  })
  expect(added.status).toBe(201)
  expect(added.json).toMatchObject({
    user_id: "ann",
    project: "shop",
    session_id: null,
    role: "user",
    speaker: null,
    source: "api",
    request_id: null,
    created_at: "2026-03-01T10:00:00.000Z",
    metadata: { deep: { a: [1, null] } },
  })
  const { id } = added.json
  expect((await call("GET", `/${id}`)).json).toEqual(added.json)
  const found = await call("POST", "/search", { user_id: "ann", project: "shop", query: "When does the till close?" })
  expect(found.json.results[0]).toMatchObject({
    id,
    content: "The till closes at six.",
    score: expect.any(Number),
    why: expect.any(String),
  })
  expect(found.json.took_ms).toBeGreaterThanOrEqual(0)
  const changed = await call("PATCH", `/${id}`, { content: "The till closes at seven." })
  expect(changed.json).toMatchObject({ id, content: "The till closes at seven.", metadata: { deep: { a: [1, null] } } })
  expect(
    (await call("POST", "/search", { user_id: "ann", project: "shop", query: "till six" })).json.results[0].content,
  ).toContain("seven")
  expect((await call("DELETE", `/${id}`)).status).toBe(204)
  expect((await call("GET", `/${id}`)).status).toBe(404)
})

test("a key is in no part of a kept memory, and one that was a name leads to what is kept all the same", async () => {
  const key = (part: string) => `sk-proj-${part}abcdefghij0123456789`
  const names = { user_id: key("user"), project: key("project"), session_id: key("session") }
  const added = await call("POST", "", {
    ...names,
    content: "The lift is broken.",
    speaker: `Ann ${key("speaker")}`,
    metadata: { note: `use ${key("note")}`, password: "hunter2hunter2", deep: [{ at: "noon", floor: 3 }] },
  })
  expect(added.json).toMatchObject({
    user_id: expect.stringMatching(/^key-[0-9a-f]{16}$/),
    project: expect.stringMatching(/^key-/),
    session_id: expect.stringMatching(/^key-/),
    speaker: "Ann [redacted]",
    metadata: { note: "use [redacted]", password: "[redacted]", deep: [{ at: "noon", floor: 3 }] },
  })
  const found = await call("POST", "/search", { ...names, query: "Is the lift broken?" })
  expect(found.json.results[0]).toMatchObject({ id: added.json.id })
  const listed = await call("GET", `?${new URLSearchParams(names)}`)
  expect(listed.json.data).toHaveLength(1)
})

test("metadata without secrets comes back as it was written: digits, order, null, unseen characters; a key of it that is one does not", async () => {
  const metadata =
    '{"z":12345678901234567890,"a":{"id":9007199254740993,"none":null,"list":[1.0,-0,[]]},"":"","link":"/a%2Db","soft":"co\u00adop","__proto__":{"x":true}}'
  const body = `{"user_id":"exa","content":"Row seven is taken.","created_at":1.7e12,"metadata":${metadata}}`
  const added = await call("POST", "", body)
  expect(added.text).toContain(`"metadata":${metadata}`)
  const { id } = added.json
  for (const [method, path, sent] of [
    ["GET", `/${id}`],
    ["GET", "?user_id=exa"],
    ["GET", "/export?user_id=exa"],
    ["POST", "/search", { user_id: "exa", query: "Which row is taken?" }],
    ["PATCH", `/${id}`, { content: "Row eight is taken." }],
    ["PATCH", `/${id}`, `{"metadata":${metadata}}`],
  ] as const)
    expect((await call(method, path, sent)).text).toContain(`"metadata":${metadata}`)
  const line = `{"user_id":"exa","content":"Row nine is free.","metadata":${metadata}}`
  expect((await call("POST", "/import", line)).json).toMatchObject({ imported: 1 })
  expect((await call("GET", "?user_id=exa&q=nine")).text).toContain(`"metadata":${metadata}`)

  const secret = "sk-proj-abcdefghij0123456789"
  const kept = await call("POST", "", {
    user_id: "exa",
    content: "Row ten.",
    metadata: { [secret]: 1, nested: [{ password: [12345678, "hunter2hunter2"], pin: 12345678 }] },
  })
  expect(kept.json.metadata).toEqual({
    "[redacted]": 1,
    nested: [{ password: ["[redacted]", "[redacted]"], pin: 12345678 }],
  })
})

test("search without a project sees the project-less and those of all projects, nobody else's", async () => {
  for (const [user_id, project, content] of [
    ["eve", undefined, "plain fact of lions"],
    ["eve", "*", "general fact of lions"],
    ["eve", "zoo", "zoo fact of lions"],
    ["mal", undefined, "foreign fact of lions"],
  ])
    await call("POST", "", { user_id, project, content })
  const said = async (project?: string) =>
    (await call("POST", "/search", { user_id: "eve", project, query: "fact of lions" })).json.results
      .map((one: Loose) => one.content)
      .sort()
  expect(await said()).toEqual(["general fact of lions", "plain fact of lions"])
  expect(await said("zoo")).toEqual(["general fact of lions", "zoo fact of lions"])
})

test("lists go by pages, newest first, of a user, a project or a session", async () => {
  for (let at = 0; at < 7; at++)
    await call("POST", "", {
      user_id: "pat",
      project: at % 2 ? "odd" : undefined,
      session_id: `s${at % 3}`,
      content: `note ${at}`,
    })
  const contents: string[] = []
  for (let cursor = ""; ;) {
    const { json } = await call("GET", `?user_id=pat&limit=3${cursor && `&cursor=${cursor}`}`)
    contents.push(...json.data.map((one: Loose) => one.content))
    if (json.next_cursor === null) break
    cursor = json.next_cursor
  }
  expect(contents).toEqual([6, 5, 4, 3, 2, 1, 0].map((at) => `note ${at}`))
  expect((await call("GET", "?user_id=pat&project=odd")).json.data).toHaveLength(3)
  expect((await call("GET", "?user_id=pat&session_id=s0")).json.data).toHaveLength(3)
  expect((await call("GET", "?user_id=pat&q=NOTE%205")).json.data).toHaveLength(1)
  expect((await call("DELETE", "?user_id=pat&project=odd")).json).toEqual({ deleted: 3 })
  expect((await call("GET", "?user_id=pat")).json.data).toHaveLength(4)
})

test("import tells duplicates and bad lines, keeps the rest, and takes back what export gave", async () => {
  const line = (content: string, more: object = {}) =>
    JSON.stringify({ user_id: "kim", content, created_at: "2026-01-01", session_id: "s", ...more })
  const lines = [
    line("one"),
    line("one"),
    line("one", { speaker: "Kim" }),
    "",
    "{oops",
    JSON.stringify({ user_id: "kim" }),
    line("two", { created_at: "soon" }),
    line("two"),
  ]
  expect((await call("POST", "/import", lines.join("\n"))).json).toMatchObject({
    imported: 3,
    duplicates: 1,
    errors: [
      { line: 5 },
      { line: 6, message: expect.stringContaining("content") },
      { line: 7, message: expect.stringContaining("created_at") },
    ],
  })
  const { text } = await call("GET", "/export?user_id=kim")
  expect(
    text
      .trim()
      .split("\n")
      .map((one) => JSON.parse(one).content),
  ).toEqual(["one", "one", "two"])
  expect((await call("POST", "/import", text)).json).toEqual({ imported: 0, duplicates: 3, errors: [] })
})

test("places tell whose memories there are and of which projects, the most first", async () => {
  for (const [project, content] of [
    ["north", "The first of the north."],
    ["north", "The second of the north."],
    [undefined, "Of no project."],
  ])
    await call("POST", "", { user_id: "pia", project, content })
  const { data } = (await call("GET", "/places?user_id=pia")).json
  expect(data).toEqual([
    { user_id: "pia", project: "north", project_key: "north", memories: 2 },
    { user_id: "pia", project: null, project_key: null, memories: 1 },
  ])
  const all = (await call("GET", "/places")).json.data
  expect(all).toEqual(expect.arrayContaining(data))
  expect(new Set(all.map((place: Loose) => place.user_id)).size).toBeGreaterThan(1)
  await call("DELETE", "?user_id=pia")
  expect((await call("GET", "/places?user_id=pia")).json.data).toEqual([])
  expect((await call("GET", "/places", undefined, "sk-wrong")).status).toBe(401)
})

test("refusals are clear", async () => {
  expect((await call("GET", "?user_id=ann", undefined, "sk-wrong")).status).toBe(401)
  for (const [method, path, body] of [
    ["GET", ""],
    ["POST", "", {}],
    ["POST", "", { user_id: "a", content: " " }],
    ["POST", "", "no json"],
    ["POST", "/search", { user_id: "a" }],
    ["POST", "/search", { user_id: "a", query: "x", limit: 101 }],
    ["GET", "?user_id=a&limit=0"],
    ["GET", "?user_id=a&cursor=x"],
    ["PATCH", "/none", { metadata: 3 }],
  ] as const) {
    const { status, json } = await call(method, path, body)
    expect([method, path, [400, 404].includes(status), typeof json.error.message]).toEqual([
      method,
      path,
      true,
      "string",
    ])
  }
})

test("the shell does the same beside the running server", async () => {
  const shell = (...args: string[]) =>
    runMemproxy(
      ["memory", ...args, "--user", "sam", "--config", rig.proxy.configFile, "--data-dir", rig.proxy.dataDir],
      { cwd: rig.proxy.dir },
    )
  expect((await shell("list")).stderr).toContain("no memories")
  await call("POST", "", { user_id: "sam", content: "x\u001b]0;evil\u0007y", speaker: "\u001b[2J" })
  expect((await shell("list")).stdout).toMatch(/�\[2J: x�\]0;evil�y\n$/)
  const { stdout: id } = await shell("add", "Sam's desk is on floor nine.")
  expect((await shell("search", "Where is Sam's desk?")).stdout).toContain("floor nine")
  expect((await call("GET", `/${id.trim()}`)).json.content).toContain("floor nine")
  const file = join(rig.proxy.dir, "claude.json")
  writeFileSync(file, JSON.stringify([{ uuid: "u", chat_messages: [{ sender: "human", text: "I play the oboe." }] }]))
  expect((await shell("import", file)).stdout).toContain("1 imported")
  expect((await shell("export")).stdout).toContain("oboe")
  expect((await shell("forget", id.trim())).code).toBe(0)
  expect((await call("GET", `/${id.trim()}`)).status).toBe(404)
  expect((await shell("forget")).code).toBe(2)
  expect((await shell("forget", "--yes")).stdout).toContain("2 forgotten")
})
