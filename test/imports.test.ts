/**
 * The rules of the tree, checked by reading the sources: who may import whom, which file may touch the network, the clock and the
 * database, how long a file may be, and the three stream calls that ignore backpressure. Not a type check and not a linter.
 */
import { expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, posix } from "node:path"

const root = join(import.meta.dir, "..")

/** Beside dotfiles that tools need. */
const TOP_LEVEL =
  "CHANGELOG.md LICENSE README.md bun.lock bunfig.toml config.yaml package.json src test tsconfig.json".split(" ")
const FOLDERS =
  "config auth identify memory route dialects upstream usage store machine event-loop pipeline json cli api http wire dashboard".split(
    " ",
  )
/** These put the stages together and may import any of them. */
const WIRING = ["pipeline.ts", "pipeline", "report-worker.ts", "app.ts", "main.ts", "http", "cli"]
/** These may import the types, and only the types, of the folders named. */
const TYPES_FROM: Record<string, string[]> = {
  api: ["store", "memory"],
  dashboard: ["store", "memory", "usage"],
  usage: ["store"],
  memory: ["store"],
  identify: [],
  upstream: [],
  store: [],
}
/** What a stage may know beside its own: the words of the ledger's queries, what a dialect's token counts mean, HTTP's grammar, the event loop, how a secret looks. */
const VOCABULARY = [
  "store/groups.ts",
  "store/time.ts",
  "store/counters.ts",
  "store/timeline.ts",
  "dialects/anthropic/usage.ts",
  "dialects/openai-chat/usage.ts",
  "dialects/openai-responses/usage.ts",
  "dialects/gemini/usage.ts",
  "wire/message.ts",
  "wire/chunks.ts",
  "event-loop/patience.ts",
  "event-loop/sweep.ts",
  "event-loop/write-batch.ts",
  "event-loop/write-behind.ts",
  "memory/redact.ts",
]
const ROOT_FILES = [
  "pipeline.ts",
  "report-worker.ts",
  "exchange.ts",
  "settings.ts",
  "keep-recent.ts",
  "app.ts",
  "main.ts",
  "version.ts",
  "assets.d.ts",
]
/** What the program takes from outside of src/. */
const OUTSIDE = ["../package.json", "../config.yaml"]
/** No input or output, no clock, no chance, no state that outlives a call. */
const PURE = [
  /^json\//,
  /^identify\//,
  /^wire\//,
  /^route\//,
  /^dialects\//,
  /^usage\/(prices|meter|quality)/,
  /^memory\/rank/,
]
/** Where the world is let in: the command line and the operating system's corner. */
const MAY_READ_ENVIRONMENT = ["main.ts", "cli", "machine"]
/** Programs for people to copy, as text. */
const PRINTED_PROGRAMS = "dashboard/page/snippets.ts"
const MAY_READ_CLOCK = ["main.ts", "cli", "upstream"]
const MAY_OPEN_CONNECTIONS = [/^upstream\//, /^memory\/supermemory/, /^dashboard\/page\/(ask|live)\.ts$/]
/** Every package has its place; a new dependency is a new row. */
const PACKAGES: Record<string, string[]> = {
  elysia: ["http", "api", "dashboard"],
  "@elysiajs/swagger": ["http", "api"],
  "@sinclair/typebox": ["http", "api"],
  "swagger-ui-dist": ["http", "api"],
  "prom-client": ["api"],
  "bun:sqlite": ["store"],
  "@modelcontextprotocol/sdk": ["api"],
  yaml: ["config"],
  typebox: ["config"],
  re2js: ["config"],
  stemmer: ["memory"],
  "@pydantic/genai-prices": ["usage"],
  aws4fetch: ["upstream"],
  preact: ["dashboard"],
  uplot: ["dashboard"],
  "eventsource-parser": ["usage"],
}
/** Runs in the browser, where asking its own server and looking at the clock are all there is. */
const PAGE = /^dashboard\/page\//
const NETWORK_MODULES = /^(node:)?(net|tls|http|https|http2|dgram|dns)(\/|$)/
/** Vague names gather unrelated code. */
const BANNED_NAME = /(^|[/.-])(utils?|helpers?|manager|common|services?|misc|shared)([/.-]|$)/i
const MOST_LINES = 400
/** Files that are rows of data may be longer. */
const TABLES = ["src/config/providers.ts"]
/** What every stage knows. */
const KNOWN_TO_ALL = ["exchange.ts", "settings.ts", "keep-recent.ts", "json"]
/** Files that only re-export, where that is their purpose. */
const REGISTRIES: string[] = []

interface Import {
  from: string
  typeOnly: boolean
}
interface Source {
  /** relative to src/ (or to the root, for tests), with forward slashes */
  path: string
  text: string
  /** without comments and types */
  code: string
  imports: Import[]
}

const STATEMENT = /^(import|export)\s+(type\s+)?(?:([\w$*\s{},]*?)\s*from\s*)?["']([^"']+)["']/gm
const CALL = /\bimport\(\s*["']([^"']+)["']/g

const parser = (path: string) => new Bun.Transpiler({ loader: path.endsWith("x") ? "tsx" : "ts" })

function read(path: string, text: string): Source {
  const code = parser(path).transformSync(text)
  const uncommented = text.replace(/^\s*(\*|\/\/|\/\*).*$/gm, "")
  const imports: Import[] = []
  for (const [, , type, names, from] of uncommented.matchAll(STATEMENT)) {
    const inner = names
      ?.match(/^\{([^}]*)\}$/)?.[1]
      ?.split(",")
      .filter((name) => name.trim())
    imports.push({
      from: from!,
      typeOnly: !!type || (!!inner?.length && inner.every((name) => /^\s*type\s/.test(name))),
    })
  }
  for (const [, from] of uncommented.matchAll(CALL)) imports.push({ from: from!, typeOnly: !code.includes(from!) })
  return { path, text, code, imports }
}

function readAll(folder: string): Source[] {
  return [...new Bun.Glob("**/*.{ts,tsx}").scanSync(join(root, folder))]
    .map((path) => path.replaceAll("\\", "/"))
    .sort()
    .map((path) => read(path, readFileSync(join(root, folder, path), "utf8")))
}

const sources = readAll("src")
const tests = readAll("test")

/** The folder, or the file itself where it lies in src/. */
const zone = (path: string) => path.split("/")[0]!
/** A relative import's target, relative to src/; null for packages. */
const target = (source: Source, from: string) => (from.startsWith(".") ? posix.join(dirname(source.path), from) : null)
const packageName = (from: string) => from.split("/", from.startsWith("@") ? 2 : 1).join("/")
const isPure = (path: string) => PURE.some((pattern) => pattern.test(path))

function wrongImports(source: Source): string[] {
  const { path } = source
  const own = zone(path)
  const wrong = (from: string, why: string) => `src/${path}: imports ${from}: ${why}`
  return source.imports.flatMap(({ from, typeOnly }) => {
    if (path === "exchange.ts") return [wrong(from, "exchange.ts imports nothing")]
    const to = target(source, from)
    if (to === null) return wrongPackage(path, own, from).map((why) => wrong(from, why))
    if (!/\.\w+$/.test(to)) return [wrong(from, "write the file's extension")]
    if (to.startsWith("../")) return OUTSIDE.includes(to) ? [] : [wrong(from, "outside of src/")]
    if (WIRING.includes(own) || KNOWN_TO_ALL.includes(to) || KNOWN_TO_ALL.includes(zone(to)) || zone(to) === own)
      return []
    if (TYPES_FROM[own] && VOCABULARY.includes(to)) return []
    if (!TYPES_FROM[own]?.includes(zone(to)))
      return [wrong(from, "a stage knows exchange.ts, settings.ts, json/ and its own folder only")]
    return typeOnly ? [] : [wrong(from, "only its types may be imported here (import type)")]
  })
}

function wrongPackage(path: string, own: string, from: string): string[] {
  if (NETWORK_MODULES.test(from) && !mayConnect(path)) return ["the network is reached from upstream/ only"]
  const pure = isPure(path) && (from === "bun" || /^(node|bun):/.test(from))
  if (pure) return ["a pure file imports nothing of the system"]
  if (from.startsWith("node:") || from === "bun") return []
  const places = PACKAGES[packageName(from)]
  if (!places) return ["this package has no row in PACKAGES"]
  return places.includes(own) ? [] : [`allowed in ${places.join(", ")} only`]
}

const mayConnect = (path: string) => MAY_OPEN_CONNECTIONS.some((pattern) => pattern.test(path))

/** Each: what must not be written, where it may, and why. `fetch(` is a call, not a method of that name. */
const BANS: { text: RegExp; allowed: (path: string) => boolean; why: string }[] = [
  {
    text: /(?<![.\w])fetch\((?![^()]*\)\s*\{)|globalThis\.fetch\b|\bBun\.connect\(|new WebSocket\(/,
    allowed: mayConnect,
    why: "the network is reached from upstream/ only",
  },
  { text: /\bBun\.(serve|listen)\(/, allowed: (path) => zone(path) === "http", why: "listening is http/'s" },
  {
    text: /\b(process|Bun|import\.meta)\.env\b/,
    allowed: (path) => MAY_READ_ENVIRONMENT.includes(zone(path)) || path === PRINTED_PROGRAMS,
    why: "the environment is passed in",
  },
  {
    text: /\bDate\.now\(|\bnew Date(?!\()|\bnew Date\(\)|\bperformance\.now\(|\bBun\.nanoseconds\(/,
    allowed: (path) => MAY_READ_CLOCK.includes(zone(path)) || PAGE.test(path),
    why: "the clock is passed in",
  },
  {
    text: /\bset(Timeout|Interval|Immediate)\(|\bBun\.sleep/,
    allowed: (path) => !isPure(path),
    why: "no timer in a pure file",
  },
  {
    text: /\bMath\.random\(|\bcrypto\.(random|getRandom)|\brandomUUIDv7\(|(?<!\/)\bconsole\.|\bBun\.(file|write|spawn)/,
    allowed: (path) => !isPure(path),
    why: "no chance and no output in a pure file",
  },
  {
    text: /^(export )?let\b|^(export )?const \w+ = new (Map|Set|WeakMap|WeakSet)(\(\))?;?$|^(export )?const [a-z]\w* = (\[\]|\{\});?$/m,
    allowed: (path) => !isPure(path),
    why: "no state outside of functions in a pure file",
  },
  {
    text: /\.(tee|clone)\(\)/,
    allowed: () => false,
    why: "tee() and clone() ignore backpressure: a slow reader costs gigabytes",
  },
  { text: /\btype:\s*["']direct["']/, allowed: () => false, why: "direct streams ignore backpressure" },
]

const bannedText = (source: Source) =>
  BANS.filter((ban) => !ban.allowed(source.path)).flatMap((ban) => {
    const found = ban.text.exec(source.code)
    return found ? [`src/${source.path}: ${found[0].trim()}: ${ban.why}`] : []
  })

function misplaced({ path, code }: Source): string[] {
  const known = path.includes("/") ? FOLDERS.includes(zone(path)) : ROOT_FILES.includes(path)
  const barrel = /\bfrom\b/.test(code) && /^(\s*export\s[\w\s{},*$]*from\s*["'][^"']+["'];?\s*)+$/.test(code)
  return [
    ...(known ? [] : [`src/${path}: not a place of the layout`]),
    ...(BANNED_NAME.test(path.replace(/\.tsx?$/, "")) ? [`src/${path}: a name that says nothing`] : []),
    ...(barrel && !REGISTRIES.includes(path) ? [`src/${path}: only re-exports: import from the file itself`] : []),
  ]
}

/** The import circles of a tree, each as `a -> b -> a`; types count too. */
function circles(all: Source[]): string[] {
  const edges = new Map(all.map((source) => [source.path, source.imports.map(({ from }) => target(source, from))]))
  const state = new Map<string, "open" | "closed">()
  const found: string[] = []
  const visit = (path: string, trail: string[]) => {
    if (state.get(path) === "open") found.push([...trail.slice(trail.indexOf(path)), path].join(" -> "))
    if (state.has(path)) return
    state.set(path, "open")
    for (const next of edges.get(path) ?? []) if (next !== null && edges.has(next)) visit(next, [...trail, path])
    state.set(path, "closed")
  }
  for (const path of edges.keys()) visit(path, [])
  return found
}

test("a stage imports exchange.ts, settings.ts and its own folder, and each package stays in its place", () => {
  expect(sources.flatMap(wrongImports)).toEqual([])
})

test("the network, the environment, the clock and chance are used only where the layout says", () => {
  expect(sources.flatMap(bannedText)).toEqual([])
})

test("there is no import circle", () => {
  expect(circles(sources)).toEqual([])
})

test("files lie where the layout says and have names that say something", () => {
  expect(sources.flatMap(misplaced)).toEqual([])
})

test.skipIf(!existsSync(join(root, ".git")))(
  "the top level holds what belongs there, and nothing that slipped in",
  () => {
    const { stdout } = Bun.spawnSync(["git", "ls-files"], { cwd: root })
    const entries = new Set(
      stdout
        .toString()
        .split("\n")
        .map((path) => path.split("/")[0]!),
    )
    expect([...entries].filter((name) => name !== "" && !name.startsWith(".")).sort()).toEqual(TOP_LEVEL)
  },
)

test(`no file has more than ${MOST_LINES} lines`, () => {
  const lengths = [
    ...sources.map(({ path, text }) => ({ path: `src/${path}`, lines: text.split("\n").length - 1 })),
    ...tests.map(({ path, text }) => ({ path: `test/${path}`, lines: text.split("\n").length - 1 })),
  ].sort((a, b) => b.lines - a.lines)
  const median = lengths[lengths.length >> 1]?.lines
  console.log(`${lengths.length} files, median ${median} lines; the longest:`)
  for (const { path, lines } of lengths.slice(0, 5)) console.log(`${String(lines).padStart(5)}  ${path}`)
  expect(lengths.filter(({ path, lines }) => lines > MOST_LINES && !TABLES.includes(path))).toEqual([])
})

test("the reader of imports misses none that Bun's own parser finds", () => {
  for (const { path, text, imports } of sources) {
    const seen = imports.map(({ from }) => from)
    const missed = parser(path)
      .scanImports(text)
      // What JSX becomes is no import of the file's; this parser names React's.
      .filter((found) => !seen.includes(found.path) && !/^react(\/|$)/.test(found.path))
    expect({ path, missed }).toEqual({ path, missed: [] })
  }
})

test("each rule catches what it is there for", () => {
  const imports = (path: string, text: string) => wrongImports(read(path, text)).length
  expect(imports("exchange.ts", `import "./x.ts"`)).toBe(1)
  expect(imports("route/a.ts", `import { x } from "../store/db.ts"\nx()`)).toBe(1)
  expect(imports("route/a.ts", `import type {\n  X,\n  Y\n} from "../store/db.ts"`)).toBe(1)
  expect(imports("route/a.ts", `import type { X } from "../exchange.ts"\nimport { y } from "./y.ts"\ny()`)).toBe(0)
  expect(imports("api/a.ts", `import type { X } from "../store/db.ts"`)).toBe(0)
  expect(imports("api/a.ts", `import { type X } from "../store/db.ts"`)).toBe(0)
  expect(imports("api/a.ts", `import { type X, y } from "../store/db.ts"\ny()`)).toBe(1)
  expect(imports("usage/a.ts", `const m = await import("elysia")\nm`)).toBe(1)
  expect(imports("upstream/a.ts", `import { Database } from "bun:sqlite"\nnew Database()`)).toBe(1)
  expect(imports("dialects/a.ts", `import { existsSync, readFileSync } from "node:fs"\nreadFileSync("x")`)).toBe(1)
  expect(imports("store/a.ts", `import net from "node:net"\nnet.connect(1)`)).toBe(1)
  expect(imports("store/a.ts", `import x from "left-pad"\nx()`)).toBe(1)
  expect(imports("store/a.ts", `export { x } from "./x"`)).toBe(1)
  const banned = (path: string, text: string) => bannedText(read(path, text)).length
  expect(banned("store/a.ts", `await fetch("http://x")`)).toBe(1)
  expect(banned("store/a.ts", `export const o = { fetch(r: Request) { return r } }; o.fetch(new Request("x"))`)).toBe(0)
  expect(banned("upstream/a.ts", `await fetch("http://x")`)).toBe(0)
  expect(banned("auth/a.ts", `export const x = process.env["X"]`)).toBe(1)
  expect(banned("route/a.ts", `export const f = () => Date.now()`)).toBe(1)
  expect(banned("route/a.ts", `export const f = () => new Date()`)).toBe(1)
  expect(banned("route/a.ts", `export const f = (time: number) => new Date(time) // not Date.now()`)).toBe(0)
  expect(banned("identify/a.ts", `let seen = 0\nexport const f = () => seen++`)).toBe(1)
  expect(banned("identify/a.ts", `const seen = new Map<string, number>()\nexport const f = () => seen`)).toBe(1)
  expect(banned("identify/a.ts", `const rows = new Map([["a", 1]])\nexport const f = () => rows`)).toBe(0)
  expect(banned("upstream/a.ts", `export const f = (r: Response) => r.clone()`)).toBe(1)
  expect(banned("http/a.ts", `export const s = { type: "direct", pull() {} }`)).toBe(1)
  const where = (path: string, text = "export const x = 1") => misplaced(read(path, text)).length
  expect(where("store/sql-utils.ts") + where("helpers.ts") + where("core/a.ts")).toBe(4)
  expect(where("store/index.ts", `export * from "./a.ts"\nexport { b } from "./b.ts"`)).toBe(1)
  expect(where("store/ledger.ts")).toBe(0)
  const ring = [read("a/x.ts", `import type { Y } from "../b/y.ts"`), read("b/y.ts", `import "../a/x.ts"`)]
  expect(circles(ring)).toEqual(["a/x.ts -> b/y.ts -> a/x.ts"])
})
