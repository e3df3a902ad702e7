/**
 * The judge: a model that the file names scores a sample of the answers, within a budget. Its calls go through the pipeline like any other and are rows of the client
 * `memproxy-judge`; nothing of an answer is kept but its scores. Loaded by the first answer when the file switches it on.
 */
import type { App } from "../app.ts"
import type { Arrival } from "../exchange.ts"
import type { Config } from "../settings.ts"
import { responseOf } from "../http/answer.ts"
import { JUDGE_CLIENT } from "../identify/clients.ts"
import { handle } from "../pipeline.ts"
import { askToJudge, PROMPT_VERSION, readVerdict, RUBRIC, scoreOfVerdict } from "../usage/quality-judge.ts"

/** What a person asked and a model answered. */
interface Judgeable {
  requestId: string
  message: string
  answer: string
}

interface Judge {
  /** Takes the answer for judging, or not: by chance, by the budget, and where too many wait. */
  consider(judgeable: Judgeable): void
}

type Settings = NonNullable<Config["judge"]>

const MOST_WAITING = 10
const DAY_MS = 86_400_000
const ENDPOINT = {
  dialect: "openai-chat",
  operation: "generate",
  model: null,
  stream: null,
  version: "v1",
} as const

export function createJudge(app: App, clock: () => number): Judge {
  const waiting: Judgeable[] = []
  let isBusy = false
  /** what was spent on the UTC day, from the ledger where the day began before we did */
  let day = -1
  let spent = 0

  function consider(judgeable: Judgeable): void {
    const settings = app.snapshot().config.judge
    if (!settings || app.random() >= settings.sample || waiting.length >= MOST_WAITING) return
    waiting.push(judgeable)
    if (!isBusy) void work()
  }

  async function work(): Promise<void> {
    isBusy = true
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const { judge } = app.snapshot().config
        if (judge && (await spentToday()) < judge.budgetUsdPerDay) await judgeOne(next, judge)
      }
    } catch (error) {
      app.log("an answer could not be judged", error)
    } finally {
      isBusy = false
    }
  }

  async function spentToday(): Promise<number> {
    const today = Math.floor(clock() / DAY_MS)
    if (today !== day) {
      const { totals } = await app.ledger.usage({ from: today * DAY_MS, client: JUDGE_CLIENT, groupBy: [] })
      spent = totals.cost_usd ?? 0
      day = today
    }
    return spent
  }

  async function judgeOne(
    { requestId, message, answer }: Judgeable,
    { model, budgetUsdPerDay }: Settings,
  ): Promise<void> {
    const response = responseOf(await handle(arrivalOf(app, clock, model, askToJudge(message, answer)), ENDPOINT, app))
    const cost = response.headers.get("x-litellm-response-cost")
    spent += Number(cost ?? 0)
    if (response.ok && cost === null) {
      app.log(
        `the judge rests for today: ${model} has no known price, so that its budget cannot be kept. Give it input_cost_per_token and output_cost_per_token.`,
      )
      spent = budgetUsdPerDay
    }
    const verdict = response.ok ? readVerdict(textOf(await response.json())) : null
    if (!verdict) return
    const comment = JSON.stringify({
      prompt: PROMPT_VERSION,
      model,
      judged_by: response.headers.get("x-memproxy-request-id"),
      ...verdict,
    })
    const score = scoreOfVerdict(verdict)
    await app.ledger.rate({ requestId, sessionId: null, userId: null, score, comment, source: "judge", at: clock() })
  }

  return { consider }
}

function textOf(body: unknown): string {
  const { choices } = body as { choices?: { message?: { content?: unknown } }[] }
  const content = choices?.[0]?.message?.content
  return typeof content === "string" ? content : ""
}

/** A call of our own: it comes from nowhere, opens with the master key, and neither reads nor writes memories. */
function arrivalOf(app: App, clock: () => number, model: string, question: string): Arrival {
  const { masterKey } = app.snapshot().config
  const headers = new Headers({
    "content-type": "application/json",
    "user-agent": `${JUDGE_CLIENT}/${PROMPT_VERSION}`,
    "x-memproxy-memory": "off",
  })
  const body = JSON.stringify({
    model,
    messages: [
      { role: "system", content: RUBRIC },
      { role: "user", content: question },
    ],
  })
  return {
    body: { bytes: async () => Buffer.from(body), ascii: () => null, watch: () => app.stopping, hasLeft: false },
    headers,
    method: "POST",
    path: "/v1/chat/completions",
    query: "",
    keysFromUrl: masterKey ? [masterKey] : [],
    prefixUser: JUDGE_CLIENT,
    prefixProject: null,
    isLocal: true,
    startedAt: clock(),
    started: app.now(),
  }
}
