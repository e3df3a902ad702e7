/** Memory in a request's way and out of it: what the provider sees, what is remembered, and what stays as the client sent it. */
import { afterAll, describe, expect, test } from "bun:test"
import { MEMORY_TAG } from "../../src/exchange.ts"
import { bodyOf, conversationBytes, rawMember, writers } from "../support/conversation.ts"
import { type FakeSupermemory, startFakeSupermemory, SUPERMEMORY_KEY } from "../support/fake-supermemory.ts"
import type { Loose } from "../support/json.ts"
import { type Lane, claude, chat, jsonHeaders, lanes } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { eventually, useRig } from "../support/rig.ts"

const supermemory: FakeSupermemory = startFakeSupermemory()
const memproxy = {
  memory: { engine: "supermemory", scope: "project" },
  supermemory: { api_key: SUPERMEMORY_KEY, base_url: supermemory.url },
}
const rig = useRig(() => ({ memproxy }))
afterAll(() => supermemory.stop())

const FACT = "The staging database is called heron."
const QUESTION = "What is the staging database called?"
let user = 0
/** A user nobody else in this file is. */
const somebody = () => `user-${++user}`

interface Call {
  body?: Loose
  headers?: Record<string, string>
  stream?: boolean
  model?: string
}

async function ask(lane: Lane, userId: string, { body, headers, stream = false, model }: Call = {}) {
  const answer = await fetch(rig.proxy.url + lane.path(stream, model), {
    method: "POST",
    headers: { ...jsonHeaders, "x-memory-user-id": userId, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body ?? lane.body(stream, QUESTION)),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    memory: answer.headers.get("x-memproxy-memory"),
    text,
    id: answer.headers.get("x-memproxy-request-id"),
  }
}

const sent = () => rig.provider.received.at(-1)!.text
const blocksIn = (text: string) => text.split(`<${MEMORY_TAG}>`).length - 1

for (const lane of lanes)
  describe(lane.dialect, () => {
    const { user, says, calls, result, key } = writers[lane.dialect]

    test("what is known is the last part of the newest user turn, and nothing else of the request changes", async () => {
      const who = somebody()
      supermemory.learn(who, FACT)
      const history = [user("Hello."), says("Hi."), user(QUESTION)]
      const { memory } = await ask(lane, who, { body: bodyOf(lane, history) })
      expect(memory).toMatch(/^hit; n=1; tokens=\d+; ms=\d+$/)
      const last = JSON.parse(sent())[key].at(-1)
      expect(JSON.stringify(last)).toContain("heron")
      expect(blocksIn(sent())).toBe(1)
      const clean = JSON.stringify(bodyOf(lane, history))
      for (const untouched of ["system", "instructions", "systemInstruction", "tools"])
        expect(rawMember(sent(), untouched)).toBe(rawMember(clean, untouched))
      const [before] = conversationBytes(lane, clean).split(QUESTION)
      expect(conversationBytes(lane, sent()).startsWith(before!)).toBe(true)
    })

    test("in ten turns with tool loops each request begins with all of the one before, byte for byte, also after a restart", async () => {
      const who = somebody()
      const birds = ["heron", "egret", "stork", "crane", "finch", "robin", "raven", "eagle", "swift", "snipe"]
      for (const bird of birds.slice(2)) supermemory.learn(who, `The ${bird} database holds ${bird} things.`)
      const history: Loose[] = []
      let before = ""
      const send = async () => {
        await ask(lane, who, { body: bodyOf(lane, history), headers: { "x-memproxy-memory": "read" } })
        const now = conversationBytes(lane, sent())
        expect(now.startsWith(before)).toBe(true)
        expect(now.length).toBeGreaterThan(before.length)
        before = now
        for (const untouched of ["system", "instructions", "systemInstruction", "tools"])
          expect(rawMember(sent(), untouched)).toBe(rawMember(JSON.stringify(bodyOf(lane, history)), untouched))
      }
      for (const [at, bird] of birds.entries()) {
        history.push(user(`${bird}?`))
        await send()
        if (at % 2 === 0) {
          history.push(calls(`call_${at}`), result(`call_${at}`, "looked"))
          await send()
        }
        expect(blocksIn(sent())).toBe(Math.max(0, at - 1))
        if (at === 5) await rig.restart()
        history.push(says(`${bird} things.`))
      }
    })
  })

test("a bare text that Anthropic clients send later for a marked list is the same turn: two blocks in either form", async () => {
  const who = somebody()
  supermemory.learn(who, FACT)
  const first = {
    model: "claude",
    max_tokens: 64,
    messages: [{ role: "user", content: [{ type: "text", text: QUESTION, cache_control: { type: "ephemeral" } }] }],
  }
  await ask(claude, who, { body: first })
  const [marked] = JSON.parse(sent()).messages
  const later = {
    ...first,
    messages: [
      { role: "user", content: QUESTION },
      writers.anthropic.says("heron"),
      { role: "user", content: [{ type: "text", text: "Thanks!", cache_control: { type: "ephemeral" } }] },
    ],
  }
  await ask(claude, who, { body: later })
  const [bare] = JSON.parse(sent()).messages
  delete marked.content[0].cache_control
  expect(bare).toEqual(marked)
  expect(sent().match(/cache_control/g)).toHaveLength(1)
})

test("a turn that the client changed is another turn, and so are those after it: they go out as they came", async () => {
  const who = somebody()
  supermemory.learn(who, FACT)
  const { user, says } = writers["openai-chat"]
  await ask(chat, who, { body: bodyOf(chat, [user(QUESTION)]) })
  expect(blocksIn(sent())).toBe(1)
  await ask(chat, who, { body: bodyOf(chat, [user(`${QUESTION} Quickly.`), says("heron"), user("Thanks!")]) })
  expect(blocksIn(sent())).toBe(0)
})

test("echo answers with the memory that a provider would have seen", async () => {
  const who = somebody()
  supermemory.learn(who, FACT)
  const { text } = await ask(chat, who, { body: { ...chat.body(false, QUESTION), model: "echo" } })
  expect(JSON.parse(text).choices[0].message.content).toContain("heron")
})

describe("what is no conversation gets no memory and leaves none behind", () => {
  const prompt = (text: string) => [{ role: "system", content: text }, ...chat.body(false, QUESTION).messages]
  const claudeBody = claude.body(false, QUESTION)
  const cases: [
    name: string,
    reason: string,
    lane: Lane,
    body: Loose,
    headers?: Record<string, string>,
    path?: string,
  ][] = [
    ["a probe", "probe", claude, { ...claudeBody, max_tokens: 1 }],
    [
      "a title call",
      "title",
      chat,
      { model: "chat", messages: prompt("You are a title generator. You output ONLY a title.") },
    ],
    ["a sub-agent", "sub-agent", claude, claudeBody, { "x-claude-code-agent-id": "a26c3931cfc64049e" }],
    [
      "a structured call without tools",
      "structured",
      chat,
      { ...chat.body(false, QUESTION), response_format: { type: "json_schema", json_schema: {} } },
    ],
    ["a count of tokens", "count_tokens", claude, claudeBody, {}, "/v1/messages/count_tokens"],
    ["an embedding", "embeddings", chat, { model: "chat", input: QUESTION }, {}, "/v1/embeddings"],
  ]
  for (const [name, reason, lane, body, headers, path] of cases)
    test(name, async () => {
      const who = somebody()
      supermemory.learn(who, FACT)
      const calls = supermemory.calls.length
      const answer = await fetch(rig.proxy.url + (path ?? lane.path(false)), {
        method: "POST",
        headers: { ...jsonHeaders, "x-memory-user-id": who, ...headers },
        body: JSON.stringify(body),
      })
      await answer.text()
      expect(answer.headers.get("x-memproxy-memory")).toBe(`skip; reason=${reason}`)
      const row = await rig.proxy.row(answer.headers.get("x-memproxy-request-id"))
      expect(row).toMatchObject({ memory_status: "skip", memories_injected: 0, memory_tokens: 0 })
      expect(sent()).not.toContain("heron")
      expect(supermemory.calls.slice(calls)).toEqual([])
    })
})

test("the caller says what memory may do, and a word that is none is refused", async () => {
  const who = somebody()
  supermemory.learn(who, FACT)
  const with_ = (mode: string) => ask(chat, who, { headers: { "x-memproxy-memory": mode } })
  expect((await with_("on")).memory).toMatch(/^hit/)
  expect((await with_("read")).memory).toMatch(/^hit/)
  expect((await with_("write")).memory).toBe("skip; reason=write-only")
  expect((await with_("off")).memory).toBe("off")
  expect(blocksIn(sent())).toBe(0)
  const { status, text } = await with_("of")
  expect(status).toBe(400)
  expect(JSON.parse(text).error.message).toContain("on, read, write or off")
})

test("the row and its detail say which memories went in, and how well they fitted", async () => {
  const who = somebody()
  supermemory.learn(who, FACT)
  const { id } = await ask(chat, who)
  const row = await rig.proxy.row(id)
  expect(row).toMatchObject({ memory_status: "hit", memories_injected: 1 })
  expect(row.memory_tokens).toBeGreaterThan(20)
  expect(row.memory_ms).toBeGreaterThan(0)
  const entry: Loose = await (
    await fetch(`${rig.proxy.url}/api/requests/${id}`, { headers: { authorization: `Bearer ${MASTER}` } })
  ).json()
  expect(entry.memories).toMatchObject([
    { id: expect.any(String), score: expect.any(Number), why: "search", tokens: expect.any(Number) },
  ])
})

test("a miss is a miss", async () => {
  expect((await ask(chat, somebody())).memory).toBe("miss")
})

const remembered = (tag: string) =>
  supermemory.calls.filter(({ path, body }) => path === "/v4/conversations" && body.containerTags[0] === tag)

for (const lane of lanes)
  for (const stream of [false, true])
    test(`${lane.dialect}: what was said is remembered, ${stream ? "streamed" : "whole"}, and nothing else`, async () => {
      const who = somebody()
      supermemory.learn(who, FACT)
      const { user, says, calls, result } = writers[lane.dialect]
      const reminder = "<system-reminder>The time is five.</system-reminder>"
      const history = [
        user("Hello."),
        says("Hi."),
        calls("c1"),
        result("c1", "a secret file"),
        user(`${reminder}${QUESTION}`),
      ]
      const { memory } = await ask(lane, who, {
        stream,
        body: bodyOf(lane, history, lane.dialect === "gemini" ? {} : { stream }),
      })
      expect(memory).toMatch(/^hit/)
      await eventually("remembered", () => remembered(who).length === 1)
      expect(remembered(who)[0]!.body.messages).toEqual([
        { role: "user", content: QUESTION },
        { role: "assistant", content: "Hello from the fake provider." },
      ])
    })

test("a request sent again is remembered once, and so are the question and the words of a tool loop", async () => {
  const who = somebody()
  const { user, calls, result } = writers.anthropic
  const turn = bodyOf(claude, [user("My cat is called Miso.")])
  await ask(claude, who, { body: turn })
  await ask(claude, who, { body: turn })
  await ask(claude, who, {
    body: bodyOf(claude, [user("My cat is called Miso."), calls("c1"), result("c1", "looked")]),
  })
  await ask(claude, who, { body: bodyOf(claude, [user("And my dog Rex.")]) })
  await eventually("remembered", () => remembered(who).length === 2)
  expect(remembered(who).flatMap(({ body }) => body.messages)).toEqual([
    { role: "user", content: "My cat is called Miso." },
    { role: "assistant", content: "Hello from the fake provider." },
    { role: "user", content: "And my dog Rex." },
    { role: "assistant", content: "Hello from the fake provider." },
  ])
})

test("memories of one project are asked for in that project alone", async () => {
  const who = somebody()
  const told = { ...chat.body(false, FACT) }
  await ask(chat, who, { body: told, headers: { "x-memory-project": "a" } })
  const tag = supermemory.tags().find((one) => one.startsWith(`${who}-a-`))
  await eventually("remembered", () => supermemory.tags().some((one) => one.startsWith(`${who}-a-`)))
  expect((await ask(chat, who, { headers: { "x-memory-project": "a" } })).memory).toMatch(/^hit/)
  expect((await ask(chat, who, { headers: { "x-memory-project": "b" } })).memory).toBe("miss")
  expect((await ask(chat, who)).memory).toBe("miss")
  expect(tag ?? "").not.toBe(who)
})

for (const lane of lanes)
  for (const other of lanes.filter((one) => one !== lane))
    test(`${lane.dialect} to ${other.dialect}: the translated request carries the memory, and the answer is remembered`, async () => {
      const who = somebody()
      supermemory.learn(who, FACT)
      for (const stream of [false, true]) {
        const said = `${QUESTION} ${stream}`
        const body = { ...lane.body(stream, said), ...(lane.dialect !== "gemini" && { model: other.model }) }
        const { status, memory } = await ask(lane, who, { stream, model: other.model, body })
        expect(status).toBe(200)
        expect(memory).toMatch(/^hit/)
        expect(rig.provider.received.at(-1)!.path).toStartWith(other.upstreamPath(stream).split("?")[0]!)
        expect(blocksIn(sent())).toBe(1)
        await eventually("remembered", () => remembered(who).length === (stream ? 2 : 1))
        expect(remembered(who).at(-1)!.body.messages).toEqual([
          { role: "user", content: said },
          { role: "assistant", content: "Hello from the fake provider." },
        ])
      }
    })
