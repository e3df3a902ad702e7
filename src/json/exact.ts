/** JSON whose numbers keep every digit, for what is given back as it came: integers from 2⁵³ on, `1.0`, `1e400`. Pure. */
import type { Json } from "../exchange.ts"

/** https://github.com/tc39/proposal-json-parse-with-source, which TypeScript's library does not know yet. */
const withSource = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: Json, context: { source?: string }) => unknown): Json
  rawJSON(written: string): unknown
  isRawJSON(value: Json): value is { rawJSON: string }
}

const NUMBER = /[:,[]\s*-?\d/

/** False where none can be in it, but perhaps in a text of it. */
export const mayHoldNumbers = (json: string): boolean => NUMBER.test(json)

/** As JSON.parse does it, but that a number which JavaScript would write otherwise is an object that JSON.stringify writes as it was. @throws SyntaxError */
export const parseExactly = (json: string): Json =>
  mayHoldNumbers(json)
    ? withSource.parse(json, (_, value, { source }) =>
        typeof value === "number" && String(value) !== source ? withSource.rawJSON(source!) : value,
      )
    : (JSON.parse(json) as Json)

/** As it was written; null: no number. */
export const numberText = (value: Json): string | null =>
  typeof value === "number" ? String(value) : withSource.isRawJSON(value) ? value.rawJSON : null
