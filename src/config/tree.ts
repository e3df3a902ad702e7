/** YAML text as a tree whose every node knows its file, line, column and path. It knows nothing of what the keys mean. */

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type ParsedNode,
  visit,
  type YAMLMap,
  type YAMLParseError,
} from "yaml"
import type { Finding } from "../settings.ts"

/** Where something stands; `line` and `col` count from 1. */
export interface Place {
  file: string
  line: number
  col: number
  path: string
}

export interface ScalarTree extends Place {
  kind: "scalar"
  /** where its key stands, for what is said about the key */
  key: Place | null
  value: string | number | boolean | null
  /** as it stands in the file, for numbers meant as text */
  source: string
  /** without quotes: `yes` may be a boolean */
  plain: boolean
  /** the environment variable it was read from */
  variable: string | null
  /** that variable is not set */
  unset: boolean
  /** unusable, and that was said */
  broken?: boolean
}

export interface MapTree extends Place {
  kind: "map"
  key: Place | null
  entries: Map<string, Tree>
}

export interface ListTree extends Place {
  kind: "list"
  key: Place | null
  items: Tree[]
}

export type Tree = ScalarTree | MapTree | ListTree

export type Report = (severity: Finding["severity"], at: Place, message: string) => void

/** More nodes than any real file: aliases of aliases of aliases grow without bound. */
const MAX_NODES = 100_000

/** Names under which keys and passwords stand: what is written there is never repeated. */
export const looksSecret = (name: string): boolean => /key|token|secret|passw|credential|authorization/i.test(name)

/** A path for people. A key pasted where a name belongs, or run into one for lack of a space, is not shown. */
const inside = (path: string, name: string): string => {
  const word = /^[\w.*/@-]*/.exec(name)?.[0] ?? ""
  const isKey = /^(sk|sm|gsk|xai|pk|rk|ghp)[-_]|^AIza/.test(word) || /(?=[A-Za-z]*[0-9])[A-Za-z0-9]{16}/.test(word)
  const shown = isKey ? "…" : word.length < name.length || word.length > 80 ? `${word.slice(0, 40)}…` : word
  return path ? `${path}.${shown}` : shown
}

/**
 * The text's tree, or null when it is not readable YAML; every mistake is reported.
 * Duplicate keys are allowed, the last one counting, as in PyYAML; merge keys are applied.
 */
export function parseTree(text: string, file: string, report: Report): Tree | null {
  const lines = new LineCounter()
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, uniqueKeys: false })
  const place = (offset: number, path: string): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), col: Math.max(col, 1), path }
  }
  for (const e of doc.warnings) report("warning", place(e.pos[0], ""), "this tag is not known and ignored")
  // An empty alias is an unquoted `*`: told at its place below, and no reason to give up the rest.
  const errors = doc.errors.filter((e) => e.code !== "BAD_ALIAS")
  tellUnreadable(
    errors.map((e) => ({ at: place(beginning(doc, e), ""), message: whyUnreadable(e.code, e.message) })),
    report,
  )
  if (errors.length > 0) return null
  if (doc.contents === null || (isScalar(doc.contents) && doc.contents.value === null)) {
    report("error", place(0, ""), "the file is empty")
    return null
  }

  let nodes = 0
  const open = new Set<Node>()
  const targets = new Map<Node, Node | undefined>()

  function grow(node: ParsedNode | Node | null, path: string, key: Place | null): Tree | null {
    const at = node?.range ? place(node.range[0], path) : (key ?? place(0, path))
    if (++nodes > MAX_NODES) {
      if (nodes === MAX_NODES + 1) report("error", at, "too many values: aliases of aliases?")
      return null
    }
    if (isAlias(node)) return growAlias(node, at, key)
    if (isMap(node)) return growMap(node, at, key)
    if (isSeq(node)) {
      const items = node.items.map((item, i) => grow(item as ParsedNode, `${path}[${i}]`, null))
      return { ...at, kind: "list", key, items: items.filter((item) => item !== null) }
    }
    const value: unknown = isScalar(node) ? node.value : null
    const plain = isScalar(node) && node.type === "PLAIN"
    return {
      ...at,
      kind: "scalar",
      key,
      value: typeof value === "bigint" ? Number(value) : isLeaf(value) ? value : String(value),
      source: isScalar(node) ? (node.source ?? "") : "",
      plain,
      variable: null,
      unset: false,
    }
  }

  function growAlias(node: Alias, at: Place, key: Place | null): Tree | null {
    // Looking an alias up goes through the whole document: once for each is enough.
    if (!targets.has(node)) targets.set(node, node.resolve(doc))
    const target = targets.get(node)
    if (target === undefined || open.has(target)) {
      const why = target ? "an alias of what it is in" : "`*` begins an alias in YAML: quote it"
      report("error", at, target ? why : `${why}, as in "*"`)
      return {
        ...at,
        kind: "scalar",
        key,
        value: null,
        source: "",
        plain: true,
        variable: null,
        unset: false,
        broken: true,
      }
    }
    const tree = grow(target, at.path, key)
    // What is said about it is said where it is used, unless it spans lines of its own.
    return tree?.kind === "scalar" ? { ...tree, file: at.file, line: at.line, col: at.col } : tree
  }

  function growMap(node: YAMLMap, at: Place, key: Place | null): Tree {
    open.add(node)
    const own = new Map<string, Tree>()
    const merged = new Map<string, Tree>()
    for (const pair of node.items) {
      const keyNode = pair.key as Node | null
      const name: unknown = isScalar(keyNode) ? keyNode.value : null
      if (typeof name === "symbol") {
        for (const [k, v] of sources(grow(pair.value as Node | null, at.path, null)))
          if (!merged.has(k)) merged.set(k, v)
        continue
      }
      const keyAt = keyNode?.range ? keyNode.range[0] : 0
      const text = isScalar(keyNode) ? (typeof name === "string" ? name : (keyNode.source ?? String(name))) : null
      if (text === null) {
        report("error", place(keyAt, at.path), "a key must be a word, not a map or list")
        continue
      }
      const keyPlace = place(keyAt, inside(at.path, text))
      const first = own.get(text)
      if (first)
        report("warning", keyPlace, `written twice: this one counts, not the one in line ${(first.key ?? first).line}`)
      const value = grow(pair.value as Node | null, keyPlace.path, keyPlace)
      if (value) own.set(text, value)
    }
    open.delete(node)
    for (const [k, v] of merged) if (!own.has(k)) own.set(k, v)
    return { ...at, kind: "map", key, entries: own }
  }

  const tree = grow(doc.contents, "", null)
  return nodes > MAX_NODES ? null : tree
}

/** What a merge key's value brings: a map's entries, or those of a list of maps, the first one winning. */
function sources(tree: Tree | null): [string, Tree][] {
  if (tree?.kind === "map") return [...tree.entries]
  if (tree?.kind === "list") return tree.items.flatMap(sources)
  return []
}

const isLeaf = (value: unknown): value is string | number | boolean | null =>
  value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean"

/** One mistake makes many: the first of each line is told, and no more than these. */
const MOST_UNREADABLE = 5

function tellUnreadable(mistakes: { at: Place; message: string }[], report: Report): void {
  const lines = [...Map.groupBy(mistakes, ({ at }) => at.line).values()].map(([first]) => first!)
  for (const { at, message } of lines.slice(0, MOST_UNREADABLE)) report("error", at, `not readable as YAML: ${message}`)
}

/** A quote that is never closed is a mistake where it is opened; the parser tells where it stopped looking. */
function beginning(doc: Document.Parsed, { code, pos }: YAMLParseError): number {
  let start = pos[0]
  if (code === "MISSING_CHAR")
    visit(doc, {
      Scalar(_, { type, range }) {
        if (type?.startsWith("QUOTE") && range?.[1] === pos[0]) start = range[0]
      },
    })
  return start
}

/** The parser's message without the piece of the file that some of them quote: it may be a key. */
function whyUnreadable(code: string, message: string): string {
  if (code === "MULTIPLE_DOCS") return "a second document begins here, and a config is one: take the `---` out"
  return code === "BAD_DIRECTIVE" ? "a directive it does not know" : message.replace(/: .*/s, "")
}

/** The node at the end of these keys. */
export function find(tree: Tree | undefined | null, ...keys: string[]): Tree | undefined {
  let at = tree ?? undefined
  for (const key of keys) at = at?.kind === "map" ? at.entries.get(key) : undefined
  return at
}

/** The text at the end of these keys. */
export function textAt(tree: Tree | undefined | null, ...keys: string[]): string | undefined {
  const node = find(tree, ...keys)
  return node?.kind === "scalar" && typeof node.value === "string" ? node.value : undefined
}

/** Every scalar below, itself included. */
export function* scalars(tree: Tree): Generator<ScalarTree> {
  if (tree.kind === "scalar") yield tree
  else for (const child of tree.kind === "map" ? tree.entries.values() : tree.items) yield* scalars(child)
}

/** Replaces every whole string `os.environ/NAME` by the variable's text, without the white space around it. An empty variable counts as not set. */
export function resolveVariables(tree: Tree, env: Readonly<Record<string, string | undefined>>): void {
  for (const node of scalars(tree)) {
    if (typeof node.value !== "string" || node.variable !== null || !node.value.startsWith("os.environ/")) continue
    const name = node.value.slice("os.environ/".length).trim()
    // A key pasted in a variable's place is not its name.
    node.variable = /^[A-Za-z_]\w*$/.test(name) ? name : "…"
    const text = env[name]?.trim()
    node.unset = !text
    node.value = text ? text : null
  }
}
