/** JSON as the program reads it, and what it writes, for tests that speak in objects and texts. */
import type { Json } from "../../src/exchange.ts"
import { Prompt } from "../../src/identify/prompt.ts"
import { JsonText } from "../../src/json/json-text.ts"
import { joinPieces, type Pieces } from "../../src/json/pieces.ts"

export const jsonText = (body: Json | undefined) => JsonText.from(JSON.stringify(body))

export function nodeOf(body: Json): Prompt {
  const node = Prompt.parse(jsonText(body))
  if (!node) throw new Error("no JSON object")
  return node
}

export const textOf = (pieces: Pieces) => joinPieces(pieces).toString()
