/**
 * Which project a request speaks of: what the client says in a header or in the frame of its prompt. It trusts only system prompts
 * and the blocks agents write in their own name, never what a person, a tool or a model said. See `projects.ts` for what is learned over time.
 */
import { type HeaderFields, type Project, readOnce } from "../exchange.ts"
import { JsonNode } from "../json/json-node.ts"
import { JsonText } from "../json/json-text.ts"
import type { Utf8Text } from "../json/utf8-text.ts"
import { decodeHeader, usableId } from "./names.ts"
import { firstSaid, type Prompt, stringAt } from "./prompt.ts"
import { isWithin, nameOfPath, nameOfRemote, normalisePath, normaliseRemote } from "./remote.ts"
import { leadingScaffold } from "./scaffold.ts"

/** What a client said about where it works, normalised. At least one of the three is there. */
export interface ProjectClue {
  /** its working directory: absolute */
  path: string | null
  /** the repository's root, where the client knows it */
  root: string | null
  /** `host/owner/repo` */
  remote: string | null
  /** the host is a guess (Copilot names owner and repository alone) */
  remoteGuessed: boolean
  /** in words */
  by: string
}

/** The one key of a clue on its own. */
export function projectOf(clue: ProjectClue): Project | null {
  if (clue.remote !== null) return { name: nameOfRemote(clue.remote), key: clue.remote }
  const path = clue.root ?? clue.path
  return path === null ? null : { name: nameOfPath(path), key: path }
}

/** Claude Code's `metadata.user_id`: JSON since 2.1, with what CLAUDE_CODE_EXTRA_METADATA adds. */
export function claudeMetadata(body: JsonNode): JsonNode | null {
  const text = stringAt(body.get("metadata"), "user_id")
  return text?.startsWith("{") ? JsonNode.parse(JsonText.from(text)) : null
}

/** The project that a Claude Code user wrote into CLAUDE_CODE_EXTRA_METADATA. */
export function metadataProject(body: JsonNode): string | null {
  return usableId(stringAt(claudeMetadata(body), "project"))
}

/** Codex: `workspaces: {"/abs": {associated_remote_urls: {origin: "https://…"}}}`, only inside git. */
function codexClue(headers: HeaderFields, body: Prompt | null): ProjectClue | null {
  const metadata = headers.get("x-codex-turn-metadata")
  if (metadata === null || !metadata.includes('"workspaces"')) return null
  const workspaces = JsonNode.parse(JsonText.from(decodeHeader(metadata)))?.get("workspaces") ?? null
  const roots = workspaces?.keys() ?? []
  // With several workspaces only the prompt says which one is worked in.
  const cwd = roots.length > 1 ? placeOf(body) : null
  const chosen = roots.find((root) => cwd !== null && isWithin(cwd, root)) ?? roots[0]
  if (workspaces === null || chosen === undefined) return null
  const root = normalisePath(chosen)
  const remote = firstRemote(workspaces.get(chosen))
  if (root === null && remote === null) return null
  return { path: cwd ?? root, root, remote, remoteGuessed: false, by: "the header x-codex-turn-metadata" }
}

function placeOf(body: Prompt | null): string | null {
  return body && (findPlace(body)?.path ?? null)
}

function firstRemote(workspace: JsonNode | null): string | null {
  const urls = workspace?.get("associated_remote_urls") ?? null
  for (const name of ["origin", ...(urls?.keys() ?? [])]) {
    const url = stringAt(urls, name)
    const remote = url === null ? null : normaliseRemote(url)
    if (remote !== null) return remote
  }
  return null
}

/** Claude Code's auto mode: `safeguards[].classifier_context.git_state {cwd, root, visibility: {origin: {host, remote}}}`. */
function claudeClue(body: JsonNode): ProjectClue | null {
  const git = body.get("safeguards")?.items()[0]?.get("classifier_context")?.get("git_state")
  if (!git) return null
  const root = normalisePath(stringAt(git, "root") ?? "")
  const path = normalisePath(stringAt(git, "cwd") ?? "") ?? root
  const origin = git.get("visibility")?.get("origin") ?? null
  const host = stringAt(origin, "host")
  const name = stringAt(origin, "remote")
  const remote = host !== null && name !== null ? normaliseRemote(`https://${host}/${name}`) : null
  if (path === null) return null
  return { path, root, remote, remoteGuessed: false, by: "the request's git_state" }
}

/** Prompts are read this far. Clients write their frame at the beginning. */
const TEXT_CHARS = 262_144
const LINE_CHARS = 1200
const LINE_BEFORE_CHARS = 200
const MAX_MARKS = 64
/** Parts of the lines that name a directory: one pass finds them all, then `LINES` looks at each find. */
const MARKS =
  /[Ww]ork(?:ing [Dd]irector(?:y:|y \()|ing in the directory:|space [Dd]irector(?:ies:\*\*|y:|y \()|space Path:|space with the following folders:)|<cwd>|contains the following root directories:/g
/** Applied from the line's beginning, the `<cwd>` from its own. Each is anchored and linear. */
const LINES: readonly RegExp[] = [
  /^[\s\-*0-9.]{0,40}(?:primary |current )?work(?:ing|space) directory: ?(\S[^\n]*)/i,
  /^<cwd>([^<\n]+)<\/cwd>/,
  /^I'm currently working in the directory: ([^\n]+)/,
  /^[\s\-*]{0,40}Workspace Directories:\*\*[ \t]*\r?\n\s{0,40}-\s{1,40}(\S[^\n]*)/,
  // Cline and Roo Code in VS Code
  /^# Current Work(?:ing|space) Directory \(([^)\n]+)\)/,
  // Cursor
  /^Workspace Path: ([^\n]+)/,
  // Copilot in VS Code
  /^I am working in a workspace with the following folders:\r?\n\s{0,40}- ([^\n]+)/,
  // Zed
  /^[^\n]{0,150}contains the following root directories:\s{1,40}- `?([^`\n]+)/,
]

interface Place {
  path: string
  /** the lines around it, where clients tell more of the repository */
  near: string
}

/** The first working directory a text names, else null. Linear in the text. */
export function findDirectory(text: string): Place | null {
  const head = text.length > TEXT_CHARS ? text.slice(0, TEXT_CHARS) : text
  if (head.search(MARKS) < 0) return null
  let count = 0
  for (const found of head.matchAll(MARKS)) {
    if (++count > MAX_MARKS) break
    let start = found.index
    if (found[0] !== "<cwd>") {
      const before = Math.max(0, start - LINE_BEFORE_CHARS)
      start = before + head.slice(before, start).lastIndexOf("\n") + 1
      if (start === before && before > 0) continue // far into a line: prose, no list mark
    }
    const window = head.slice(start, start + LINE_CHARS)
    for (const pattern of LINES) {
      const path = normalisePath(pattern.exec(window)?.[1] ?? "")
      if (path !== null) return { path, near: head.slice(Math.max(0, start - 600), start + 2 * LINE_CHARS) }
    }
  }
  return null
}

const findPlace = (body: Prompt) => firstSaid(body.systemTexts, placeIn) ?? firstSaid(body.userTexts, placeInScaffold)

const placeIn = readOnce((text: Utf8Text) => findDirectory(text.toString()))

function placeInScaffold(text: Utf8Text): Place | null {
  const scaffold = leadingScaffold(text)
  return scaffold.length === 0 ? null : findDirectory(scaffold.toString())
}

/** Copilot CLI, and opencode and its kin, which write `/` where there is no repository. */
const ROOT = /^(?:\* Git repository root|[ \t]{0,20}Workspace root folder): (\S[^\n]*)$/m
/** Copilot CLI; it names no host. */
const REPOSITORY = /^\* Git repository: ([\w.-]+\/[\w.-]+)$/m

function promptClue(body: Prompt): ProjectClue | null {
  const place = findPlace(body)
  if (place === null) return null
  const { path, near } = place
  const above = normalisePath(ROOT.exec(near)?.[1] ?? "")
  const root = above !== null && above !== "/" && isWithin(path, above) ? above : null
  const name = REPOSITORY.exec(near)?.[1]
  if (!name) return { path, root, remote: null, remoteGuessed: false, by: "the working directory in the prompt" }
  return { path, root, remote: `github.com/${name}`, remoteGuessed: true, by: "the git repository in the prompt" }
}

/** Where the client says it works; null where it does not. */
export function findClue(headers: HeaderFields, body: Prompt | null): ProjectClue | null {
  const codex = codexClue(headers, body)
  if (codex) return codex
  if (body === null || (body.entries.length === 0 && body.get("input") === null)) return null
  return claudeClue(body) ?? promptClue(body)
}
