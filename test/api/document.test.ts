/** /swagger/json drives the real program: whatever the document allows, and much that it does not, never meets an internal error, and every answer is one it names. */
import { expect, test } from "bun:test"
import Ajv, { type ValidateFunction } from "ajv"
import * as fc from "fast-check"
import type { Loose } from "../support/json.ts"
import { MASTER } from "../support/memproxy.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig(() => ({ memproxy: { logging: { bodies: "full" } } }))
const headers = { authorization: `Bearer ${MASTER}`, "content-type": "application/json" }

interface Operation {
  method: string
  path: string
  detail: Loose
}
const METHODS = ["get", "post", "put", "patch", "delete"]

async function operations(): Promise<Operation[]> {
  const document = (await (await fetch(`${rig.proxy.url}/swagger/json`)).json()) as Loose
  return Object.entries(document.paths as Record<string, Loose>).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => (methods[method] ? [{ method, path, detail: methods[method] }] : [])),
  )
}

test("every operation has a summary, a schema of its answer, and errors with theirs", async () => {
  const all = await operations()
  expect(all.length).toBeGreaterThan(60)
  const incomplete = all.filter(({ detail }) => {
    const statuses = Object.keys(detail.responses)
    const answer = statuses.some(
      (status) => status === "204" || (status[0] === "2" && detail.responses[status].content),
    )
    const errors = statuses.filter((status) => status >= "400")
    return (
      !detail.summary || !answer || errors.length === 0 || errors.some((status) => !detail.responses[status].content)
    )
  })
  expect(incomplete.map(({ method, path }) => `${method} ${path}`)).toEqual([])
})

test("every name in a path is a parameter of it, and no parameter is there twice", async () => {
  for (const { path, detail } of await operations()) {
    const parameters = (detail.parameters ?? []) as { name: string; in: string }[]
    const inPath = parameters.filter((one) => one.in === "path").map((one) => one.name)
    expect([path, inPath]).toEqual([path, [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)])
    expect(new Set(parameters.map((one) => `${one.in} ${one.name}`)).size).toBe(parameters.length)
  }
})

const word = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 30 }),
  fc.constantFrom(
    "",
    "0",
    "-1",
    "1e99",
    "NaN",
    "null",
    "2026-02-30",
    "99999999999999999999",
    "%00",
    "../..",
    "' OR 1=1 --",
    "a,b,c",
    "model,day",
    "2026-01-01",
    "mock",
    "10",
    "someone",
  ),
)
const json = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.constantFrom(
    "",
    "{",
    "null",
    "[]",
    '"text"',
    "0",
    '{"__proto__":1}',
    '{"messages":[{}]}',
    '{"model":{"a":1}}',
    "\u0000",
    "﻿{}",
  ),
)
/** A body of the right fields with the wrong things in them. */
const shaped = (schema: Loose) => {
  const names = Object.keys(schema?.properties ?? { model: 1 })
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom("mock", "up-chat", "someone", 1, true, [], {}))
  return fc
    .record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] })
    .map((one) => JSON.stringify(one))
}

const ajv = new Ajv({ strict: false, validateFormats: false })
const validators = new Map<object, ValidateFunction>()

/** What the document says otherwise of an answer; null: it is one that it names. */
function contradiction({ responses }: Loose, status: number, type: string, text: string): string | null {
  const named = responses[status] ?? responses.default
  if (!named) return `${status} is not named`
  if (text === "" && !named.content) return null
  const content = named.content?.[type.split(";")[0]!]
  if (!content) return `${type} is not named for ${status}`
  if (!type.startsWith("application/json")) return null
  const validate = validators.get(content.schema) ?? ajv.compile(content.schema)
  validators.set(content.schema, validate)
  return validate(JSON.parse(text)) ? null : ajv.errorsText(validate.errors)
}

/** So that there are rows, memories and ratings to answer with. */
async function fill(): Promise<void> {
  const post = (path: string, body: Loose) =>
    fetch(`${rig.proxy.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
  await post("/v1/chat/completions", { model: "mock", messages: [{ role: "user", content: "Hello!" }] })
  const [row] = await rig.proxy.rows()
  await post("/api/feedback", { request_id: row!.id, score: 1 })
  await post("/api/memories", { user_id: "someone", content: "I prefer tabs.", metadata: { a: 1 } })
}

test("no operation answers 500 or what the document does not say, whatever is put into its path, query and body", async () => {
  const wrong: string[] = []
  await fill()
  for (const { method, path, detail } of await operations()) {
    if (path === "/api/requests/stream" || path === "/api/login") continue // one never ends, the other allows five tries a minute
    const query = ((detail.parameters ?? []) as { name: string; in: string }[]).filter((one) => one.in === "query")
    const schema = detail.requestBody?.content?.["application/json"]?.schema
    const input = fc.record({
      rest: word,
      query: fc.record(Object.fromEntries(query.map(({ name }) => [name, word])), { requiredKeys: [] }),
      body: schema || method !== "get" ? fc.oneof(json, shaped(schema)) : fc.constant(undefined),
    })
    await fc.assert(
      fc.asyncProperty(input, async ({ rest, query: given, body }) => {
        const at = path.replace(/\{\w+\}/, () => encodeURIComponent(rest).replaceAll(".", "%2E"))
        const search = new URLSearchParams(given as Record<string, string>).toString()
        const answer = await fetch(`${rig.proxy.url}${at}?${search}`, { method: method.toUpperCase(), headers, body })
        const text = await answer.text()
        const type = answer.headers.get("content-type") ?? ""
        // where no model is named, `/openai/*` passes on what the provider says
        const said = path.startsWith("/openai/") ? null : contradiction(detail, answer.status, type, text)
        if (said !== null) wrong.push(`${method} ${path}: ${said}`)
        if (answer.status === 500) wrong.push(`${method} ${at}?${search} ${body}: ${text.slice(0, 200)}`)
        if (answer.status >= 400 && text !== "") JSON.parse(text)
      }),
      { numRuns: 60 },
    )
  }
  expect([...new Set(wrong)]).toEqual([])
  expect(rig.proxy.stderr()).not.toContain("internal error")
}, 120_000)

test("a body of more than 200 levels, or of very many, is refused by every operation that reads one", async () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels)
  const body = (levels: number) =>
    `{"model":"mock","user_id":"u","content":"c","messages":${nested(levels - 1)},"metadata":{"deep":${nested(levels - 2)}}}`
  const post = async (path: string, levels: number) =>
    (await fetch(`${rig.proxy.url}${path}`, { method: "POST", headers, body: body(levels) })).status
  for (const path of ["/api/memories", "/spend/calculate", "/utils/token_counter", "/v1/chat/completions"])
    for (const levels of [201, 100_000]) expect([path, levels, await post(path, levels)]).toEqual([path, levels, 400])
  expect(await post("/api/memories", 200)).toBe(201)
})
