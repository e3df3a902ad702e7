/** The health routes: LiteLLM Memory Proxy's `/health`, and LiteLLM's liveliness and readiness. */
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

/** LiteLLM's answer beside that. What is missing is known without a call: a provider is not asked, because that costs money. */
export function healthInDetail(app: App) {
  const endpoints = app.snapshot().config.deployments.map((one) => ({
    model: `${one.provider}/${one.model}`,
    model_name: one.name,
    model_id: one.id,
    api_base: one.base,
    ...(one.missing !== null && { error: `The environment variable ${one.missing} is not set.` }),
  }))
  const unhealthy = endpoints.filter((one) => "error" in one)
  const healthy = endpoints.filter((one) => !("error" in one))
  return {
    ...health(app),
    healthy_endpoints: healthy,
    unhealthy_endpoints: unhealthy,
    healthy_count: healthy.length,
    unhealthy_count: unhealthy.length,
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
