/** What the mocks of all dialects are made of. */

import type { Json, JsonObject } from "../exchange.ts"

export interface MockOptions {
  /** what the model says */
  text: string
  /** of the exchange; each dialect's ids are made from it */
  id: string
  /** seconds since 1970 */
  created: number
  /** a Gemini stream asked for without `alt=sse` is one JSON array */
  arrayForm: boolean
}

export interface MockAnswer {
  contentType: string
  /** to be sent in this order; one where nothing streams */
  chunks: string[]
}

/** LiteLLM's numbers for a mock, in tokens. */
export const MOCK_USAGE = { input: 10, output: 20 } as const

export function oneBody(body: JsonObject): MockAnswer {
  return { contentType: "application/json", chunks: [JSON.stringify(body)] }
}

export function dataEvents(bodies: readonly JsonObject[]): MockAnswer {
  return { contentType: "text/event-stream", chunks: bodies.map((body) => `data: ${JSON.stringify(body)}\n\n`) }
}

/** Each event named by its `type`, as Anthropic and Responses do. */
export function namedEvents(bodies: readonly (JsonObject & { type: string })[]): MockAnswer {
  const chunks = bodies.map((body) => `event: ${body.type}\ndata: ${JSON.stringify(body)}\n\n`)
  return { contentType: "text/event-stream", chunks }
}

/** Words with the blanks before them, so that a stream has several deltas; together they are the text. */
export function pieces(text: string): string[] {
  return text.match(/\s*\S+\s*$|\s*\S+|\s+/g) ?? []
}

/** The numbers depend on nothing but the text; their length is 1. */
export function embed(text: string, dimensions: Json | undefined): number[] {
  const count = typeof dimensions === "number" && dimensions >= 1 && dimensions <= 4096 ? Math.floor(dimensions) : 8
  let state = 2_166_136_261 // FNV-1a, then a linear congruence
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 16_777_619) >>> 0
  const values: number[] = []
  for (let at = 0; at < count; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    values.push(state / 2_147_483_648 - 1)
  }
  const length = Math.hypot(...values)
  return values.map((value) => Math.fround(value / length))
}
