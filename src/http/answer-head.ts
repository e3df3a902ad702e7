/** The headers of an answer on a model route: our own and LiteLLM's, and others such as the provider's. */
import type { Exchange } from "../app.ts"
import type { Deployment } from "../settings.ts"
import { type Draft, overheadMs } from "../usage/settle.ts"
import { headerLine, headerLines } from "./answer.ts"
import { headerValue } from "./header-value.ts"

/** What is the same in every answer to one user, client and project by one deployment. */
const constant = new WeakMap<Deployment, Map<string, string>>()
const MOST_KEPT = 500

/** Header lines as they go on the wire. */
export function answerHead(
  exchange: Exchange,
  others: readonly (readonly [string, string])[],
  withCost = false,
): string {
  const { app, draft, identity } = exchange
  const { row, deployment } = draft
  const { id, retries, fallbacks } = row
  let head = `${deployment ? constantPart(exchange, deployment) : writeConstant(exchange)}x-memproxy-request-id: ${id}\r\nx-litellm-call-id: ${id}\r\n`
  head += `x-litellm-overhead-duration-ms: ${row.overhead_ms ?? overheadMs(draft, app.now())}\r\n`
  head += `x-litellm-attempted-retries: ${retries}\r\nx-litellm-attempted-fallbacks: ${fallbacks}\r\n`
  head += headerLine("x-memproxy-memory", row.memory_status === "off" ? "off" : memoryHeader(draft))
  if (identity?.sessionId) head += headerLine("x-memproxy-session", headerValue(identity.sessionId))
  if (row.lossy.length > 0) head += headerLine("x-memproxy-lossy", headerValue(row.lossy.join(", ")))
  if (withCost && row.cost_usd !== null) head += `x-litellm-response-cost: ${row.cost_usd}\r\n`
  return head + headerLines(others)
}

/** `hit; n=3; tokens=214; ms=2` · `miss` · `skip; reason=…` · `off` · `error; reason=…` */
function memoryHeader({ row, detail }: Draft): string {
  const { memory_status, memories_injected, memory_tokens, memory_ms } = row
  if (memory_status === "hit")
    return `hit; n=${memories_injected}; tokens=${memory_tokens}; ms=${Math.round(memory_ms ?? 0)}`
  return detail.memory_reason === null ? String(memory_status) : `${memory_status}; reason=${detail.memory_reason}`
}

function constantPart(exchange: Exchange, deployment: Deployment): string {
  const { draft, identity } = exchange
  let kept = constant.get(deployment)
  if (!kept) constant.set(deployment, (kept = new Map()))
  const key = `${draft.row.model ?? ""}\n${identity?.userId ?? ""}\n${identity?.client ?? ""}\n${identity?.project?.name ?? ""}`
  let head = kept.get(key)
  if (head === undefined) {
    if (kept.size >= MOST_KEPT) kept.clear()
    kept.set(key, (head = writeConstant(exchange)))
  }
  return head
}

function writeConstant({ draft, identity }: Exchange): string {
  const { row, deployment } = draft
  const line = (name: string, value: string | null | undefined) => (value ? headerLine(name, headerValue(value)) : "")
  return (
    line("x-memproxy-user", identity?.userId) +
    line("x-memproxy-client", identity?.client) +
    line("x-memproxy-project", identity?.project?.name) +
    line("x-litellm-model-id", deployment?.id) +
    (deployment ? line("x-litellm-model-group", row.model) : "")
  )
}
