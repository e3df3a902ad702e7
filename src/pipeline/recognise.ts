/** Who is calling, from where, in which conversation: what the request says, and what is known from others. */
import type { App, Exchange } from "../app.ts"
import type { Identity, Project } from "../exchange.ts"
import { type Identified, identify } from "../identify/identify.ts"
import type { Prompt } from "../identify/prompt.ts"
import { readTurns, type UserTurn } from "../identify/turns.ts"

/** Notes it on the exchange and its row. */
export function recognise(exchange: Exchange, body: Prompt | null): void {
  const { app, arrival, draft, endpoint, snapshot } = exchange
  const caller = exchange.caller!
  exchange.body = body
  const { dialect } = endpoint
  let turns: readonly UserTurn[] | undefined
  exchange.turns = () => (turns ??= readTurns(dialect, body))
  const { headers, prefixUser, prefixProject } = arrival
  const found = identify({ headers, body, prefixUser, prefixProject, caller }, snapshot.config.users, app.patterns)
  const named = found.project && resolveProject(app, found, found.project, arrival.isLocal)
  const sessionId = found.sessionId ?? sessionFromTurns(exchange, found, named)
  // Two people may begin with the same words, and so may one in two places: only a session that the client named tells a place.
  const project = found.sessionId === null ? named : projectOfSession(app, found.userId, sessionId, named)
  exchange.identity = { ...found, project, sessionId }
  exchange.isOwnSession = found.sessionId !== null
  const { row } = draft
  draft.detail.project_key = project?.key ?? null
  row.client = found.client
  row.client_version = found.clientVersion
  row.client_guess = found.clientGuess
  row.user_id = found.userId
  row.project = project?.name ?? null
  row.session_id = sessionId
  row.key_alias = caller.alias
}

/** What a client on this machine calls a path, this machine's own repositories may know by its remote. */
export function resolveProject(app: App, found: Identified, project: Project, isLocal: boolean): Project {
  const path = found.clue?.path
  const repository = path && isLocal ? app.repositories.lookup(path) : null
  return app.projects.resolve(project, repository, found)
}

/** A call that names no place belongs where its conversation's other calls do, those that ended already too. */
function projectOfSession(
  { sessionProjects, ledger }: App,
  userId: string,
  sessionId: string | null,
  named: Project | null,
): Project | null {
  if (sessionId === null) return named
  if (named === null) return sessionProjects.of(userId, sessionId)
  const waiting = sessionProjects.learn(userId, sessionId, named)
  if (waiting.length > 0) void ledger.nameProject(waiting, named)
  return named
}

/** Clients without a conversation id resend the conversation: the session is found by its turns. */
function sessionFromTurns(exchange: Exchange, identity: Identity, project: Project | null): string | null {
  if (exchange.body === null || exchange.endpoint.operation !== "generate") return null
  return exchange.app.sessions.find(
    `${identity.userId}\n${identity.client}\n${project?.key}`,
    exchange.turns().map(({ hash }) => hash),
  )
}
