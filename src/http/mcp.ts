/** Who calls `/mcp`, and what is theirs. The tools are `api/`'s, loaded at the first call. */
import type { McpCaller } from "../api/mcp-tools.ts"
import type { App } from "../app.ts"
import type { Arrival, Project } from "../exchange.ts"
import { EVERYWHERE, namespaceOf } from "../memory/namespace.ts"
import { version } from "../version.ts"
import { bodyText, receiveBody } from "./body.ts"
import { identifyBare } from "./info.ts"

/** `request` is without its body. @throws Refusal where no key opens */
export async function serveMcp(request: Request, arrival: Arrival, app: App): Promise<Response> {
  const { config, gate } = app.snapshot()
  const caller = gate.open(arrival.headers, arrival.keysFromUrl)
  const { answerMcp } = await import("../api/mcp.ts")
  const { userId, project } = identifyBare(arrival, app, caller)
  const named = (name: string | undefined): Project | null =>
    name === undefined ? project : name === EVERYWHERE ? { name, key: name } : app.memories.projectOf(userId, name)
  const mine: McpCaller = {
    userId,
    seesAll: caller.kind !== "virtual",
    tools: app.memories.engine(config)?.tools ?? null,
    namespace: (name) => namespaceOf(config.memory.scope, userId, named(name)),
    ledger: app.ledger,
    now: () => arrival.startedAt,
  }
  const whole =
    request.method === "POST"
      ? new Request(request, { method: "POST", body: bodyText(await receiveBody(arrival)) })
      : request
  return answerMcp(whole, { caller: mine, version, log: app.log })
}
