/** `/mcp` with the official client: the tools, whose memories they reach, and what they refuse. */
import { afterAll, expect, test } from "bun:test"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { startFakeSupermemory, SUPERMEMORY_KEY } from "../support/fake-supermemory.ts"
import type { Loose } from "../support/json.ts"
import { auth, chat, jsonHeaders } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { useRig } from "../support/rig.ts"

const supermemory = startFakeSupermemory()
const rig = useRig(() => ({
  memproxy: {
    memory: { engine: "supermemory" },
    supermemory: { api_key: SUPERMEMORY_KEY, base_url: supermemory.url },
  },
}))
afterAll(() => supermemory.stop())

async function withClient<T>(
  headers: Record<string, string>,
  act: (client: Client) => Promise<T>,
  path = "/mcp",
): Promise<T> {
  const client = new Client({ name: "test", version: "1.0.0" })
  const url = new URL(rig.proxy.url + path)
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }))
  try {
    return await act(client)
  } finally {
    await client.close()
  }
}

const call = async (client: Client, name: string, args: Loose = {}): Promise<Loose> => {
  const result: Loose = await client.callTool({ name, arguments: args })
  const text: string = result.content[0].text
  return result.isError ? { error: text } : JSON.parse(text)
}
const as = (user: string, project?: string) => ({
  ...auth,
  "x-memory-user-id": user,
  ...(project && { "x-memory-project": project }),
})

test("the official client lists the tools, each with a schema and what it does to things", () =>
  withClient(as("ann"), async (client) => {
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "search_memories",
        "add_memory",
        "list_memories",
        "forget_memory",
        "usage_summary",
        "rate_answer",
      ]),
    )
    for (const { inputSchema, description, annotations } of tools) {
      expect(inputSchema.type).toBe("object")
      expect(description!.length).toBeGreaterThan(20)
      expect(annotations?.readOnlyHint).toBeBoolean()
    }
    expect(client.getServerVersion()?.name).toBe("memproxy")
  }))

test("a memory is added, found, listed and forgotten; another user and another project never see it", async () => {
  const added = await withClient(as("bob", "shop"), (client) =>
    call(client, "add_memory", { content: "The till opens at nine." }),
  )
  expect(added).toMatchObject({ user_id: "bob", project: "shop", content: "The till opens at nine.", source: "mcp" })
  const find = (user: string, project?: string) =>
    withClient(
      as(user, project),
      async (client) => (await call(client, "search_memories", { query: "till opens" })).results,
    )
  expect((await find("bob", "shop")).map(({ id }: Loose) => id)).toEqual([added.id])
  for (const [user, project] of [
    ["bob", "other"],
    ["bob", undefined],
    ["eve", "shop"],
  ] as const)
    expect(await find(user, project)).toEqual([])
  await withClient(as("bob"), async (client) => {
    expect((await call(client, "list_memories", { project: "shop" })).data).toHaveLength(1)
    expect((await call(client, "forget_memory", { id: added.id })).error).toContain("no memory")
    expect(await call(client, "forget_memory", { id: added.id, project: "shop" })).toEqual({ forgotten: added.id })
    expect((await call(client, "list_memories", { project: "shop" })).data).toEqual([])
  })
})

test("user and project may be in the path, for clients that set nothing but a URL", () =>
  withClient(
    {},
    async (client) => {
      const added = await call(client, "add_memory", { content: "Deploys are on Tuesdays." })
      expect(added).toMatchObject({ user_id: "cleo", project: "site" })
    },
    `/k/${MASTER}/u/cleo/p/site/mcp`,
  ))

test("usage is counted, and wrong arguments are said by name", () =>
  withClient(as("dan"), async (client) => {
    await fetch(rig.proxy.url + chat.path(false), {
      method: "POST",
      headers: jsonHeaders,
      body: JSON.stringify(chat.body(false)),
    })
    const usage = await call(client, "usage_summary", { group_by: "model" })
    expect(usage.rows.find(({ key }: Loose) => key === "chat").requests).toBe(1)
    expect((await call(client, "search_memories", { query: "x", limit: 1000 })).error).toStartWith("limit: ")
    expect((await call(client, "search_memories", { query: "x", user_id: "ann" })).error).toStartWith("user_id: ")
    expect(client.callTool({ name: "drop_tables" })).rejects.toThrow("no tool")
  }))

test("no key, no tools; and there is no stream to listen to", async () => {
  const post = (headers: Record<string, string>) =>
    fetch(`${rig.proxy.url}/mcp`, { method: "POST", headers, body: "{}" })
  expect((await post({ "content-type": "application/json" })).status).toBe(401)
  expect((await fetch(`${rig.proxy.url}/mcp`, { headers: { ...auth, accept: "text/event-stream" } })).status).toBe(405)
})

test("the info route counts this caller's memories, for those with a key", async () => {
  await withClient(as("fay", "shop"), (client) => call(client, "add_memory", { content: "Fay likes tea." }))
  const info = async (headers: Record<string, string>): Promise<Loose> =>
    (await fetch(`${rig.proxy.url}/memory-routing/info`, { headers })).json()
  expect((await info(as("fay", "shop"))).memory).toEqual({
    engine: "supermemory",
    namespace: { user_id: "fay", project_key: "shop" },
    memories: 1,
  })
  expect((await info(as("fay"))).memory.memories).toBe(0)
  expect((await info({ "x-memory-user-id": "fay" })).memory).toBeNull()
})

test("an answer is rated, by its id, and what cannot be rated is said", () =>
  withClient(as("gus"), async (client) => {
    const answer = await fetch(rig.proxy.url + chat.path(false), {
      method: "POST",
      headers: jsonHeaders,
      body: JSON.stringify(chat.body(false)),
    })
    await answer.text()
    const request_id = answer.headers.get("x-memproxy-request-id")!
    await rig.proxy.row(request_id)
    expect(await call(client, "rate_answer", { request_id, score: 0.5 })).toEqual({ request_id, score: 0.5 })
    expect((await call(client, "rate_answer", { request_id: "none", score: 1 })).error).toContain("none")
    expect((await call(client, "rate_answer", { request_id, score: 7 })).error).toStartWith("score: ")
  }))
