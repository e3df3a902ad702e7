/** A time as rows say it, ISO 8601, and as it is stored, epoch milliseconds. A busy proxy's rows share their milliseconds: the last one's other form is kept. */

let lastTime = 0
let lastText = new Date(0).toISOString()

export function textOfTime(time: number): string {
  if (time !== lastTime) {
    lastText = new Date(time).toISOString()
    lastTime = time
  }
  return lastText
}

let lastRead = lastText
let lastValue = 0

/** NaN for what is no time. */
export function timeOfText(text: string): number {
  if (text !== lastRead) {
    lastValue = Date.parse(text)
    lastRead = text
  }
  return lastValue
}
