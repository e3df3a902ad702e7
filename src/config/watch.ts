/** Sees that a config file changed and has it read again. What the file says, and what becomes of it, is for others. */

import { statSync, watch, type FSWatcher } from "node:fs"
import { dirname } from "node:path"
import type { Config, Finding } from "../settings.ts"

interface WatchOptions {
  /** the file and everything it includes; after a reading, those it named */
  files: readonly string[]
  /** `signature` of the files from before they were read: an edit since then is seen too */
  before?: string
  load: () => { config: Config | null; findings: Finding[]; files?: readonly string[] }
  /** a good edit; the last good config is not kept here */
  onChange: (config: Config, findings: Finding[]) => void
  /** a bad edit, or a file gone: what is in use stays in use */
  onBad: (findings: Finding[]) => void
}

/** A save is several events, and some programs write a file piece by piece: half of it may be a file, too. Wait until it stays the same so long. */
const QUIET_MS = 250
/** For what no event tells: a link switched far away (Kubernetes' config maps), network file systems. */
const POLL_MS = 500

/**
 * Watches until `close()`. Directories are watched, not files: saving by rename replaces the file that would be watched.
 * A file is read again only when its size, time or identity changed.
 */
export function watchConfig(options: WatchOptions): { close(): void } {
  let files = options.files
  let seen = signature(files)
  let pending: ReturnType<typeof setTimeout> | undefined
  const watchers = new Map<string, FSWatcher>()

  function check(): void {
    if (pending === undefined && signature(files) !== seen) settle()
  }

  /** Waits for a quiet moment, then reads. */
  function settle(): void {
    const before = signature(files)
    pending = setTimeout(() => {
      pending = undefined
      if (signature(files) === before) reload(before)
      else settle()
    }, QUIET_MS)
  }

  function reload(before: string): void {
    const { config, findings, files: named } = options.load()
    const changedMeanwhile = signature(files) !== before
    // What a bad file names is watched too: the missing include may appear. What it no longer names may come back.
    files = config ? (named ?? config.files) : [...new Set([...files, ...(named ?? [])])]
    seen = signature(files)
    watchDirectories()
    if (changedMeanwhile) return settle()
    if (config) options.onChange(config, findings)
    else options.onBad(findings)
  }

  function watchDirectories(): void {
    const directories = new Set(files.map((file) => dirname(file)))
    for (const [directory, watcher] of watchers) {
      if (directories.has(directory)) continue
      watcher.close()
      watchers.delete(directory)
    }
    for (const directory of directories) {
      if (watchers.has(directory)) continue
      try {
        const watcher = watch(directory, { persistent: false }, check)
        // The poll goes on without it: a directory may be removed, or the system's watches be used up.
        watcher.on("error", () => watchers.delete(directory))
        watchers.set(directory, watcher)
      } catch {
        // As above.
      }
    }
  }

  watchDirectories()
  if (options.before !== undefined && options.before !== seen) settle()
  const poll = setInterval(check, POLL_MS)
  poll.unref()
  return {
    close() {
      clearInterval(poll)
      clearTimeout(pending)
      for (const watcher of watchers.values()) watcher.close()
    },
  }
}

/** What tells one state of the files from another, through links; a missing file is a state too. */
export function signature(files: readonly string[]): string {
  return files
    .map((file) => {
      const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
      return stat ? `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}` : "none"
    })
    .join("|")
}
