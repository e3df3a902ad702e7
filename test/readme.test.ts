/** What the README says about the program is what the program says about itself. */
import { expect, test } from "bun:test"
import { loadConfig } from "../src/config/load.ts"
import { PROVIDERS } from "../src/config/providers.ts"
import { Memproxy } from "../src/config/schema.ts"
import { SNIPPETS } from "../src/dashboard/page/snippets.ts"

const readme = await Bun.file(new URL("../README.md", import.meta.url)).text()
const scripts = (
  (await Bun.file(new URL("../package.json", import.meta.url)).json()) as { scripts: Record<string, string> }
).scripts

test("the providers listed are those in the table", () => {
  const listed = /^Providers: ([^.]+)\./ms.exec(readme)?.[1]?.split(/,\s+/)
  expect(listed).toEqual(PROVIDERS.map(({ id }) => id))
})

test("the config table has every setting of memproxy's own", () => {
  for (const name of Object.keys(Memproxy.properties)) expect(readme).toContain(`memproxy.${name}`)
})

test("the defaults in the config table are the program's", () => {
  const { config } = loadConfig({ file: null, env: { HOME: "/home/ann" } })
  const row = (name: string) => readme.split("\n").find((line) => line.startsWith("|") && line.includes(name)) ?? ""
  expect(row("`memproxy.port`")).toContain(`${config?.host}, ${config?.port}`)
  expect(row("`user_id_mappings`")).toContain(`\`${config?.users.customHeader}\`, \`${config?.users.defaultUserId}\``)
})

test("every script it names exists", () => {
  const named = [...readme.matchAll(/\bbun (?:run )?(start|test|build|bench|check|lint|fmt)\b/g)].map(
    ([, name]) => name!,
  )
  expect(named.length).toBeGreaterThan(3)
  for (const name of named) expect(scripts).toHaveProperty(name)
})

test("every folder of the source is told, and no other", () => {
  const folders = [...new Bun.Glob("*/*.ts").scanSync(new URL("../src", import.meta.url).pathname)].map(
    (file) => file.split("/")[0]!,
  )
  const told = [...readme.matchAll(/^\| ((?:`[\w-]+\/`(?:, )?)+)\s*\|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([\w-]+)\/`/g)].map(([, name]) => name!),
  )
  expect(told.sort()).toEqual([...new Set(folders)].sort())
})

test("what it says of a client, the dashboard's set-up snippet says too", () => {
  const told = new Map(
    [...readme.matchAll(/^\| (.+?) +\| (.+?) +\|$/gm)].map(([, client, setting]) => [client!, setting!] as const),
  )
  const both = SNIPPETS.filter(({ label }) => told.has(label))
  expect(both.map(({ label }) => label)).toEqual([
    "Claude Code",
    "Codex",
    "Gemini CLI",
    "A tool that can set nothing but a URL",
  ])
  for (const { label, text } of both) {
    const snippet = text("http://127.0.0.1:8764", "MODEL")
    const code = [...told.get(label)!.matchAll(/`([^`]+)`/g)].map(([, inner]) => inner!)
    // One command in one line there is a line for each variable here.
    const settings = code
      .filter((one) => !one.startsWith("~"))
      .flatMap((one) => one.split(/ (?=[A-Z_]+=|(?<==\S+ )[a-z])/))
    for (const setting of settings) expect(snippet).toContain(setting)
  }
})
