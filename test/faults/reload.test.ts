/** The config file is edited while requests go through. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test"
import { renameSync, rmSync, writeFileSync } from "node:fs"
import { type FakeProvider, startFakeProvider } from "../support/fake-provider.ts"
import { chat, jsonHeaders, testConfig } from "../support/lanes.ts"
import { type Memproxy, startMemproxy } from "../support/memproxy.ts"
import { eventually } from "../support/rig.ts"

setDefaultTimeout(30_000)
let provider: FakeProvider
let proxy: Memproxy
beforeEach(async () => {
  provider = await startFakeProvider()
  proxy = await startMemproxy({ config: testConfig(provider.url) })
})
afterEach(async () => {
  await proxy.stop()
  await provider.stop()
})

const call = async (model: string): Promise<number> => {
  const answer = await fetch(`${proxy.url}/v1/chat/completions`, {
    method: "POST",
    headers: jsonHeaders,
    body: JSON.stringify({ ...chat.body(false), model }),
  })
  await answer.arrayBuffer()
  return answer.status
}
const withModel = (name: string) =>
  JSON.stringify(
    testConfig(provider.url, {
      models: [
        {
          model_name: name,
          litellm_params: { model: "openai/up-new", api_base: `${provider.url}/v1`, api_key: "sk-up" },
        },
      ],
    }),
    null,
    1,
  )

/** Calls all the time; any answer but 200 is kept. */
function keepCalling() {
  const bad: number[] = []
  let count = 0
  const load = { stopped: false }
  const loop = async () => {
    while (!load.stopped) {
      const status = await call("chat").catch(() => -1)
      count++
      if (status !== 200) bad.push(status)
    }
  }
  const done = Promise.all([loop(), loop(), loop(), loop()])
  return async () => {
    load.stopped = true
    await done
    return { bad, count }
  }
}

test("a good edit is live within a second and no request is dropped", async () => {
  const stop = keepCalling()
  expect(await call("new-one")).toBe(404)
  writeFileSync(proxy.configFile, withModel("new-one"))
  await eventually("the new model answers", async () => (await call("new-one")) === 200, 1500)
  // as editors save: a new file renamed over the old one
  writeFileSync(`${proxy.configFile}.tmp`, withModel("renamed-in"))
  renameSync(`${proxy.configFile}.tmp`, proxy.configFile)
  await eventually("the next model answers", async () => (await call("renamed-in")) === 200, 1500)
  await eventually("the old one is gone", async () => (await call("new-one")) === 404, 1500)
  const { bad, count } = await stop()
  expect(bad).toEqual([])
  expect(count).toBeGreaterThan(5) // how many it is depends on how soon the edits are seen
})

test("an edit with an error changes nothing and says where it is", async () => {
  const stop = keepCalling()
  const before = proxy.stderr().length
  writeFileSync(
    proxy.configFile,
    "model_list:\n  - model_name: chat\n    litellm_params: { model: openai/x\n  broken: [\n",
  )
  await eventually("it says so", () => /last good|not reloaded|stays/i.test(proxy.stderr().slice(before)))
  expect(proxy.stderr().slice(before)).toMatch(/config\.yaml:\d+:\d+/)
  expect(await call("chat")).toBe(200)
  rmSync(proxy.configFile)
  await Bun.sleep(800) // seen once it has been quiet for a while
  expect(await call("chat")).toBe(200)
  writeFileSync(proxy.configFile, withModel("healed"))
  await eventually("the next good edit is taken", async () => (await call("healed")) === 200)
  expect((await stop()).bad).toEqual([])
})

test("a hundred edits in a row end in the last one, with no request dropped", async () => {
  const stop = keepCalling()
  for (let edit = 0; edit < 100; edit++) {
    writeFileSync(proxy.configFile, edit % 3 === 2 ? "model_list: [" : withModel(`edit-${edit}`))
    await Bun.sleep(5)
  }
  await eventually("the last edit is live", async () => (await call("edit-99")) === 200)
  expect((await stop()).bad).toEqual([])
})

test("a changed master key locks the old one out, a stream under way goes on", async () => {
  const config = testConfig(provider.url, { general: { master_key: "sk-another-master-0a1b2c3d4e" } })
  provider.script((request) =>
    request.json.stream
      ? { headers: { "content-type": "text/event-stream" }, pieces: ["data: {}\n\n", 1500, "data: [DONE]\n\n"] }
      : null,
  )
  const streaming = fetch(`${proxy.url}/v1/chat/completions`, {
    method: "POST",
    headers: jsonHeaders,
    body: JSON.stringify(chat.body(true)),
  }).then((answer) => answer.text())
  await provider.waitFor(1)
  writeFileSync(proxy.configFile, JSON.stringify(config))
  await eventually("the old key is refused", async () => (await call("chat")) === 401, 2000)
  expect(await streaming).toContain("[DONE]")
})
