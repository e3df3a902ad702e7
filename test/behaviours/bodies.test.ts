/** Bodies are kept where the file says so: as asked, as sent, as answered; without secrets where they are redacted; and not at all by default. */
import { describe, expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { lanes } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { useRig } from "../support/rig.ts"

const SECRET = "sk-proj-abcdefghijklmnopqrstuvwxyz012345"

interface Entry {
  bodies: { request: string; sent: string; answer: string; truncated: boolean } | null
}

describe.each(["redacted", "full"] as const)("bodies: %s", (bodies) => {
  const rig = useRig(() => ({ memproxy: { logging: { bodies } } }))
  const call = (path: string, body: unknown) =>
    fetch(rig.proxy.url + path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${MASTER}`, "content-type": "application/json" },
    })
  const entryOf = async (answer: Response) => {
    const id = answer.headers.get("x-memproxy-request-id")
    const found = await fetch(`${rig.proxy.url}/api/requests/${id}`, { headers: { authorization: `Bearer ${MASTER}` } })
    return (await found.json()) as Entry
  }

  for (const lane of lanes)
    test.each([false, true])(`${lane.dialect}: what was asked, sent and answered, streamed: %s`, async (stream) => {
      const answer = await call(lane.path(stream), lane.body(stream, `my key is ${SECRET}, keep it`))
      const text = await answer.text()
      const kept = (await entryOf(answer)).bodies!
      const secret = bodies === "full" ? SECRET : "[redacted]"
      expect(kept.request).toContain(`my key is ${secret}, keep it`)
      expect(kept.sent).toContain(`my key is ${secret}, keep it`)
      if (lane.dialect !== "gemini") expect(kept.sent).toContain(lane.upstreamModel)
      // a client that did not ask for the usage of a stream does not get it, and the provider gave it
      if (lane.dialect !== "openai-chat" || !stream) expect(kept.answer).toBe(text)
      else expect(kept.answer).toContain("usage")
      expect(kept.truncated).toBe(false)
    })

  test("a refused request has what was asked, and what it was told", async () => {
    const answer = await call("/v1/chat/completions", { model: "no such model", messages: [] })
    const kept = (await entryOf(answer)).bodies!
    expect(kept.request).toContain("no such model")
    expect(kept).toMatchObject({ sent: null, answer: await answer.text() })
  })

  test("a body of megabytes is cut off, and says so", async () => {
    const lane = lanes[0]!
    const kept = (await entryOf(await call(lane.path(false), lane.body(false, "x ".repeat(1 << 20))))).bodies!
    expect([kept.truncated, kept.request.length]).toEqual([true, 1 << 20])
  })
})

describe("by default", () => {
  const rig = useRig()
  test("no body is kept, and there is no file for any", async () => {
    const lane = lanes[0]!
    const headers = { authorization: `Bearer ${MASTER}` }
    const answer = await fetch(rig.proxy.url + lane.path(false), {
      method: "POST",
      body: JSON.stringify(lane.body(false)),
      headers,
    })
    const id = answer.headers.get("x-memproxy-request-id")
    const entry = (await (await fetch(`${rig.proxy.url}/api/requests/${id}`, { headers })).json()) as Entry
    expect(entry.bodies).toBeNull()
    expect(existsSync(join(rig.proxy.dataDir, "bodies.db"))).toBe(false)
  })
})
