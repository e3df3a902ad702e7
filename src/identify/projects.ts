/**
 * One key for one repository, whether a client names its directory, a directory below, or its git remote. What is learned belongs to the user it was
 * learned from: `/workspace` is another repository in another person's container. Bounded and in memory; no clock, no disk.
 */
import type { Project } from "../exchange.ts"
import { keepRecent } from "../keep-recent.ts"
import type { ProjectClue } from "./project.ts"
import { nameOfPath, nameOfRemote, normaliseRemote, parentOf } from "./remote.ts"

/** What the machine itself knows of a path: the git root above it and the remote as its config has it. */
interface Repository {
  root: string
  remote: string | null
}

export interface Projects {
  /**
   * The project's final key. `repository` is this machine's own answer for the clue's path, where the caller is on this machine. `seen` is the identity:
   * whose request it was and what the client said; a project that was named on purpose (`clue` null) stays as it is.
   */
  resolve(project: Project, repository: Repository | null, seen: { userId: string; clue: ProjectClue | null }): Project
  /** What `onLearned` was told before a restart: keys of user and git root, each with its remote. */
  restore(entries: Iterable<readonly [key: string, remote: string | null]>): void
}

const MAX_DEPTH = 64

function ofRemote(remote: string): Project {
  return { name: nameOfRemote(remote), key: remote }
}

function ofPath(path: string): Project {
  return { name: nameOfPath(path), key: path }
}

/** What was learned: the git root at this path belongs to this remote. What was kept under the path, or a path below, is the remote's. */
interface LearnedProject {
  userId: string
  root: string
  project: Project
}

/** State: the last `limit` git roots (by user), each with its remote, null for a repository without one. */
export function createProjects(limit = 10_000, onLearned: (learned: LearnedProject) => void = () => {}): Projects {
  const remotes = new Map<string, string | null>()
  const learn = (user: string, root: string, remote: string | null) => {
    const key = `${user}\n${root}`
    if (remote !== null && remotes.get(key) !== remote) onLearned({ userId: user, root, project: ofRemote(remote) })
    keepRecent(remotes, key, remote, limit)
  }
  const known = (user: string, from: string): Project | null => {
    let path: string | null = from
    for (let depth = 0; path !== null && depth < MAX_DEPTH; depth++, path = parentOf(path)) {
      const remote = remotes.get(`${user}\n${path}`)
      if (remote !== undefined) return remote === null ? ofPath(path) : ofRemote(remote)
    }
    return null
  }
  return {
    resolve(project, repository, { userId: user, clue }) {
      if (clue === null) return project
      const root = clue.root ?? clue.path
      if (clue.remote !== null && !clue.remoteGuessed) {
        if (root !== null) learn(user, root, clue.remote)
        return ofRemote(clue.remote)
      }
      if (repository !== null) {
        const remote = repository.remote === null ? null : normaliseRemote(repository.remote)
        learn(user, repository.root, remote)
        return remote === null ? ofPath(repository.root) : ofRemote(remote)
      }
      const learned = clue.path === null ? null : known(user, clue.path)
      if (learned) return learned
      if (clue.root !== null) learn(user, clue.root, clue.remote)
      if (clue.remote !== null) return ofRemote(clue.remote)
      return root === null ? project : ofPath(root)
    },
    restore(entries) {
      for (const [key, remote] of entries) remotes.set(key, remote)
    },
  }
}
