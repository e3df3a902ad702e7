/** OpenTelemetry at the real program: nothing by default; spans and histograms at a collector where one is named; a collector that fails harms nothing. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { lanes, testConfig } from "../support/lanes.ts"
import { eventually } from "../support/rig.ts"
import { type FakeProvider, startFakeProvider } from "../support/fake-provider.ts"
import { MASTER, type Memproxy, startMemproxy } from "../support/memproxy.ts"
import type { Loose } from "../support/json.ts"

interface Received {
  path: string
  headers: Headers
  body: Loose
}
let provider: FakeProvider
let collector: ReturnType<typeof Bun.serve>
let received: Received[] = []
let status = 200

beforeAll(async () => {
  provider = await startFakeProvider()
  collector = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      received.push({ path: new URL(request.url).pathname, headers: request.headers, body: await request.json() })
      return new Response("{}", { status })
    },
  })
})
beforeEach(() => {
  received = []
  status = 200
})
afterAll(async () => {
  await collector.stop(true)
  await provider.stop()
})

async function ask(proxy: Memproxy, model?: string, headers: Record<string, string> = {}): Promise<string> {
  const lane = lanes[0]!
  const answer = await fetch(proxy.url + lane.path(true), {
    method: "POST",
    headers: { authorization: `Bearer ${MASTER}`, "x-memory-session": "s-42", ...headers },
    body: JSON.stringify({ ...lane.body(true), ...(model && { model }) }),
  })
  await answer.text()
  const id = answer.headers.get("x-memproxy-request-id")!
  await proxy.row(id)
  return id
}

/** Stopping sends what is there. */
async function run(more: Loose, env: Record<string, string>, ...models: (string | undefined)[]) {
  const proxy = await startMemproxy({ config: testConfig(provider.url, more), env })
  const ids: string[] = []
  for (const model of models) ids.push(await ask(proxy, model))
  expect(await proxy.stop()).toBe(0)
  return { ids, stderr: proxy.stderr() }
}

const attributesOf = (list: Loose[]) =>
  Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value as object)[0]]))

describe("a collector named in the file", () => {
  test("gets a span for each request, in the GenAI conventions, and histograms of tokens and times", async () => {
    const endpoint = `http://127.0.0.1:${collector.port}/`
    const telemetry = { endpoint, headers: { "x-team": "blue" }, service_name: "my proxy" }
    const { ids } = await run({ memproxy: { telemetry } }, {}, undefined, "no such model")
    const traces = received.find(({ path }) => path === "/v1/traces")!
    expect([traces.headers.get("content-type"), traces.headers.get("x-team")]).toEqual(["application/json", "blue"])
    const [resource] = traces.body.resourceSpans
    expect(attributesOf(resource.resource.attributes)).toMatchObject({ "service.name": "my proxy" })
    const [good, bad] = resource.scopeSpans[0].spans
    expect(good).toMatchObject({
      name: `chat ${lanes[0]!.upstreamModel}`,
      kind: 3,
      traceId: ids[0]!.replaceAll("-", ""),
    })
    expect(good.spanId).toMatch(/^[0-9a-f]{16}$/)
    expect(BigInt(good.endTimeUnixNano) > BigInt(good.startTimeUnixNano)).toBe(true)
    expect(attributesOf(good.attributes)).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": lanes[0]!.upstreamModel,
      "gen_ai.conversation.id": "s-42",
      "gen_ai.usage.input_tokens": expect.stringMatching(/^[1-9]/),
    })
    expect(good.events.map((event: Loose) => event.name)).toEqual([
      "arrived",
      "sent to the provider",
      "answer began",
      "first content",
      "done",
    ])
    expect([bad.status.code, attributesOf(bad.attributes)["error.type"]]).toEqual([2, "model_not_found"])
    const { metrics } = received.findLast(({ path }) => path === "/v1/metrics")!.body.resourceMetrics[0].scopeMetrics[0]
    expect(metrics.map((metric: Loose) => metric.name)).toEqual([
      "gen_ai.client.token.usage",
      "gen_ai.client.operation.duration",
      "gen_ai.server.time_to_first_token",
    ])
    for (const { histogram } of metrics)
      for (const point of histogram.dataPoints) {
        expect(point.bucketCounts.length).toBe(point.explicitBounds.length + 1)
        expect(point.bucketCounts.reduce((all: number, one: string) => all + Number(one), 0)).toBe(Number(point.count))
      }
  }, 30_000)
})

const TRACE = "0af7651916cd43dd8448eb211c80319c"
const PARENT = "b7ad6b7169203331"

test("a client's trace goes on: its span is the parent; one that it does not record is counted and has no span", async () => {
  const endpoint = `http://127.0.0.1:${collector.port}`
  const proxy = await startMemproxy({ config: testConfig(provider.url, { memproxy: { telemetry: { endpoint } } }) })
  const headers: Record<string, string>[] = [
    { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: "congo=t61rcWkgMzE" },
    { traceparent: `cc-${TRACE}-${PARENT}-03-what-comes-later` },
    { traceparent: `00-${TRACE}-${PARENT}-00` },
    // not valid: as if there were none
    { traceparent: `00-${"0".repeat(32)}-${PARENT}-01` },
    { traceparent: `00-${TRACE.toUpperCase()}-${PARENT}-01` },
    { traceparent: `00-${TRACE}-${PARENT}-01-more` },
    { traceparent: `ff-${TRACE}-${PARENT}-01` },
  ]
  const ids: string[] = []
  for (const sent of headers) ids.push(await ask(proxy, undefined, sent))
  expect(await proxy.stop()).toBe(0)
  const spans = received
    .filter(({ path }) => path === "/v1/traces")
    .flatMap(({ body }) => body.resourceSpans[0].scopeSpans[0].spans as Loose[])
  const own = ids.slice(3).map((id) => ({ traceId: id.replaceAll("-", ""), parentSpanId: undefined }))
  expect(spans.map(({ traceId, parentSpanId }) => ({ traceId, parentSpanId }))).toEqual([
    { traceId: TRACE, parentSpanId: PARENT },
    { traceId: TRACE, parentSpanId: PARENT },
    ...own,
  ])
  expect(spans[0]).toMatchObject({ traceState: "congo=t61rcWkgMzE", flags: 0x301 })
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length)
  const { metrics } = received.findLast(({ path }) => path === "/v1/metrics")!.body.resourceMetrics[0].scopeMetrics[0]
  expect(metrics[1].histogram.dataPoints[0].count).toBe(String(ids.length))
}, 30_000)

test("an edit of the file sends what follows elsewhere, or nowhere, and loses nothing from before", async () => {
  const other: string[] = []
  const second = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const body = (await request.json()) as Loose
      for (const span of body.resourceSpans?.[0].scopeSpans[0].spans ?? []) other.push(span.traceId)
      return new Response("{}")
    },
  })
  const config = (port: number | undefined) =>
    testConfig(provider.url, { memproxy: { telemetry: port && { endpoint: `http://127.0.0.1:${port}` } } })
  const proxy = await startMemproxy({ config: config(undefined) })
  let reloads = 0
  const edit = async (port: number | undefined) => {
    writeFileSync(proxy.configFile, JSON.stringify(config(port)))
    reloads++
    const seen = () => proxy.stderr().match(/configuration reloaded/g)?.length === reloads
    await eventually("reloaded", seen)
  }
  await ask(proxy)
  await edit(collector.port)
  const first = await ask(proxy)
  await edit(second.port)
  const next = await ask(proxy)
  await edit(undefined)
  await ask(proxy)
  expect(await proxy.stop()).toBe(0)
  await second.stop(true)
  const traceOf = (id: string) => id.replaceAll("-", "")
  const before = received
    .filter(({ path }) => path === "/v1/traces")
    .flatMap(({ body }) => body.resourceSpans[0].scopeSpans[0].spans.map(({ traceId }: Loose) => traceId))
  expect([before, other]).toEqual([[traceOf(first)], [traceOf(next)]])
}, 60_000)

test("OpenTelemetry's own variables name one too, with its headers", async () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}`,
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20abc, x-b = 2",
    OTEL_SERVICE_NAME: "named",
  }
  const { stderr } = await run({}, env, undefined)
  expect(received.map(({ path }) => path)).toContain("/v1/traces")
  const { headers } = received[0]!
  expect([headers.get("authorization"), headers.get("x-b")]).toEqual(["Basic abc", "2"])
  expect(stderr).not.toContain("abc")
}, 30_000)

test("without a word nothing is sent; a collector that refuses or is not there is said once, and requests go on", async () => {
  await run({}, {}, undefined)
  await run(
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}`, OTEL_SDK_DISABLED: "true" },
    undefined,
  )
  expect(received).toEqual([])
  status = 503
  const refused = await run(
    { memproxy: { telemetry: { endpoint: `http://127.0.0.1:${collector.port}` } } },
    {},
    undefined,
  )
  expect(refused.stderr.match(/telemetry cannot be sent/g)).toHaveLength(1)
  const nobody = await run({ memproxy: { telemetry: { endpoint: "http://127.0.0.1:1" } } }, {}, undefined)
  expect(nobody.stderr).toContain("telemetry cannot be sent")
}, 60_000)
