/** `GET /memory-routing/info`: how this caller is recognised, and why. */
import type { App } from "../app.ts"
import type { Arrival, Caller } from "../exchange.ts"
import { identify } from "../identify/identify.ts"
import { resolveProject } from "../pipeline.ts"

/** Headers worth showing to someone who sets up a client. A list of what is safe, never of what is secret. */
const SHOWN =
  /^(user-agent|host|accept|content-type|origin|referer|http-referer|x-title|originator|x-app|x-client-[a-z-]+|x-stainless-[a-z-]+|anthropic-(version|beta)|x-goog-api-client|x-memory-(user-id|project|session)|x-memproxy-(user|project|session|memory)|x-session-(id|affinity)|session-id|thread-id|session_id|conversation_id|x-claude-code-session-id|x-openwebui-[a-z-]+)$/

export function routingInfo(arrival: Arrival, app: App) {
  const { config, gate } = app.snapshot()
  const caller = callerOf(arrival, gate)
  const found = identify(
    {
      headers: arrival.headers,
      dialect: null,
      body: () => null,
      prefixUser: arrival.prefixUser,
      prefixProject: arrival.prefixProject,
      caller: caller ?? OPEN,
    },
    config.users,
    app.patterns,
  )
  const project = found.project && resolveProject(app, found, found.project, arrival.isLocal)
  const shown: Record<string, string> = {}
  arrival.headers.forEach((value, name) => {
    if (SHOWN.test(name) || name === config.users.customHeader) shown[name] = value
  })
  return {
    routing: {
      user_id: found.userId,
      matched_pattern: found.matchedPattern,
      custom_header_present: found.customHeaderPresent,
      is_default: found.isDefault,
      client: found.client,
      client_version: found.clientVersion,
      project: project?.name ?? null,
      session_id: found.sessionId,
      rule: found.rule,
    },
    request_headers: shown,
    memory: null,
  }
}

const OPEN: Caller = { kind: "open", alias: null, userId: null, subscription: null }

/** This route needs no key, so a wrong one is no error here. */
function callerOf(arrival: Arrival, gate: ReturnType<App["snapshot"]>["gate"]): Caller | null {
  try {
    return gate.open(arrival.headers, arrival.keysFromUrl)
  } catch {
    return null
  }
}
