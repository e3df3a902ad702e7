/** A time as rows say it, ISO 8601, and as it is stored, epoch milliseconds. A busy proxy's rows share their milliseconds. */
import { keepLast } from "../keep-recent.ts"

export const textOfTime = keepLast((time: number) => new Date(time).toISOString())

/** NaN for what is no time. */
export const timeOfText = keepLast((text: string) => Date.parse(text))
