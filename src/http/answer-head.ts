/** The headers of an answer on a model route: our own and LiteLLM's, and others such as the provider's. */
import type { Exchange } from "../app.ts"
import type { Deployment } from "../settings.ts"
import { type Draft, overheadMs } from "../usage/settle.ts"
import { headerValue } from "./header-value.ts"

/** What is the same in every answer to one user, client and project by one deployment: cloning it costs a third of writing it. */
const constant = new WeakMap<Deployment, Map<string, Headers>>()
const MOST_KEPT = 500

export function answerHead(
  exchange: Exchange,
  others: readonly (readonly [string, string])[],
  withCost = false,
): Headers {
  const { app, draft, identity } = exchange
  const { row, deployment } = draft
  const head = deployment ? new Headers(constantPart(exchange, deployment)) : writeConstant(exchange)
  head.set("x-memproxy-request-id", row.id)
  head.set("x-litellm-call-id", row.id)
  head.set("x-litellm-overhead-duration-ms", String(row.overhead_ms ?? overheadMs(draft, app.now())))
  if (identity?.sessionId) head.set("x-memproxy-session", headerValue(identity.sessionId))
  if (row.memory_status !== "off") head.set("x-memproxy-memory", memoryHeader(draft))
  if (row.lossy.length > 0) head.set("x-memproxy-lossy", headerValue(row.lossy.join(", ")))
  if (row.retries > 0) head.set("x-litellm-attempted-retries", String(row.retries))
  if (row.fallbacks > 0) head.set("x-litellm-attempted-fallbacks", String(row.fallbacks))
  if (withCost && row.cost_usd !== null) head.set("x-litellm-response-cost", String(row.cost_usd))
  for (let at = 0; at < others.length; at++) head.append(others[at]![0], others[at]![1])
  return head
}

/** `hit; n=3; tokens=214; ms=2` · `miss` · `skip; reason=…` · `off` · `error; reason=…` */
function memoryHeader({ row, detail }: Draft): string {
  const { memory_status, memories_injected, memory_tokens, memory_ms } = row
  if (memory_status === "hit")
    return `hit; n=${memories_injected}; tokens=${memory_tokens}; ms=${Math.round(memory_ms ?? 0)}`
  return detail.memory_reason === null ? String(memory_status) : `${memory_status}; reason=${detail.memory_reason}`
}

function constantPart(exchange: Exchange, deployment: Deployment): Headers {
  const { draft, identity } = exchange
  let kept = constant.get(deployment)
  if (!kept) constant.set(deployment, (kept = new Map()))
  const key = [draft.row.model, identity?.userId, identity?.client, identity?.project?.name].join("\n")
  let head = kept.get(key)
  if (!head) {
    if (kept.size >= MOST_KEPT) kept.clear()
    kept.set(key, (head = writeConstant(exchange)))
  }
  return head
}

function writeConstant({ draft, identity }: Exchange): Headers {
  const { row, deployment } = draft
  const head = new Headers({
    "x-memproxy-memory": "off",
    "x-litellm-attempted-retries": "0",
    "x-litellm-attempted-fallbacks": "0",
  })
  const add = (name: string, value: string | null | undefined) => {
    if (value) head.set(name, headerValue(value))
  }
  add("x-memproxy-user", identity?.userId)
  add("x-memproxy-client", identity?.client)
  add("x-memproxy-project", identity?.project?.name)
  add("x-litellm-model-id", deployment?.id)
  if (deployment) add("x-litellm-model-group", row.model)
  return head
}
