/** Which path is which remote's, as clients said it: kept over a restart, and applied to what was kept under the path before. */
import type { Database } from "bun:sqlite"
import type { Project } from "../exchange.ts"

/** Structurally `identify/projects.ts`'s. */
interface Learned {
  userId: string
  root: string
  project: Project
}

export interface LearnedProjectStore {
  /** Does not throw: what cannot be kept now is learned again after a restart. */
  add(learned: Learned): void
  /** In the order they were learned, as `Projects.restore` takes them; nothing where the disk gives nothing. */
  all(): [key: string, remote: string][]
}

export function createLearnedProjectTable(db: Database): void {
  db.run(`
    CREATE TABLE learned_projects (
      user_id TEXT NOT NULL,
      root TEXT NOT NULL, -- an absolute path
      remote TEXT NOT NULL, -- host/owner/repo
      learned_at INTEGER NOT NULL, -- epoch milliseconds
      PRIMARY KEY (user_id, root)
    ) WITHOUT ROWID;
  `)
}

const MOST = 10_000

export function createLearnedProjects(options: {
  use: <T>(act: (db: Database) => T) => T
  clock: () => number
  warn: (message: string) => void
}): LearnedProjectStore {
  const { use, clock, warn } = options
  return {
    add({ userId, root, project: { key: remote } }) {
      try {
        use((db) => {
          db.query("INSERT OR REPLACE INTO learned_projects VALUES (?, ?, ?, ?)").run(userId, root, remote, clock())
          // The blocks of the conversations that are under way there go on.
          db.query(
            `UPDATE OR REPLACE sent_blocks SET project_key = ?1
             WHERE user_id = ?2 AND (project_key = ?3 OR substr(project_key, 1, length(?3) + 1) = ?3 || '/')`,
          ).run(remote, userId, root)
        })
      } catch (error) {
        warn(`that ${root} is ${remote} cannot be kept: ${String(error)}`)
      }
    },
    all() {
      try {
        const sql = "SELECT user_id, root, remote FROM learned_projects ORDER BY learned_at DESC LIMIT ?"
        const rows = use((db) => db.query(sql).values(MOST)) as [string, string, string][]
        return rows.reverse().map(([userId, root, remote]) => [`${userId}\n${root}`, remote])
      } catch (error) {
        warn(`which path is which project cannot be read: ${String(error)}`)
        return []
      }
    },
  }
}
