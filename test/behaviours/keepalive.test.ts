/** A provider that thinks: the client's connection is kept alive in the one form its dialect tolerates. Slow: it waits out 15 s. */
import { expect, test } from "bun:test"
import { defaultAnswer } from "../support/answers.ts"
import { callAcross, callBytes, claude, gemini, lanes, pairs } from "../support/lanes.ts"
import { useRig } from "../support/rig.ts"

const rig = useRig()
const SILENCE_MS = 17_000

test("after 15 s of silence: a ping for Anthropic, a comment for Chat and Responses, nothing for Gemini; never inside an event", async () => {
  rig.provider.script((request) => {
    const answer = defaultAnswer(request)
    const pieces = [...(answer.pieces as string[])]
    const middle = Math.min(2, pieces.length - 1)
    const first = pieces.slice(0, middle).join("")
    const rest = pieces.slice(middle).join("")
    // half an event before the silence: nothing may be put there
    return {
      ...answer,
      pieces: request.json.torn ? [first + rest.slice(0, 20), SILENCE_MS, rest.slice(20)] : [first, SILENCE_MS, rest],
    }
  })
  await Promise.all(
    lanes.flatMap((lane) =>
      [false, true].map(async (torn) => {
        const body = {
          ...lane.body(true),
          torn,
          ...(lane.dialect === "openai-chat" && { stream_options: { include_usage: true } }),
        }
        const answer = await rig.ask(callBytes(lane, { stream: true, body: JSON.stringify(body) }), 60_000)
        const request = rig.provider.received.find(
          (one) => one.json.torn === torn && one.path === lane.upstreamPath(true).split("?")[0],
        )!
        const sent = [...(defaultAnswer(request).pieces as string[])].join("")
        const row = await rig.proxy.row(answer.headers["x-memproxy-request-id"]!)
        expect([lane.dialect, row.outcome]).toEqual([lane.dialect, "done"])
        if (lane === gemini) return expect(answer.text).toBe(sent)
        const beats = added(answer.text, sent)
        expect(beats.length).toBeGreaterThanOrEqual(torn ? 0 : 1)
        const form = lane === claude ? /^event: ping\ndata: \{\s*"type":\s*"ping"\s*\}\n\n$/ : /^:[^\n]*\n\n$/
        for (const beat of beats) expect(beat).toMatch(form)
      }),
    ),
  )
}, 60_000)

test("a translated stream is kept alive in its client's form, whatever the provider's", async () => {
  rig.provider.script((request) => {
    const answer = defaultAnswer(request)
    const [first, ...rest] = [...(answer.pieces as string[])]
    return { ...answer, pieces: [first!, SILENCE_MS, ...rest] }
  })
  await Promise.all(
    pairs.map(async ({ client, upstream }) => {
      const { headers, text } = await rig.ask(callAcross(client, upstream, true), 60_000)
      const forms = { ping: /^event: ping\ndata: \{"type": "ping"\}$/gm, comment: /^:[^\n]*$/gm }
      const found = Object.entries(forms).flatMap(([form, lines]) => (lines.test(text) ? [form] : []))
      const due = client === gemini ? [] : client === claude ? ["ping"] : ["comment"]
      expect([client.dialect, upstream.dialect, found]).toEqual([client.dialect, upstream.dialect, due])
      expect(text).toContain(client.terminal)
      expect((await rig.proxy.row(headers["x-memproxy-request-id"]!)).outcome).toBe("done")
    }),
  )
}, 60_000)

/** The whole events that stand between the provider's own; throws where one of those was touched. */
function added(after: string, before: string): string[] {
  const own = before.split(/(?<=\n\n)/)
  const extra = after.split(/(?<=\n\n)/).filter((event) => event !== own[0] || own.shift() === undefined)
  expect(own).toEqual([])
  return extra
}
