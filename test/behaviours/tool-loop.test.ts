/**
 * The official JavaScript SDKs in a tool-call loop through the proxy, streamed and not, each with a model of every dialect: calls, their results, the answer;
 * each request valid for its provider, each step in the ledger.
 */
import { beforeEach, describe, expect, test } from "bun:test"
import { defaultAnswer } from "../support/answers.ts"
import type { Answer, Received } from "../support/fake-provider.ts"
import type { Loose } from "../support/json.ts"
import { type Lane, lanes } from "../support/lanes.ts"
import { useRig } from "../support/rig.ts"
import { LOOPS } from "../support/sdk-loops.ts"
import { thinkingAnswer } from "../support/thinking-answers.ts"
import { hasToolResult, toolLoop } from "../support/tool-loop.ts"
import { wrongIn } from "../support/valid-request.ts"

const rig = useRig()
const ANSWER = "The tool has answered."
const cases = lanes.flatMap((client) =>
  lanes.flatMap((upstream) => [false, true].map((stream) => ({ client, upstream, stream }))),
)
const title = (client: Lane, upstream: Lane, stream: boolean) =>
  `the SDK of ${client.dialect} with a model of ${upstream.dialect}${stream ? ", streamed" : ""}`

describe("a tool-call loop", () => {
  beforeEach(() => rig.provider.script(toolLoop()))
  for (const { client, upstream, stream } of cases)
    test(title(client, upstream, stream), async () => {
      const before = (await rig.proxy.rows()).length
      const [name, loop] = LOOPS[client.dialect]
      expect(await loop(rig.proxy.url, upstream.model, stream)).toBe(ANSWER)
      expect(rig.provider.received.map(hasToolResult)).toEqual([false, true])
      for (const request of rig.provider.received) expect(wrongIn(upstream.dialect, request.json)).toEqual([])
      const rows = (await rig.proxy.rows()).slice(0, -before || undefined)
      expect(rows).toHaveLength(2)
      for (const row of rows) {
        expect(row).toMatchObject({ client: name, model: upstream.model, stream, status: 200, outcome: "done" })
        expect(row).toMatchObject({ dialect_out: upstream.dialect, user_id: "default-dev", lossy: [] })
        expect(row.client_version).toMatch(/^\d+\.\d+/)
        expect([row.input_tokens! > 0, row.output_tokens! > 0]).toEqual([true, true])
      }
      expect(rows[0]!.session_id).toBe(rows[1]!.session_id!)
    })
})

/** The second request's turn of the assistant, as `[what, signature, name or text]`. */
const replayed: Record<string, (body: Loose) => Loose[]> = {
  anthropic: (body) =>
    body.messages[1].content.map((block: Loose) => [
      block.type,
      block.signature ?? null,
      block.name ?? block.text ?? block.thinking,
    ]),
  "openai-responses": (body) =>
    body.input
      .filter((item: Loose) => item.role !== "user" && !item.type?.endsWith("_output"))
      .map((item: Loose) => [
        item.type ?? "message",
        item.encrypted_content ?? null,
        item.name ?? item.content?.[0]?.text ?? item.summary[0].text,
      ]),
  gemini: (body) =>
    body.contents[1].parts
      .filter((part: Loose) => part.functionCall)
      .map((part: Loose) => ["call", part.thoughtSignature ?? null, part.functionCall.args.command]),
  "openai-chat": (body) => body.messages[1].tool_calls.map((call: Loose) => ["call", null, call.function.arguments]),
}
const EXPECTED: Record<string, Loose[]> = {
  anthropic: [
    ["thinking", "c2lnbmVk", "Hm, two of them."],
    ["text", null, "I run both."],
    ["tool_use", null, "bash"],
    ["tool_use", null, "bash"],
  ],
  "openai-responses": [
    ["reasoning", "c2lnbmVk", "Hm, two of them."],
    ["message", null, "I run both."],
    ["function_call", null, "bash"],
    ["function_call", null, "bash"],
  ],
  gemini: [
    ["call", "c2lnbmVk", "echo 1"],
    ["call", null, "echo 2"],
  ],
  "openai-chat": [
    ["call", null, '{"command":"echo 1"}'],
    ["call", null, '{"command":"echo 2"}'],
  ],
}

describe("thinking and parallel calls come back to the model that made them, with their signatures", () => {
  beforeEach(() =>
    rig.provider.script((request: Received): Answer =>
      hasToolResult(request) ? defaultAnswer(request) : thinkingAnswer(request),
    ),
  )
  for (const { client, upstream, stream } of cases)
    test(title(client, upstream, stream), async () => {
      const [, loop] = LOOPS[client.dialect]
      expect(await loop(rig.proxy.url, upstream.model, stream)).toBe("Hello from the fake provider.")
      const [, second] = rig.provider.received
      expect(wrongIn(upstream.dialect, second!.json)).toEqual([])
      expect(replayed[upstream.dialect]!(second!.json)).toEqual(EXPECTED[upstream.dialect]!)
    })
})
