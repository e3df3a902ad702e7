import { afterAll, expect, test } from "bun:test"
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createRepositories, remoteOf } from "../../src/machine/repository.ts"

const top = realpathSync(mkdtempSync(join(tmpdir(), "repository-")))
afterAll(() => rmSync(top, { recursive: true, force: true }))

/** Writes files below the test's folder; gives the folder's path. */
function lay(name: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    const file = join(top, name, path)
    mkdirSync(join(file, ".."), { recursive: true })
    writeFileSync(file, text)
  }
  return join(top, name)
}

const HEAD = "ref: refs/heads/main\n"
const origin = (url: string) =>
  `[core]\n\tbare = false\n[remote "origin"]\n\turl = ${url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`

test("the repository above a path is found, also where the path itself is gone", () => {
  const root = lay("plain", {
    ".git/HEAD": HEAD,
    ".git/config": origin("git@github.com:acme/plain.git"),
    "src/deep/x": "",
  })
  const { lookup } = createRepositories()
  const found = { root, remote: "git@github.com:acme/plain.git" }
  for (const path of [root, join(root, "src/deep"), join(root, "src/deep/x"), join(root, "gone/for/good"), `${root}/`])
    expect(lookup(path)).toEqual(found)
})

test("a repository without a remote, or with an unreadable config, has none", () => {
  const { lookup } = createRepositories()
  const root = lay("bare", { ".git/HEAD": HEAD, ".git/config": "[core]\n" })
  expect(lookup(root)).toEqual({ root, remote: null })
  const other = lay("noconfig", { ".git/HEAD": HEAD })
  expect(lookup(other)).toEqual({ root: other, remote: null })
  const huge = lay("huge", {
    ".git/HEAD": HEAD,
    ".git/config": `${"#".repeat(300 * 1024)}\n${origin("https://h/a/b")}`,
  })
  expect(lookup(huge)).toEqual({ root: huge, remote: null })
})

test("a linked worktree is its main repository, a submodule its own", () => {
  const main = lay("main", {
    ".git/HEAD": HEAD,
    ".git/config": origin("https://h/acme/main"),
    ".git/worktrees/wt/HEAD": HEAD,
    ".git/worktrees/wt/commondir": "../..\n",
    ".git/modules/sub/HEAD": HEAD,
    ".git/modules/sub/config": origin("https://h/acme/sub"),
    "sub/.git": "gitdir: ../.git/modules/sub\n",
  })
  const tree = lay("wt", { ".git": `gitdir: ${main}/.git/worktrees/wt\n`, "a/b": "" })
  const { lookup } = createRepositories()
  expect(lookup(join(tree, "a"))).toEqual({ root: main, remote: "https://h/acme/main" })
  expect(lookup(join(main, "sub"))).toEqual({ root: join(main, "sub"), remote: "https://h/acme/sub" })
})

test("what is no repository, or no path of this system, is null and never throws", () => {
  const { lookup } = createRepositories()
  const empty = lay("empty", { ".git/config": origin("https://h/a/b") })
  const wrong = lay("wrong", { ".git": "gitdir: /nowhere/at/all\n" })
  const junk = lay("junk", { ".git": "\u0000\u0001 not a pointer" })
  for (const path of [
    empty,
    wrong,
    junk,
    "",
    "relative/path",
    "demo",
    "/\0",
    "\\\\host\\share",
    "//host/share",
    "/proc/1/root",
    "github.com/a/b",
    `/${"x/".repeat(5000)}`,
    `/${"y".repeat(5000)}`,
  ])
    expect([path.slice(0, 30), lookup(path)]).toEqual([path.slice(0, 30), null])
})

test("a forbidden directory is no repository", () => {
  const root = lay("closed", { ".git/HEAD": HEAD, ".git/config": origin("https://h/a/b") })
  chmodSync(join(root, ".git"), 0)
  const found = createRepositories().lookup(root)
  chmodSync(join(root, ".git"), 0o755)
  // root may read everything
  expect(found === null || found.remote === "https://h/a/b").toBe(true)
})

test("a FIFO in a config's place does not block", () => {
  const root = lay("fifo", { ".git/HEAD": HEAD })
  Bun.spawnSync(["mkfifo", join(root, ".git/config")])
  expect(createRepositories().lookup(root)).toEqual({ root, remote: null })
})

test("answers are remembered for their time, and only so many", () => {
  let now = 0
  const { lookup } = createRepositories({ ttlMs: 1000, limit: 2, nowMs: () => now })
  const root = lay("cached", { x: "" })
  expect(lookup(root)).toBeNull()
  lay("cached", { ".git/HEAD": HEAD, ".git/config": origin("https://h/a/b") })
  now = 999
  expect(lookup(root)).toBeNull()
  now = 1000
  expect(lookup(root)?.remote).toBe("https://h/a/b")
  rmSync(join(root, ".git"), { recursive: true })
  expect(lookup(root)?.remote).toBe("https://h/a/b")
  for (const name of ["one", "two"]) lookup(join(top, name))
  expect(lookup(root)).toBeNull()
})

test("git's config is read as git writes it", () => {
  expect(remoteOf('[remote "up"]\n url = https://h/u/p\n[remote "origin"]\n url = https://h/a/b # mine\n')).toBe(
    "https://h/a/b",
  )
  expect(remoteOf('[remote "up"]\nurl=https://h/u/p\n[branch "main"]\n remote = up\n')).toBe("https://h/u/p")
  expect(remoteOf('[REMOTE "origin"]\r\n\tURL = "https://h/a b/c" ; x\r\n')).toBe("https://h/a b/c")
  expect(remoteOf('[remote "origin"] url = https://h/a/b')).toBe("https://h/a/b")
  expect(remoteOf('[remote "origin"]\n pushurl = https://h/x/y\n')).toBeNull()
  expect(remoteOf('[url "git@h:"]\n insteadOf = https://h/\n')).toBeNull()
  expect(remoteOf("")).toBeNull()
})
