/** The thread of `store/report-thread.ts`: one report after another, as JSON, on a connection of its own. An entry of the build. */
import type { ReportAnswer, ReportQuestion } from "./store/report-thread.ts"
import { readLedger } from "./store/read.ts"

declare const self: Worker

self.addEventListener("message", async ({ data: { id, dir, query } }: MessageEvent<ReportQuestion>) => {
  const answer: ReportAnswer = await readLedger(dir, (ledger) => ledger.usage(query)).then(
    (report) => ({ id, text: JSON.stringify(report), error: null }),
    (error: unknown) => ({ id, text: null, error: String(error) }),
  )
  self.postMessage(answer)
})
