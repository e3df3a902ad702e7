/** Supermemory's router as an upstream: its three headers there and nowhere else, a cookie jar for each user, its own words in the ledger. */
import { expect, test } from "bun:test"
import { defaultAnswer } from "../support/answers.ts"
import { auth, callBytes, chat, claude } from "../support/lanes.ts"
import { useRig } from "../support/rig.ts"

const KEY = "sm_r0uter-c4n4ry"
const rig = useRig((provider) => ({
  models: [
    {
      model_name: "routed",
      litellm_params: {
        model: "anthropic/up-claude",
        api_base: `${provider.url}/v3/api.anthropic.com`,
        api_key: "sk-routed",
      },
    },
    {
      model_name: "routed-gpt",
      litellm_params: {
        model: "openai/up-chat",
        api_base: `${provider.url}/v3/https://api.openai.com/v1`,
        api_key: "sk-gpt",
      },
    },
  ],
  memproxy: { supermemory: { api_key: KEY, router_base_url: `${provider.url}/v3` } },
}))

const ask = (model: string, user: string, more: Record<string, string> = {}) => {
  const lane = model === "routed-gpt" ? chat : claude
  const body = JSON.stringify({ ...lane.body(false), model })
  return rig.ask(
    callBytes(lane, { body, headers: { "x-memory-user-id": user, "x-memory-session": "talk-1", ...more } }),
  )
}

test("the router gets the provider's key, its own key, the user and the conversation, at its path", async () => {
  expect((await ask("routed", "ann")).status).toBe(200)
  expect((await ask("routed-gpt", "bob")).status).toBe(200)
  const [anthropic, openai] = rig.provider.received
  expect(anthropic?.path).toBe("/v3/api.anthropic.com/v1/messages")
  expect(anthropic?.headers).toMatchObject({
    "x-api-key": "sk-routed",
    "x-supermemory-api-key": KEY,
    "x-sm-user-id": "ann",
    "x-sm-conversation-id": "talk-1",
  })
  expect(openai?.path).toBe("/v3/https://api.openai.com/v1/chat/completions")
  expect(openai?.headers).toMatchObject({ authorization: "Bearer sk-gpt", "x-sm-user-id": "bob" })
})

test("no other upstream sees these headers, a client cannot set them", async () => {
  await ask("claude", "ann", { "x-sm-user-id": "eve", "x-supermemory-api-key": "stolen" })
  await ask("routed", "ann", { "x-sm-user-id": "eve", cookie: "a=1" })
  const [plain, routed] = rig.provider.received
  expect(Object.keys(plain!.headers).filter((name) => /^x-(sm|supermemory)-/.test(name))).toEqual([])
  expect(routed?.headers["x-sm-user-id"]).toBe("ann")
  expect(routed?.headers["cookie"]).toBeUndefined()
})

test("its cookies come back from the same user only, and never reach a client", async () => {
  rig.provider.script((request) => ({
    ...defaultAnswer(request),
    headers: {
      "content-type": "application/json",
      "set-cookie": [`cf_clearance=of-${request.headers["x-sm-user-id"]}; Path=/; HttpOnly`],
    },
  }))
  const first = await ask("routed", "carl")
  await ask("routed", "carl")
  await ask("routed", "dora")
  expect(first.headers["set-cookie"]).toBeUndefined()
  expect(rig.provider.received.map(({ headers }) => headers["cookie"])).toEqual([
    undefined,
    "cf_clearance=of-carl",
    undefined,
  ])
})

test("what it says about its work passes to the client and is kept with the row", async () => {
  rig.provider.script((request) => ({
    ...defaultAnswer(request),
    headers: {
      "content-type": "application/json",
      "x-supermemory-context-modified": "true",
      "x-supermemory-chunks-retrieved": "4",
    },
  }))
  const answer = await ask("routed", "ann")
  expect(answer.headers["x-supermemory-chunks-retrieved"]).toBe("4")
  const id = answer.headers["x-memproxy-request-id"]!
  const kept = (await (await fetch(`${rig.proxy.url}/api/requests/${id}`, { headers: auth })).json()) as {
    router: unknown
  }
  expect(kept.router).toEqual({ "x-supermemory-context-modified": "true", "x-supermemory-chunks-retrieved": "4" })
})
