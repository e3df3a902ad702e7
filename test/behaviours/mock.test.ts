/** `mock_response` and its echo: the proxy works, and shows that it works, with no provider and no key. */
import { expect, test } from "bun:test"
import type { Dialect } from "../../src/exchange.ts"
import { callBytes, lanes } from "../support/lanes.ts"
import { MASTER } from "../support/memproxy.ts"
import { useRig } from "../support/rig.ts"
import { callSdk } from "../support/sdk.ts"
import type { Loose } from "../support/json.ts"

const rig = useRig()

const textOf: Record<Dialect, (result: Loose) => string> = {
  "openai-chat": (result) => (result.final ?? result).choices[0].message.content,
  "openai-responses": (result) =>
    (result.final ?? result).output.find((one: Loose) => one.type === "message").content[0].text,
  anthropic: (result) => (result.final ?? result).content[0].text,
  gemini: (result) =>
    [result.events ?? result]
      .flat()
      .map((one: Loose) => one.candidates[0].content.parts.map((part: Loose) => part.text ?? "").join(""))
      .join(""),
}

for (const lane of lanes)
  for (const stream of [false, true]) {
    test(`${lane.dialect}: the mock's text reaches the official SDK, ${stream ? "streamed" : "whole"}`, async () => {
      const result = await callSdk({ url: rig.proxy.url, key: MASTER, dialect: lane.dialect, model: "mock", stream })
      expect(textOf[lane.dialect](result)).toBe("Hello from memproxy.")
    })

    test(`${lane.dialect}: echo answers with the last user text, unicode and all, ${stream ? "streamed" : "whole"}`, async () => {
      const text = 'é 漢字 😀 "quoted"\nand a second line'
      const body = lane.body(stream, text)
      const answer = await rig.ask(
        callBytes(lane, {
          stream,
          body: JSON.stringify({ ...body, ...(body.model && { model: "echo" }) }),
          path: lane.path(stream, "echo"),
        }),
      )
      expect(answer.status).toBe(200)
      const said = stream ? answer.text : JSON.stringify(answer.json)
      const pieces = [...said.matchAll(/"(?:text|content|delta)":("(?:[^"\\]|\\.)*")/g)].map((match) =>
        JSON.parse(match[1]!),
      )
      expect(pieces.some((piece) => piece === text) || pieces.join("").includes(text)).toBe(true)
      const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
      expect(row).toMatchObject({ outcome: "done", model: "echo", stream, status: 200 })
    })
  }

test("no provider hears of it", () => {
  expect(rig.provider.connections()).toBe(0)
})
