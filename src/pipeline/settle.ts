/** The one place where an exchange settles: its row, its price, and what memory and quality make of it. */
import type { Exchange } from "../app.ts"
import type { Identity, Metered } from "../exchange.ts"
import { countedUsage, type Ending, settleDraft, settlePrice } from "../usage/draft.ts"
import { isRegional } from "../usage/tier-shares.ts"
import { rememberSaid } from "./memory.ts"
import { appraiseLater, countSettled } from "./quality.ts"

/** Once: whoever comes second changes nothing. A promise where the price table is yet to be loaded, which does not reject. */
export function settle(exchange: Exchange, ending: Ending): Promise<void> | undefined {
  if (exchange.isSettled) return
  exchange.isSettled = true
  const { app, draft, identity } = exchange
  const { metered } = ending
  if (identity && !identity.project && exchange.isOwnSession) noteProject(exchange, identity)
  settleDraft(draft, ending, app.now())
  if (exchange.memory) rememberSaid(exchange, exchange.memory, metered)
  if (app.prices.ready) return finish(exchange, metered)
  return app.prices.load().then(
    () => finish(exchange, metered),
    (error) => {
      app.log("the price table cannot be loaded", error)
      record(exchange, metered)
    },
  )
}

/** A title is asked for beside a conversation's first turn: that turn may say where they are, by now or later. */
function noteProject({ app, draft }: Exchange, { userId, sessionId }: Identity): void {
  if (sessionId === null) return
  const project = app.sessionProjects.of(userId, sessionId)
  draft.row.project = project?.name ?? null
  draft.detail.project_key = project?.key ?? null
  if (!project) app.sessionProjects.wait(userId, sessionId, draft.row.id)
}

function finish(exchange: Exchange, metered: Metered | null): undefined {
  const { app, draft } = exchange
  try {
    price(exchange, metered)
  } catch (error) {
    app.log(`${draft.row.id} no price could be found`, error)
  }
  record(exchange, metered)
}

function price({ app, draft, endpoint, snapshot }: Exchange, metered: Metered | null): void {
  const usage = metered && countedUsage(draft, metered).usage
  if (!usage || !draft.deployment) return
  settlePrice(
    draft,
    app.prices.price({
      usage,
      provider: draft.deployment.provider,
      model: draft.row.upstream_model ?? "",
      answered: metered.model,
      baseModel: draft.deployment.baseModel,
      custom: draft.deployment.prices,
      serviceTier: metered.serviceTier,
      isRegional: isRegional(draft.deployment),
      operation: endpoint.operation,
    }),
    snapshot.config.billing,
  )
}

function record(exchange: Exchange, metered: Metered | null): void {
  const { app, draft } = exchange
  countSettled(exchange, metered)
  app.ledger.append(draft.row, draft.detail)
  appraiseLater(exchange, metered)
  const { tap } = draft
  if (tap) app.bodies.put(draft.row.id, exchange.arrival.startedAt, () => tap.texts())
}
