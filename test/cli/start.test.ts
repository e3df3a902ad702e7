/** What `memproxy serve` loads before it listens. Each package here is paid for by every start; the others wait until they are needed. */
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"

const AT_START = [
  "bun:sqlite",
  "eventsource-parser",
  "node:buffer",
  "node:fs",
  "node:os",
  "node:path",
  "node:util",
  "stemmer",
  "typebox",
  "yaml",
]

test("a start loads no package that only some requests need", () => {
  const transpiler = new Bun.Transpiler({ loader: "ts" })
  const packages = new Set<string>()
  const seen = new Set<string>()
  const visit = (path: string) => {
    if (seen.has(path)) return
    seen.add(path)
    for (const found of transpiler.scanImports(readFileSync(path, "utf8"))) {
      if (found.kind !== "import-statement") continue
      if (!found.path.startsWith(".")) packages.add(found.path)
      else if (found.path.endsWith(".ts")) visit(join(path, "..", found.path))
    }
  }
  visit(join(import.meta.dir, "../../src/main.ts"))
  visit(join(import.meta.dir, "../../src/cli/serve.ts"))
  expect(seen.size).toBeGreaterThan(60)
  expect([...packages].sort()).toEqual(AT_START)
})
