/** `GET /memory-routing/info`: how this caller is recognised, and why. */
import type { App } from "../app.ts"
import type { Arrival, Caller } from "../exchange.ts"
import { type Identified, identify } from "../identify/identify.ts"
import { type Namespace, namespaceOf } from "../memory/namespace.ts"
import { resolveProject } from "../pipeline/recognise.ts"

/** Headers worth showing to someone who sets up a client. A list of what is safe, never of what is secret. */
const SHOWN =
  /^(user-agent|host|accept|content-type|origin|referer|http-referer|x-title|originator|x-app|x-client-[a-z-]+|x-stainless-[a-z-]+|anthropic-(version|beta)|x-goog-api-client|x-memory-(user-id|project|session)|x-memproxy-(user|project|session|memory)|x-session-(id|affinity)|session-id|thread-id|session_id|conversation_id|x-claude-code-session-id|x-openwebui-[a-z-]+)$/

export async function routingInfo(arrival: Arrival, app: App) {
  const { config, gate } = app.snapshot()
  const caller = callerOf(arrival, gate)
  const found = identifyBare(arrival, app, caller ?? OPEN)
  const { project } = found
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
      rule: ruleOf(found),
    },
    request_headers: shown,
    memory: caller && (await memoryInfo(app, namespaceOf(config.memory.scope, found.userId, project))),
  }
}

/** In words, what decided. */
function ruleOf({ by }: Identified): string {
  const from = (what: string | null, otherwise: string) => (what === null ? otherwise : `from ${what}`)
  return `user from ${by.user}; client ${from(by.client, "unknown")}; project ${from(by.project, "unknown")}; session ${from(by.session, "from the conversation's turns")}`
}

/** From what a request without a body says. @throws Refusal as `identify` does */
export function identifyBare(arrival: Arrival, app: App, caller: Caller): Identified {
  const { headers, prefixUser, prefixProject, isLocal } = arrival
  const found = identify(
    { headers, body: null, prefixUser, prefixProject, caller },
    app.snapshot().config.users,
    app.patterns,
  )
  return { ...found, project: found.project && resolveProject(app, found, found.project, isLocal) }
}

/** How many memories are kept for this caller here; null: memory is off. Where they cannot be counted, their number is null. */
async function memoryInfo(app: App, namespace: Namespace) {
  const engine = app.memories.engine(app.snapshot().config)
  if (!engine) return null
  const { userId: user_id, projectKey: project_key } = namespace
  const memories = await engine.tools.count(namespace).catch((error: unknown) => {
    app.log("memories cannot be counted", error)
    return null
  })
  return { engine: engine.name, namespace: { user_id, project_key }, memories }
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
