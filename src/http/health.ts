/** The health routes: the seed's `/health`, and LiteLLM's liveliness and readiness. */
import type { App } from "../app.ts"
import { version } from "../version.ts"

export function health(app: App) {
  const { config } = app.snapshot()
  return {
    status: "healthy",
    version,
    models_configured: app.snapshot().routes.models().length,
    config_errors: countErrors(config.findings),
  }
}

export function readiness(app: App) {
  const { config } = app.snapshot()
  const ledger = app.ledger.health()
  return {
    status: ledger.lastError === null ? "healthy" : "degraded",
    db: ledger.lastError === null ? "connected" : "failing",
    cache: null,
    version,
    ledger: { queued: ledger.queued, dropped: ledger.dropped },
    config: { errors: countErrors(config.findings) },
  }
}

const countErrors = (findings: readonly { severity: string }[]) =>
  findings.filter((one) => one.severity === "error").length
