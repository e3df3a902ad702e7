/** Takes the usage chunk out of whole Chat events, for a client that did not ask for it, and no other byte: OpenAI's `"usage":null` in the other chunks stays. */

const KEY = Buffer.from('"usage"')
const LF = 10
const CR = 13

export function dropUsage(events: Uint8Array): Uint8Array {
  if (!tellsUsage(events)) return events
  const bytes = Buffer.from(events.buffer, events.byteOffset, events.byteLength)
  const kept: Uint8Array[] = []
  let from = 0
  for (let at = bytes.indexOf(KEY); at >= 0; at = bytes.indexOf(KEY, at + KEY.length)) {
    if (!opensObject(bytes, at + KEY.length)) continue
    const start = eventStart(bytes, at, from)
    const end = eventEnd(bytes, at)
    if (isUsageChunk(bytes.toString("utf8", start, end))) {
      kept.push(bytes.subarray(from, start))
      from = end
    }
    at = end - KEY.length
  }
  if (from === 0) return events
  kept.push(bytes.subarray(from))
  return Buffer.concat(kept)
}

/** Whether it is worth making a Buffer of them, which costs more than looking. */
function tellsUsage(events: Uint8Array): boolean {
  let at = -1
  while ((at = Buffer.prototype.indexOf.call(events, KEY, at + 1)) >= 0)
    if (opensObject(events, at + KEY.length)) return true
  return false
}

/** `: {` follows; `"usage":null`, which is in every other chunk, is passed over unread. */
function opensObject(bytes: Uint8Array, at: number): boolean {
  let next = at
  while (bytes[next] === 0x20 || bytes[next] === 0x3a) next++
  return bytes[next] === 0x7b
}

/** Lines end with LF or CR LF here; with CR alone, which nobody sends, the whole is one event. `from` is where a line begins. */
const isEmptyLine = (bytes: Buffer, lf: number, from: number) =>
  lf === from || bytes[lf - 1] === LF || (bytes[lf - 1] === CR && (lf - 1 === from || bytes[lf - 2] === LF))

function eventStart(bytes: Buffer, at: number, from: number): number {
  let lf = bytes.lastIndexOf(LF, at)
  while (lf >= from && !isEmptyLine(bytes, lf, from)) lf = lf === 0 ? -1 : bytes.lastIndexOf(LF, lf - 1)
  return lf >= from ? lf + 1 : from
}

function eventEnd(bytes: Buffer, at: number): number {
  let lf = bytes.indexOf(LF, at)
  while (lf >= 0 && !isEmptyLine(bytes, lf, 0)) lf = bytes.indexOf(LF, lf + 1)
  return lf < 0 ? bytes.length : lf + 1
}

/** `choices` empty and a usage that is told; Azure's first chunk has empty choices too, and an error is for the client. */
function isUsageChunk(event: string): boolean {
  const data = event.split(/\r?\n/).filter((line) => line.startsWith("data:"))
  try {
    const chunk: unknown = JSON.parse(data.map((line) => line.slice(5)).join("\n"))
    if (typeof chunk !== "object" || chunk === null || "error" in chunk || !("usage" in chunk)) return false
    return "choices" in chunk && Array.isArray(chunk.choices) && chunk.choices.length === 0 && Boolean(chunk.usage)
  } catch {
    return false // no JSON: the client's to judge
  }
}
