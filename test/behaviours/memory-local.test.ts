/** Memory with the engine inside the binary, through the real program: told once, known later, in the right place, until it is forgotten. */
import { describe, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { MEMORY_TAG } from "../../src/exchange.ts"
import { bodyOf, conversationBytes, writers } from "../support/conversation.ts"
import type { Loose } from "../support/json.ts"
import { chat, claude, jsonHeaders, type Lane, lanes } from "../support/lanes.ts"
import { answerIn } from "../support/answers.ts"
import { eventually, useRig } from "../support/rig.ts"

// a busy machine is no reason to go without
const rig = useRig(() => ({ memproxy: { memory: { engine: "local", timeout: 5 } } }))

const FACT = "By the way, the staging database of our team is called heron."
const QUESTION = "What is our staging database called?"
let users = 0
const somebody = () => `person-${++users}`

interface Call {
  who: string
  project?: string
  session?: string
  stream?: boolean
}

async function ask(lane: Lane, body: Loose | string, { who, project, session, stream = false }: Call) {
  const headers = {
    ...jsonHeaders,
    "x-memory-user-id": who,
    ...(project && { "x-memory-project": project }),
    ...(session && { "x-memory-session": session }),
  }
  const whole = typeof body === "string" ? lane.body(stream, body) : body
  const answer = await fetch(rig.proxy.url + lane.path(stream), {
    method: "POST",
    headers,
    body: JSON.stringify(whole),
  })
  await answer.text()
  return { memory: answer.headers.get("x-memproxy-memory"), id: answer.headers.get("x-memproxy-request-id")! }
}

const api = async (method: string, path: string, body?: Loose): Promise<Loose> => {
  const answer = await fetch(rig.proxy.url + path, {
    method,
    headers: jsonHeaders,
    ...(body && { body: JSON.stringify(body) }),
  })
  return answer.status === 204 ? null : answer.json()
}
const sent = () => rig.provider.received.at(-1)!.text
const block = () => new RegExp(`<${MEMORY_TAG}>.*?</${MEMORY_TAG}>`).exec(sent())?.[0] ?? ""
const isKept = (who: string, words: string) =>
  eventually("remembered", async () => {
    const { data } = await api("GET", `/api/memories?user_id=${who}`)
    return data.some(({ content }: Loose) => content.includes(words))
  })

for (const lane of lanes)
  test(`${lane.dialect}: told in one conversation, known in another one of the project, by nobody else and nowhere else`, async () => {
    const who = somebody()
    await ask(lane, FACT, { who, project: "shop", session: "first", stream: true })
    await isKept(who, "heron")
    const told = await ask(lane, QUESTION, { who, project: "shop", session: "second" })
    expect(told.memory).toMatch(/^hit; n=\d+; tokens=\d+; ms=\d+$/)
    expect(block()).toContain("heron")
    const others: Call[] = [{ who, project: "blog" }, { who }, { who: somebody(), project: "shop" }]
    for (const other of others) {
      await ask(lane, QUESTION, { ...other, session: "third" })
      expect(sent()).not.toContain("heron")
    }
  })

for (const lane of lanes)
  for (const stream of [false, true])
    test(`${lane.dialect}${stream ? ", streamed" : ""}: of two conversations that begin with the same words each keeps its own block, told by its answer`, async () => {
      const { user, says, calls, result } = writers[lane.dialect]
      const who = somebody()
      const send = async (history: Loose[]) => {
        const body = { ...bodyOf(lane, history), ...(stream && lane.dialect !== "gemini" && { stream }) }
        await ask(lane, body, { who, stream })
        return conversationBytes(lane, sent())
      }
      await api("POST", "/api/memories", { user_id: who, content: FACT })
      const open = [user(QUESTION)]
      rig.provider.script((request) => answerIn(request, { text: "It is the heron." }))
      const one = await send(open)
      await api("POST", "/api/memories", { user_id: who, content: "Our staging database is called egret now." })
      rig.provider.script((request) => answerIn(request, { tools: [{ name: "look", args: {}, id: "call_1" }] }))
      const other = await send(open)
      expect([one, other]).toEqual([expect.not.stringContaining("egret"), expect.stringContaining("egret")])
      rig.provider.script((request) => answerIn(request, { text: "So be it." }))
      expect((await send([...open, says("It is the heron."), user("Thanks!")])).startsWith(one)).toBe(true)
      expect((await send([...open, calls("call_1"), result("call_1", "egret")])).startsWith(other)).toBe(true)
      expect((await send([...open, says("It is the heron."), user("Well!")])).startsWith(one)).toBe(true)
    })

test("a forgotten memory is in no later request of the conversation that carried it, nor is one that was changed", async () => {
  const who = somebody()
  const { user, says } = writers.anthropic
  const kept: Loose = await api("POST", "/api/memories", { user_id: who, content: FACT })
  const first = bodyOf(claude, [user(QUESTION)])
  await ask(claude, first, { who, session: "s" })
  expect(block()).toContain("heron")
  await ask(claude, bodyOf(claude, [user(QUESTION), says("heron"), user("Thanks.")]), { who, session: "s" })
  expect(block()).toContain("heron")
  await api("PATCH", `/api/memories/${kept.id}`, { content: "The staging database of our team is called egret." })
  await ask(claude, bodyOf(claude, [user(QUESTION), says("heron"), user("Well then.")]), { who, session: "s" })
  expect(block()).not.toContain("heron")
  await api("DELETE", `/api/memories/${kept.id}`)
  for (const session of ["s", "t"]) {
    await ask(claude, bodyOf(claude, [user(QUESTION), says("so"), user("And again: what is it called?")]), {
      who,
      session,
    })
    expect(sent()).not.toContain("egret")
  }
})

test("what was said survives a kill, and the blocks of a conversation do", async () => {
  const who = somebody()
  const { user, says, calls, result } = writers.anthropic
  await ask(claude, FACT, { who, session: "before" })
  await isKept(who, "heron")
  const history: Loose[] = [user(QUESTION)]
  let before = ""
  const send = async () => {
    await ask(claude, bodyOf(claude, history), { who, session: "after" })
    const now = conversationBytes(claude, sent())
    expect(now.startsWith(before)).toBe(true)
    before = now
  }
  await send()
  expect(block()).toContain("heron")
  history.push(calls("c1"), result("c1", "looked"))
  await rig.restart()
  await send()
  history.push(says("heron"), user("Is heron backed up?"))
  await send()
  await rig.restart()
  await send()
})

test("what a provider's key or a password looks like is in none of the files", async () => {
  const who = somebody()
  const secrets = [`sk-ant-api03-${"Ab3".repeat(12)}`, "hunter2-Correct-Horse", `ghp_${"a1B2".repeat(9)}`]
  const [key, password, token] = secrets
  await ask(chat, `Remember the deploy: key ${key}, password: ${password}, and the token ${token}. The port is 8443.`, {
    who,
  })
  await isKept(who, "8443")
  await rig.restart()
  for (const file of readdirSync(rig.proxy.dataDir)) {
    const bytes = readFileSync(join(rig.proxy.dataDir, file), "latin1")
    for (const secret of secrets) expect({ file, holds: bytes.includes(secret) }).toEqual({ file, holds: false })
  }
})

describe("nothing crosses", () => {
  test("over random users and projects each finds its own word alone", async () => {
    const places = Array.from({ length: 60 }, (_, at) => ({
      who: `u-${at % 7}`,
      project: ["a", "a-b", "b", "*a", undefined][at % 5],
    }))
    const word = ({ who, project }: Loose) => `word${Bun.hash(JSON.stringify([who, project ?? null])).toString(36)}`
    for (const place of places)
      await api("POST", "/api/memories", {
        user_id: place.who,
        project: place.project,
        content: `The secret passphrase here is ${word(place)}.`,
      })
    for (const place of places) {
      const { who, project } = place
      await ask(chat, "What is the secret passphrase here?", {
        who,
        ...(project && { project }),
        session: Bun.randomUUIDv7(),
      })
      const found = new Set(sent().match(/word[a-z0-9]{6,}/g))
      expect([...found]).toEqual([word(place)])
    }
  })
})

test("a request's detail shows the memories behind it, with their words and how well they fitted, until they are forgotten", async () => {
  const who = somebody()
  const kept: Loose = await api("POST", "/api/memories", { user_id: who, content: FACT })
  const { id } = await ask(chat, QUESTION, { who })
  await rig.proxy.row(id)
  const { memories } = await api("GET", `/api/requests/${id}`)
  expect(memories).toEqual([
    { id: kept.id, score: expect.any(Number), why: expect.any(String), tokens: expect.any(Number), content: FACT },
  ])
  await api("DELETE", `/api/memories/${kept.id}`)
  expect((await api("GET", `/api/requests/${id}`)).memories[0]).toMatchObject({ id: kept.id, content: null })
})
