/** `user_id_mappings`: whose request it is. The patterns are compiled here and matched in `identify/`. */

import type { RE2JS } from "re2js"
import type { Config, HeaderPattern } from "../settings.ts"
import { validate } from "./validate.ts"
import { HeaderPatternEntry, type ConfigFile } from "./schema.ts"
import { find, type MapTree, type Report } from "./tree.ts"

/** Defaults are LiteLLM Memory Proxy's. A pattern that RE2 cannot run is reported and left out. */
export function readUsers(root: MapTree, values: ConfigFile, report: Report): Config["users"] {
  const mappings = values.user_id_mappings
  const node = find(root, "user_id_mappings", "header_patterns")
  const trees = node?.kind === "list" ? node.items : []
  const patterns: HeaderPattern[] = []
  const lines = new Map<string, number>()
  for (const tree of trees) {
    const entry = validate(HeaderPatternEntry, tree, report)
    if (!entry) continue
    const at = find(tree, "pattern") ?? tree
    const header = entry.header.trim().toLowerCase()
    const first = lines.get(`${header}\n${entry.pattern}`)
    if (first !== undefined) {
      report("error", at, `the same header and pattern as in line ${first}: left out`)
      continue
    }
    lines.set(`${header}\n${entry.pattern}`, at.line)
    const matches = compile(entry.pattern)
    if (matches) patterns.push({ header, pattern: entry.pattern, userId: entry.user_id, matches })
    else report("error", at, `not a pattern RE2 can run (look-around, back-references and \\Z are not in it): left out`)
  }
  return {
    customHeader: (mappings?.custom_header ?? "x-memory-user-id").trim().toLowerCase(),
    patterns,
    defaultUserId: mappings?.default_user_id ?? "default-dev",
  }
}

/** Case-insensitive, found anywhere in the value; null if the pattern is not RE2. */
function compile(pattern: string): HeaderPattern["matches"] | null {
  // Loaded for files that have patterns only: it costs a start 3 ms.
  const { RE2JS: engine } = require("re2js") as { RE2JS: typeof RE2JS }
  try {
    const compiled = engine.compile(pattern, engine.CASE_INSENSITIVE)
    return (value) => compiled.matcher(value).find()
  } catch {
    // The engine's message repeats the pattern and says little else.
    return null
  }
}
