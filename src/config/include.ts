/** A config file and the files it includes, as one tree. What the keys mean is not its business. */

import { dirname, isAbsolute, join, normalize } from "node:path"
import { parseTree, type ListTree, type MapTree, type Place, type Report, type Tree } from "./tree.ts"

interface Assembled {
  /** null: a file could not be read as YAML */
  root: MapTree | null
  /** every file looked at, in that order, readable or not */
  files: string[]
}

/**
 * Reads `file` and, nested, what its `include` list names, relative to the file that names it. As LiteLLM merges them: lists are
 * extended, everything else is overwritten by the included file. A file already read is not read again, so circles end.
 */
export function assemble(file: string, readFile: (path: string) => string, report: Report): Assembled {
  const files: string[] = []
  let readable = true

  function unreadable(at: Place, message: string): null {
    report("error", at, message)
    readable = false
    return null
  }

  function read(path: string, from: Place | null): MapTree | null {
    files.push(path)
    const start: Place = { file: path, line: 1, col: 1, path: "" }
    let text: string
    try {
      text = readFile(path)
    } catch (error) {
      const why =
        error instanceof Error && "code" in error && error.code === "ENOENT" ? "does not exist" : "cannot be read"
      return unreadable(from ?? start, from ? `the included file ${path} ${why}` : `the file ${why}`)
    }
    const tree = parseTree(text.replace(/^\uFEFF/, ""), path, report)
    if (tree === null) readable = false
    if (tree === null) return null
    if (tree.kind !== "map")
      return unreadable(tree, `must be a map of settings, like \`model_list: …\`, not a ${tree.kind}`)
    for (const item of includes(tree, report)) {
      const name = isAbsolute(item.name) ? normalize(item.name) : join(dirname(path), item.name)
      if (files.includes(name)) report("warning", item.at, "this file is already being read: not read again")
      else merge(tree, read(name, item.at), report)
    }
    return tree
  }

  const root = read(file, null)
  return { root: readable ? root : null, files }
}

/** The names in `include`, taken out of the tree. */
function includes(tree: MapTree, report: Report): { name: string; at: Place }[] {
  const node = tree.entries.get("include")
  if (!node) return []
  tree.entries.delete("include")
  if (node.kind !== "list") report("error", node, "must be a list of file paths")
  const items = node.kind === "list" ? node.items : [node]
  return items.flatMap((item) => {
    if (item.kind === "scalar" && typeof item.value === "string" && item.value) return [{ name: item.value, at: item }]
    report("error", item, "must be a file path")
    return []
  })
}

function merge(into: MapTree, included: MapTree | null, report: Report): void {
  for (const [key, value] of included?.entries ?? []) {
    const old: Tree | undefined = into.entries.get(key)
    if (old?.kind === "list" && value.kind === "list") {
      const both: ListTree = { ...old, items: [...old.items, ...value.items] }
      into.entries.set(key, both)
      continue
    }
    if (old)
      report(
        "warning",
        value.key ?? value,
        `replaces all of \`${key}\` in ${old.file}:${(old.key ?? old).line}, as LiteLLM's include does`,
      )
    into.entries.set(key, value)
  }
}
