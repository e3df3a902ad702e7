/** The headers of an answer on a model route: our own and LiteLLM's, and others such as the provider's. */
import type { Exchange } from "../app.ts"
import type { HeaderFields } from "../exchange.ts"
import type { Deployment } from "../settings.ts"
import { type Draft, overheadMs } from "../usage/draft.ts"
import { type Answer, headerLine, headerLines } from "./answer.ts"
import { headerValue } from "./header-value.ts"

/** Header lines as they go on the wire. */
export function answerHead(
  exchange: Exchange,
  others: readonly (readonly [string, string])[],
  withCost = false,
): Pick<Answer, "shared" | "head"> {
  const { app, draft } = exchange
  const { row } = draft
  const { id, retries, fallbacks } = row
  const tries = retries + fallbacks === 0 ? AT_ONCE : triesLines(retries, fallbacks)
  const memory = row.memory_status === "off" ? MEMORY_OFF : headerLine("x-memproxy-memory", memoryHeader(draft))
  const overhead = row.overhead_ms ?? overheadMs(draft, app.now())
  let head = `x-memproxy-request-id: ${id}\r\nx-litellm-call-id: ${id}\r\nx-litellm-overhead-duration-ms: ${overhead}\r\n${tries}${memory}`
  if (row.lossy.length > 0) head += headerLine("x-memproxy-lossy", headerValue(row.lossy.join(", ")))
  if (withCost && row.cost_usd !== null) head += `x-litellm-response-cost: ${row.cost_usd}\r\n`
  return { shared: sharedPart(exchange), head: head + headerLines(others) }
}

const triesLines = (retries: number, fallbacks: number) =>
  `x-litellm-attempted-retries: ${retries}\r\nx-litellm-attempted-fallbacks: ${fallbacks}\r\n`
const AT_ONCE = triesLines(0, 0)
const MEMORY_OFF = "x-memproxy-memory: off\r\n"

/** `hit; n=3; tokens=214; ms=2` · `miss` · `skip; reason=…` · `off` · `error; reason=…` */
function memoryHeader({ row, detail }: Draft): string {
  const { memory_status, memories_injected, memory_tokens, memory_ms } = row
  if (memory_status === "hit")
    return `hit; n=${memories_injected}; tokens=${memory_tokens}; ms=${Math.round(memory_ms ?? 0)}`
  return detail.memory_reason === null ? String(memory_status) : `${memory_status}; reason=${detail.memory_reason}`
}

/** What the last answer to a head said of who asked and who answers. */
interface Kept {
  deployment: Deployment | null
  model: string | null
  user: string | null
  client: string | null
  project: string | null
  session: string | null
  lines: string
}
const kept = new WeakMap<HeaderFields, Kept>()

function sharedPart({ arrival, draft, identity }: Exchange): string {
  const { deployment, row } = draft
  const { model } = row
  const user = identity?.userId ?? null
  const client = identity?.client ?? null
  const project = identity?.project?.name ?? null
  const session = identity?.sessionId ?? null
  const last = kept.get(arrival.headers)
  if (
    last?.deployment === deployment &&
    last.model === model &&
    last.user === user &&
    last.client === client &&
    last.project === project &&
    last.session === session
  )
    return last.lines
  const line = (name: string, value: string | null | undefined) => (value ? headerLine(name, headerValue(value)) : "")
  const lines =
    line("x-memproxy-user", user) +
    line("x-memproxy-client", client) +
    line("x-memproxy-project", project) +
    line("x-memproxy-session", session) +
    line("x-litellm-model-id", deployment?.id) +
    (deployment ? line("x-litellm-model-group", model) : "")
  kept.set(arrival.headers, { deployment, model, user, client, project, session, lines })
  return lines
}
