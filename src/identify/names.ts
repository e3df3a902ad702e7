/** The names that clients may give for user, project and session, and what a header's bytes mean. */
import { Refusal } from "../exchange.ts"
import { withoutKey } from "../memory/redact.ts"

const MAX_CHARS = 128
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true })

/** HTTP hands header bytes over as latin-1; clients write UTF-8. Text that is not valid UTF-8 stays as it is. */
export function decodeHeader(value: string): string {
  let high = 0
  for (let at = 0; at < value.length; at++) high |= value.charCodeAt(at)
  if (high < 0x80 || high > 0xff) return value
  try {
    return STRICT_UTF8.decode(Buffer.from(value, "latin1"))
  } catch {
    return value // latin-1 after all
  }
}

function fault(name: string): string | null {
  if (CONTROL.test(name)) return "holds a control character"
  return name.length > MAX_CHARS && [...name].length > MAX_CHARS ? `is longer than ${MAX_CHARS} characters` : null
}

/** A name given on purpose. Null where there is none or it is empty. @throws Refusal 400 for one that cannot be a name */
export function readName(raw: string | null, where: string): string | null {
  const name = raw === null ? "" : decodeHeader(raw).trim()
  if (name === "") return null
  const wrong = fault(name)
  if (wrong === null) return withoutKey(name)
  throw new Refusal(
    400,
    "invalid_request",
    `The name in ${where} ${wrong}. Send a plain name of at most ${MAX_CHARS} characters.`,
  )
}

/** An id a client sent for its own purposes: used if it can be, else passed over. */
export function usableId(value: unknown): string | null {
  return typeof value === "string" && value !== "" && fault(value) === null ? withoutKey(value) : null
}
