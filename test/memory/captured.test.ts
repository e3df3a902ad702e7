/** The recorded requests of the real clients: where a block goes in each, and that nothing else moves. */
import { expect, test } from "bun:test"
import { appendTexts } from "../../src/dialects/append-text.ts"
import { matchEndpoint } from "../../src/dialects/endpoints.ts"
import { readRequest } from "../../src/dialects/request.ts"
import type { Json, JsonObject } from "../../src/exchange.ts"
import { contentOf } from "../../src/identify/prompt.ts"
import { purposeOf } from "../../src/identify/purpose.ts"
import { readTurns } from "../../src/identify/turns.ts"
import { captured, haveCaptured } from "../identify/captured.ts"
import { nodeOf } from "../support/nodes.ts"
import { JsonText } from "../../src/json/json-text.ts"

const NOTE = "a note"
const isNote = (part: Json) => typeof part === "object" && (part as JsonObject)["text"] === NOTE

test.if(haveCaptured)(
  "a block is the last part of the person's newest message, and the rest is the client's bytes",
  () => {
    let seen = 0
    for (const { id, method, path, headers, body } of captured) {
      const endpoint = matchEndpoint(method, path.replace(/^\/p\/[^/]+/, ""))
      if (!body || endpoint?.operation !== "generate") continue
      const node = nodeOf(body)
      const turns = readTurns(endpoint.dialect, node)
      const newest = turns.at(-1)
      if (!newest || purposeOf({ headers, body: node, newest }) !== "conversation") continue
      seen++
      const text = JSON.stringify(body)
      const told = appendTexts(readRequest(endpoint, JsonText.from(text)), [
        { entry: newest.entry, text: NOTE },
      ]).text.toString()
      const after = JSON.parse(told) as JsonObject
      const at = (whole: JsonObject) =>
        newest.entry < 0 ? whole["input"]! : contentOf(nodeOf(whole).entries[newest.entry]!)!.value()
      const [before, grown] = [at(body), at(after)]
      const parts = typeof before === "string" ? [{ type: "text", text: before }] : before
      if (typeof grown === "string") expect({ id, grown }).toEqual({ id, grown: `${String(before)}\n\n${NOTE}` })
      else if (Array.isArray(grown)) {
        expect({ id, last: isNote(grown.at(-1)!) }).toEqual({ id, last: true })
        expect({ id, rest: grown.slice(0, -1) as Json }).toEqual({ id, rest: parts })
      }
      // put back what was there, and all of it is the client's again, to the byte
      const back = told.replace(JSON.stringify(grown), () => JSON.stringify(before))
      expect({ id, isSame: back === text }).toEqual({ id, isSame: true })
    }
    expect(seen).toBeGreaterThan(60)
  },
)
