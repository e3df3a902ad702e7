/** An image that a client names by address reaches a provider that fetches none; one inside the network does not, unless the config says so. */
import { expect, test } from "bun:test"
import { gemini, jsonHeaders } from "../support/lanes.ts"
import { useRig } from "../support/rig.ts"

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
)
const rig = useRig((provider) => ({ memproxy: { media_hosts: [new URL(provider.url).host] } }))

const ask = async (url: string) => {
  const content = [
    { type: "text", text: "What is this?" },
    { type: "image_url", image_url: { url } },
  ]
  const body = JSON.stringify({ model: gemini.model, messages: [{ role: "user", content }] })
  return fetch(`${rig.proxy.url}/v1/chat/completions`, { method: "POST", headers: jsonHeaders, body })
}

test("the image goes to Gemini as data, with the type its bytes have", async () => {
  rig.provider.script(({ method }) =>
    method === "GET" ? { headers: { "content-type": "image/jpeg" }, body: PNG } : null,
  )
  const answer = await ask(`${rig.provider.url}/pictures/a.jpg`)
  expect(answer.status).toBe(200)
  const [picture, call] = rig.provider.received
  expect(picture).toMatchObject({ method: "GET", path: "/pictures/a.jpg" })
  expect(Object.keys(picture!.headers)).not.toContain("authorization")
  expect(call!.json.contents[0].parts[1]).toEqual({
    inlineData: { mimeType: "image/png", data: PNG.toString("base64") },
  })
})

test("an address inside the network is refused in the caller's dialect, and nobody is asked", async () => {
  const answer = await ask("http://127.0.0.1:1/secret.png")
  expect(answer.status).toBe(400)
  expect((await answer.json()).error).toMatchObject({ code: "media_not_fetched", origin: "memproxy" })
  expect(rig.provider.received).toEqual([])
})
