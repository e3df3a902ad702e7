/**
 * The git repository above a path on this machine and its remote, read from git's own files: no git process, no writing, no following of includes.
 * What cannot be read is no repository: a client's path must never fail a request. Answers are remembered, so a path costs disk reads once a minute at most.
 * https://git-scm.com/docs/gitrepository-layout https://git-scm.com/docs/git-config#_syntax
 */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs"
import { basename, dirname, isAbsolute, join, resolve } from "node:path"
import { keepRecent } from "../keep-recent.ts"

export interface Repository {
  /** the working tree's root; of a linked worktree the main one's, so that both are one project */
  root: string
  /** the remote's URL as the config has it: of `origin`, else of the first remote */
  remote: string | null
}

export interface Repositories {
  /** Reads the disk at the first call for a path, then not for `ttlMs`. Never throws. Null: no repository, or no absolute path of this system. */
  lookup(path: string): Repository | null
}

const MAX_FILE_BYTES = 256 * 1024
const MAX_DEPTH = 64
/** Kernel and automounter trees hold no repositories, and merely looking there may hang. UNC paths would send this user's name over the network. */
const ELSEWHERE = /^(?:\/(?:proc|sys|dev|net)(?:\/|$)|\\\\|\/\/)/

/** The file's text, null where it is no regular file, too long or unreadable. */
function readText(path: string): string | null {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)) // a FIFO must not block
  } catch {
    return null // missing or forbidden: no answer here
  }
  try {
    const { size } = fstatSync(file)
    if (!fstatSync(file).isFile() || size > MAX_FILE_BYTES) return null
    const bytes = Buffer.alloc(size)
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, size, 0))
  } catch {
    return null // vanished or failing disk: no answer here
  } finally {
    closeSync(file)
  }
}

function kindOf(path: string): "file" | "directory" | null {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat?.isFile() ? "file" : stat?.isDirectory() ? "directory" : null
  } catch {
    return null // forbidden, or a file where a directory was expected
  }
}

/** The git directory of a working tree: `.git`, or where a `.git` file (worktree, submodule) points. */
function gitDirectoryOf(tree: string): string | null {
  const dot = join(tree, ".git")
  const kind = kindOf(dot)
  if (kind === null) return null
  const pointer = kind === "file" ? /^gitdir: ([^\r\n]+)/.exec(readText(dot) ?? "")?.[1] : dot
  if (pointer === undefined) return null
  const directory = resolve(tree, pointer)
  return kindOf(join(directory, "HEAD")) === "file" ? directory : null
}

/** A value of git's config: quotes and escapes undone, a comment cut off. */
function readValue(raw: string): string {
  let value = ""
  let quoted = false
  for (let at = 0; at < raw.length; at++) {
    const char = raw.charAt(at)
    if (char === '"') quoted = !quoted
    else if (char === "\\") value += raw.charAt(++at)
    else if (!quoted && (char === "#" || char === ";")) break
    else value += char
  }
  return value.trim()
}

/** `remote.origin.url`, else the first remote's; null where the config names none. */
export function remoteOf(config: string): string | null {
  let remote: string | null = null
  let first: string | null = null
  for (const line of config.split(/\r?\n/)) {
    const section = /^\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]/.exec(line)
    if (section) remote = section[1]?.toLowerCase() === "remote" ? (section[2] ?? null) : null
    const raw = remote === null ? undefined : /(?:^|\])\s*url\s*=\s*(.*)$/i.exec(line)?.[1]
    const url = raw === undefined ? "" : readValue(raw)
    if (url === "") continue
    if (remote === "origin") return url
    first ??= url
  }
  return first
}

function read(path: string): Repository | null {
  if (!isAbsolute(path) || path.includes("\0") || ELSEWHERE.test(path)) return null
  let tree = resolve(path)
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const directory = gitDirectoryOf(tree)
    if (directory !== null) {
      const common = readText(join(directory, "commondir"))?.trim()
      const shared = common ? resolve(directory, common) : directory
      const root = common && basename(shared) === ".git" ? dirname(shared) : tree
      return { root, remote: remoteOf(readText(join(shared, "config")) ?? "") }
    }
    const parent = dirname(tree)
    if (parent === tree) return null
    tree = parent
  }
  return null
}

/** State: the answers for the last `limit` paths, each for `ttlMs`. */
export function createRepositories({
  ttlMs = 60_000,
  limit = 2_000,
  nowMs = Date.now,
}: { ttlMs?: number; limit?: number; nowMs?: () => number } = {}): Repositories {
  const answers = new Map<string, { repository: Repository | null; untilMs: number }>()
  return {
    lookup(path) {
      const now = nowMs()
      const known = answers.get(path)
      if (known && known.untilMs > now) return known.repository
      const repository = read(path)
      keepRecent(answers, path, { repository, untilMs: now + ttlMs }, limit)
      return repository
    },
  }
}
