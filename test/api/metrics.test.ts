/** `/metrics` at the real program: who may read it, what it counts, and that it is well-formed; the board asks for nothing that is not there. */
import { expect, test } from "bun:test"
import board from "../../src/api/grafana.json"
import { lanes } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig()
const headers = { authorization: `Bearer ${MASTER}` }
const scrape = async () => (await fetch(`${rig.proxy.url}/metrics`, { headers })).text()
const ask = async (model: string) => {
  const lane = lanes[0]!
  const answer = await fetch(rig.proxy.url + lane.path(true), {
    method: "POST",
    headers: { ...headers, "x-memory-user-id": 'a"b\\c' },
    body: JSON.stringify({ ...lane.body(true), model }),
  })
  await answer.text()
  await rig.proxy.row(answer.headers.get("x-memproxy-request-id"))
}

/** name, labels, value of every sample. */
function samples(text: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue
    const [, name, value] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$/.exec(line) ?? []
    expect([line, name]).not.toEqual([line, undefined])
    found.set(name!, Number(value))
  }
  return found
}

const sum = (found: Map<string, number>, name: string) =>
  [...found].filter(([key]) => key.startsWith(`${name}{`)).reduce((all, [, value]) => all + value, 0)

test("the master key is needed", async () => {
  expect((await fetch(`${rig.proxy.url}/metrics`)).status).toBe(401)
})

test("what goes through is counted from the first scrape on, under LiteLLM's names", async () => {
  await scrape()
  await ask(lanes[0]!.model)
  await ask("no such model")
  const found = samples(await scrape())
  expect(sum(found, "litellm_proxy_total_requests_metric_total")).toBe(2)
  expect(sum(found, "litellm_proxy_failed_requests_metric_total")).toBe(1)
  expect(sum(found, "litellm_input_tokens_metric_total")).toBeGreaterThan(0)
  expect(sum(found, "litellm_request_total_latency_metric_count")).toBe(2)
  expect(sum(found, "litellm_llm_api_time_to_first_token_metric_count")).toBe(1)
  expect([...found.keys()].some((key) => key.includes('status_code="200"'))).toBe(true)
})

test("every metric that the Grafana board asks for is there", async () => {
  const known = new Set([...(await scrape()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name]) => name!))
  const asked = board.panels.flatMap((panel) =>
    panel.targets.flatMap(({ expr }) => expr.match(/\b(litellm|memproxy)_\w+/g) ?? []),
  )
  expect(asked.length).toBeGreaterThan(20)
  expect(asked.filter((name) => !known.has(name.replace(/_bucket$/, "")))).toEqual([])
  const served = await fetch(`${rig.proxy.url}/metrics/grafana.json`)
  expect(await served.json()).toEqual(board)
})
