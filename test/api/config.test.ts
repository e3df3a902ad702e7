/** `/api/status` and `/api/config` of the real program: what is in force is told, keys are not. */
import { expect, test } from "bun:test"
import { MASTER } from "../support/memproxy.ts"
import { useRig } from "../support/rig.ts"

const SECRET = "sk-provider-c4n4ry"
const rig = useRig(() => ({
  models: [
    { model_name: "secret", litellm_params: { model: "openai/x", api_key: SECRET } },
    { model_name: "lacking", litellm_params: { model: "openai/y", api_key: "os.environ/NOT_SET_HERE" } },
  ],
  memproxy: {
    nonsense: 1,
    memory: { engine: "local", holdout: 0.1 },
    judge: { model: "mock", sample: 0.2, budget_usd_per_day: 3 },
    telemetry: { endpoint: "http://me:pass-c4n4ry@127.0.0.1:9/otlp" },
  },
}))
const get = (path: string, key: string | null = MASTER) =>
  fetch(rig.proxy.url + path, { headers: key === null ? {} : { authorization: `Bearer ${key}` } })

test("the status tells version, memory and the number of findings", async () => {
  expect(await (await get("/api/status")).json()).toMatchObject({
    version: expect.stringMatching(/^\d+\.\d+/),
    key_needed: true,
    findings: { error: 0 },
    memory: { engine: "local", scope: "project" },
    bodies: "off",
    ledger: { queued: 0, dropped: 0, last_error: null },
  })
})

test("the configuration tells deployments, what they lack, and findings with their place; it holds no key", async () => {
  const text = await (await get("/api/config")).text()
  expect(text).not.toContain(SECRET)
  expect(text).not.toContain(MASTER)
  expect(text).not.toContain("pass-c4n4ry")
  const { file, deployments, findings, settings } = JSON.parse(text)
  expect(file).toBe(rig.proxy.configFile)
  const lacking = deployments.find(({ model_name }: { model_name: string }) => model_name === "lacking")
  expect(lacking).toMatchObject({ provider: "openai", model: "y", mock: false, missing: "NOT_SET_HERE" })
  expect(findings).toContainEqual(expect.objectContaining({ path: "memproxy.nonsense", line: expect.any(Number) }))
  expect(settings).toMatchObject({
    "general_settings.master_key": "set",
    "memproxy.memory.holdout": 0.1,
    "memproxy.judge": "mock, 0.2 of the answers, 3 USD a day",
    "memproxy.telemetry.endpoint": "http://127.0.0.1:9/otlp",
    "router_settings.model_group_alias": [],
  })
})

test("without a key there is nothing to see but whether one is needed", async () => {
  for (const path of ["/api/status", "/api/config", "/api/sessions", "/api/clients"])
    expect([path, (await get(path, null)).status]).toEqual([path, 401])
  expect(await (await get("/api/login", null)).json()).toEqual({ needed: true })
  expect(await (await get("/api/login")).json()).toEqual({ needed: false })
})
