/** The page's pure parts: what it makes of bodies, numbers, times and links. */
import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { curlOf } from "../../src/dashboard/page/curl.ts"
import { changesOnly, compareLines, readable } from "../../src/dashboard/page/diff.ts"
import { compact, costOf, duration, money, percent, withoutZeros } from "../../src/dashboard/page/format.ts"
import { bucketStarts, spanBefore, startOfKey } from "../../src/dashboard/page/range.ts"
import { filteredBy, linkTo, readRoute } from "../../src/dashboard/page/route.ts"
import type { Entry } from "../../src/dashboard/page/shapes.ts"
import { SNIPPETS } from "../../src/dashboard/page/snippets.ts"
import { stepsOf } from "../../src/dashboard/page/views/request-timeline.tsx"
import { CLIENTS } from "../../src/identify/clients.ts"
import { detailOf, entryOf, rowAt } from "../store/sample.ts"

const entry = (more: Partial<Entry> = {}): Entry => ({ ...entryOf(rowAt(0), detailOf()), feedback: [], ...more })
const lines = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 }).map((all) => all.join("\n"))

test("of two texts the comparison gives back both, and nothing is new or gone in equal ones", () => {
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const compared = compareLines(before, after)
      const without = (kind: string) =>
        compared
          .filter((line) => line.kind !== kind)
          .map(({ text }) => text)
          .join("\n")
      expect([without("new"), without("gone")]).toEqual([before, after])
      if (before === after) expect(compared.every(({ kind }) => kind === "same")).toBe(true)
    }),
  )
})

test("an inserted block is all that is new, and what is far from it is counted, not shown", () => {
  const said = Array.from({ length: 20 }, (_, index) => `line ${index}`)
  const compared = compareLines(said.join("\n"), [...said.slice(0, 10), "memory", ...said.slice(10)].join("\n"))
  expect(compared.filter(({ kind }) => kind !== "same")).toEqual([{ kind: "new", text: "memory" }])
  const shown = changesOnly(compared, 1)
  expect(shown).toEqual([
    9,
    { kind: "same", text: "line 9" },
    { kind: "new", text: "memory" },
    { kind: "same", text: "line 10" },
    9,
  ])
})

test("JSON is shown indented with its texts' line breaks as such, and anything else as it is", () => {
  expect(readable('{"a":"x\\ny"}')).toBe('{\n  "a": "x\ny"\n}')
  expect(readable('{"a":"C:\\\\new"}')).toContain("C:\\\\new")
  expect(readable("data: {")).toBe("data: {")
})

test("a copied command sends the body as it was, whatever quotes it holds, and no key", async () => {
  const request = `{"model":"m","messages":[{"role":"user","content":"it's $HOME \\"x\\" \`id\`"}]}`
  const text = curlOf(
    entry({ dialect_in: "anthropic", bodies: { request, sent: null, answer: null, truncated: false } }),
    "http://127.0.0.1:8764",
  )
  const echoed = Bun.spawnSync(["sh", "-c", `curl() { printf '%s\\n' "$@"; }; MEMPROXY_KEY=k; ${text}`])
    .stdout.toString()
    .split("\n")
  expect(echoed[0]).toBe("http://127.0.0.1:8764/v1/messages")
  expect(echoed).toContain("authorization: Bearer k")
  expect(echoed).toContain(request)
})

test("a copied command goes where its request went, whatever it asked for and its model is called", () => {
  const placeOf = (more: Partial<Entry>) =>
    /curl '(?:http:..127.0.0.1:8764)(.*)' /.exec(curlOf(entry(more), "http://127.0.0.1:8764"))![1]
  const generate = { operation: "generate", stream: false } as const
  expect([
    placeOf({ ...generate, dialect_in: "openai-chat" }),
    placeOf({ operation: "embeddings", dialect_in: "openai-chat" }),
    placeOf({ operation: "completions", dialect_in: "openai-chat" }),
    placeOf({ ...generate, dialect_in: "openai-responses" }),
    placeOf({ operation: "count_tokens", dialect_in: "anthropic" }),
    placeOf({ ...generate, dialect_in: "gemini", model: "meta/llama {1}" }),
    placeOf({ operation: "count_tokens", dialect_in: "gemini", model: "g" }),
    placeOf({ operation: "embeddings", dialect_in: "gemini", model: "g" }),
  ]).toEqual([
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/responses",
    "/v1/messages/count_tokens",
    "/v1beta/models/meta/llama%20%7B1%7D:generateContent",
    "/v1beta/models/g:countTokens",
    "/v1beta/models/g:embedContent",
  ])
})

test("the timeline's parts make up the whole duration", () => {
  fc.assert(
    fc.property(
      fc.nat(9_000),
      fc.option(fc.nat(9_000)),
      fc.option(fc.nat(9_000)),
      fc.option(fc.nat(9_000)),
      (duration_ms, ttft_ms, overhead_ms, memory_ms) => {
        const sum = stepsOf(entry({ duration_ms, ttft_ms, overhead_ms, memory_ms })).reduce(
          (all, { ms }) => all + ms,
          0,
        )
        expect(sum).toBeCloseTo(duration_ms, 6)
      },
    ),
  )
})

test("numbers are as short as they can be and never lose what they are about", () => {
  expect([
    money(0),
    money(0.000_001_5),
    money(0.00012),
    money(0.0123),
    money(12.345),
    money(4321.9),
    money(null),
  ]).toEqual(["$0", "<$0.00001", "$0.00012", "$0.012", "$12.35", "$4,322", "–"])
  const costs = [
    [0, 0],
    [0, 3],
    [null, 3],
    [0.5, 3],
  ] as const
  expect(costs.map(([cost_usd, unpriced]) => costOf({ cost_usd, unpriced }))).toEqual([
    "$0",
    "no price",
    "no price",
    "$0.500",
  ])
  expect([compact(9_999), compact(12_345), compact(2_000_000)]).toEqual(["9,999", "12.3K", "2M"])
  expect([0.42, 2.5, 5, 950, 999.7, 1_500, 75_000, 119_600].map(duration)).toEqual([
    "0.42 ms",
    "2.5 ms",
    "5 ms",
    "950 ms",
    "1.00 s",
    "1.50 s",
    "1 min 15 s",
    "2 min 0 s",
  ])
  expect([percent(0), percent(0.031), percent(0.8)]).toEqual(["0 %", "3.1 %", "80 %"])
})

test("a range's buckets follow each other, hold now, and are what /api/usage calls them", () => {
  const now = Date.UTC(2026, 2, 29, 12, 34)
  const days = bucketStarts("30d", now)
  expect(days).toHaveLength(30)
  expect(days.at(-1)! <= now && now - days.at(-1)! < 86_400_000).toBe(true)
  expect(startOfKey(new Date(days[3]!).toLocaleDateString("sv-SE"))).toBe(days[3]!)
  expect(startOfKey("2026-03-29T03:00+02:00")).toBe(Date.UTC(2026, 2, 29, 1))
  const before = spanBefore("30d", now)
  expect([before.to, before.to - before.from]).toEqual([days[0]!, now - days[0]!])
})

test("a link holds any text, and comes back as it went", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (value) => {
      expect(readRoute(linkTo("requests", { model: value, empty: "" }))).toEqual({
        view: "requests",
        params: { model: value },
      })
    }),
  )
})

test("a filter replaces the one before by the same thing, known or not, and leaves the others", () => {
  const both = filteredBy(filteredBy({ range: "7d", project: "a" }, "client", null), "model", null)
  expect(both).toEqual({ range: "7d", project: "a", unknown: "client,model" })
  expect(filteredBy(both, "client", "codex")).toEqual({ range: "7d", project: "a", unknown: "model", client: "codex" })
  expect(filteredBy({ client: "codex" }, "client", null)).toEqual({ unknown: "client" })
  expect(filteredBy({ unknown: "client", client: "x" }, "client", undefined)).toEqual({})
})

test("every set-up snippet is for a client that is recognised, and names this proxy", () => {
  for (const { client, label, text } of SNIPPETS) {
    if (client !== null) expect(CLIENTS.map(({ name }) => name)).toContain(client)
    expect([label, text("http://127.0.0.1:8764", "demo").includes("http://127.0.0.1:8764")]).toEqual([label, true])
  }
})

test("an axis says no zeros behind a point, and every other digit", () => {
  const values = ["$0.600", "$0.05", "5.00 s", "1.50 s", "10.0 s", "0 ms", "200", "1.5M", "$1,000"]
  expect(values.map(withoutZeros)).toEqual(["$0.6", "$0.05", "5 s", "1.5 s", "10 s", "0 ms", "200", "1.5M", "$1,000"])
})
