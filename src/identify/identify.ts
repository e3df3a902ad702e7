/**
 * Who is calling, with what, about which project, in which conversation: headers first, then the body's structure. Pure: same sighting,
 * same answer. Not the key (see `auth/`), nor what is learned from one request to the next (`projects.ts`, `sessions.ts`).
 */
import { type HeaderFields, type Identity, type Project, readOnce, Refusal } from "../exchange.ts"
import type { Config } from "../settings.ts"
import { recognise } from "./clients.ts"
import { readName } from "./names.ts"
import { findClue, metadataProject, type ProjectClue, projectOf } from "./project.ts"
import { normalisePath, normaliseRemote } from "./remote.ts"
import type { Sighting } from "./sighting.ts"
import { findSession, type FoundSession } from "./session.ts"
import { decideUser, type PatternTest } from "./users.ts"

export interface Identified extends Identity {
  /** what the client said about its place; null where the project was named on purpose. `projects.ts` makes the final key of it. */
  clue: ProjectClue | null
}

interface Named {
  name: string
  by: string
}

const firstHeader = (...names: string[]) =>
  readOnce((headers: HeaderFields): Named | null => {
    for (const header of names) {
      const name = readName(headers.get(header), `the header ${header}`)
      if (name !== null) return { name, by: `the header ${header}` }
    }
    return null
  })
const projectHeader = firstHeader("x-memory-project", "x-memproxy-project")
const sessionHeader = firstHeader("x-memory-session", "x-memproxy-session")

function namedProject(sighting: Sighting): Named | null {
  const header = projectHeader(sighting.headers)
  const prefix = readName(sighting.prefixProject, "the path prefix /p/")
  const named = header ?? (prefix === null ? null : { name: prefix, by: "the path prefix /p/" })
  // What is kept under "*" is seen in all projects: only saving on purpose may do that.
  if (named?.name === "*")
    throw new Refusal(400, "invalid_request", `"*" stands for all projects: name one in ${named.by}.`)
  return named
}

interface Found {
  project: Project | null
  clue: ProjectClue | null
  by: string
}

/** What was named on purpose: a place by its path or its remote's address, as clients name theirs, else a name that is its own key. */
function readProject({ name, by }: Named): Pick<Found, "project" | "clue"> {
  const remote = /:\/\/|^[^/]+@/.test(name) ? normaliseRemote(name) : null
  const path = remote === null ? normalisePath(name) : null
  if (remote === null && path === null) return { project: { name, key: name }, clue: null }
  const clue: ProjectClue = { path, root: null, remote, remoteGuessed: false, by }
  return { project: projectOf(clue), clue }
}

function decideProject(sighting: Sighting): Found {
  const named = namedProject(sighting)
  if (named) return { ...readProject(named), by: named.by }
  const written = sighting.body && metadataProject(sighting.body)
  if (written && written !== "*")
    return { ...readProject({ name: written, by: "metadata.user_id" }), by: "metadata.user_id" }
  const clue = findClue(sighting.headers, sighting.body)
  if (clue === null) return { project: null, clue, by: "none found" }
  return { project: projectOf(clue), clue, by: clue.by }
}

function decideSession(sighting: Sighting, client: string | null): FoundSession | null {
  const named = sessionHeader(sighting.headers)
  return named ? { id: named.name, by: named.by } : findSession(sighting.headers, client, sighting.body)
}

const testPattern: PatternTest = (pattern, value) => pattern.matches(value)

/**
 * `test` may remember pattern answers (`createPatternMemo`). @throws Refusal 400 for an explicit name with control characters or over 128 characters, 403
 * for a virtual key used in another user's name
 */
export function identify(sighting: Sighting, users: Config["users"], test: PatternTest = testPattern): Identified {
  const user = decideUser(sighting, users, test)
  const client = recognise(sighting.headers, sighting.body)
  const { project, clue, by } = decideProject(sighting)
  const session = decideSession(sighting, client?.name ?? null)
  return {
    userId: user.userId,
    client: client?.name ?? null,
    clientVersion: client?.version ?? null,
    clientGuess: client?.guess ?? false,
    project,
    sessionId: session?.id ?? null,
    by: { user: user.by, client: client?.by ?? null, project: project && by, session: session?.by ?? null },
    matchedPattern: user.matchedPattern,
    customHeaderPresent: user.customHeaderPresent,
    isDefault: user.isDefault,
    clue,
  }
}
