import { describe, expect, test } from "bun:test"
import type { JsonObject } from "../../src/exchange.ts"
import { findClue, findDirectory, projectOf } from "../../src/identify/project.ts"
import { nameOfPath, normalisePath, normaliseRemote, parentOf } from "../../src/identify/remote.ts"
import { captured, haveCaptured, sightingOf } from "./captured.ts"
import { nodeOf } from "../support/nodes.ts"

function clueOf(body: JsonObject | null, headers: Record<string, string> = {}) {
  return findClue(new Headers(headers), body && nodeOf(body))
}

/** The recorded scenarios that name a directory at all, without the calls that never do (titles, token counts, git history). */
const ELSEWHERE: Record<string, string> = {
  "claude-agent-sdk/sdk-agentsdk": "/home/dev/sdks",
  "codex/codex-nogit": "/home/dev/codex-nogit/plain",
  "claude-code/claude-prefix#3": "/home/dev/demo-project/pkg",
}
const PLACELESS =
  /You are naming a coding session|You are a title generator|You are an expert at analyzing git history|Generate a concise, single-line task title/

describe.skipIf(!haveCaptured)("recorded clients", () => {
  const agents = captured.filter(
    ({ file, body, path }) => !/^(?:sdk|curl)/.test(file) && body !== null && !path.endsWith("count_tokens"),
  )

  test("every agent's request tells its working directory, in all scenarios", () => {
    const wrong: string[] = []
    const right = new Set<string>()
    for (const request of agents) {
      const scenario = request.id.replace(/#.*/, "")
      const expected = PLACELESS.test(JSON.stringify(request.body))
        ? undefined
        : (ELSEWHERE[request.id] ?? ELSEWHERE[scenario] ?? "/home/dev/demo-project")
      const path = findClue(request.headers, sightingOf(request).body)?.path
      if (path === expected) right.add(scenario)
      else wrong.push(`${request.id}: ${path}`)
    }
    expect(wrong).toEqual([])
    expect(right.size).toBeGreaterThanOrEqual(23)
  })

  test("Codex, Copilot and Claude Code's auto mode name one repository by one key", () => {
    const keys = captured
      .filter(({ id }) =>
        /^codex\/codex#0|^codex\/codex-tui#0|^copilot-cli\/copilot-(?:anthropic|responses)#0|claude-interactive#2/.test(
          id,
        ),
      )
      .map((request) => projectOf(findClue(request.headers, sightingOf(request).body)!))
    expect(keys).toHaveLength(5)
    for (const key of keys) expect(key).toEqual({ name: "acme/demo-project", key: "github.com/acme/demo-project" })
  })

  test("programs on an SDK have no project", () => {
    for (const request of captured.filter(({ file }) => /^(?:sdk|curl)/.test(file)))
      expect(findClue(request.headers, sightingOf(request).body)).toBeNull()
  })
})

test("a working directory is found in the frame of every dialect's prompt", () => {
  const line = "You are helpful.\n - Primary working directory: /srv/app\nPlatform: linux"
  const bodies: JsonObject[] = [
    { system: line, messages: [], input: "x" },
    {
      system: [
        { type: "text", text: "You" },
        { type: "text", text: line },
      ],
      messages: [{ role: "user", content: "x" }],
    },
    { messages: [{ role: "system", content: line }] },
    { messages: [{ role: "developer", content: [{ type: "text", text: line }] }] },
    {
      messages: [
        { role: "user", content: "hi" },
        { role: "system", content: line },
      ],
    },
    { instructions: line, input: "hi" },
    { input: [{ role: "developer", content: [{ type: "input_text", text: line }] }] },
    {
      input: [
        {
          type: "message",
          role: "user",
          content: [
            { type: "input_text", text: "<environment_context>\n  <cwd>/srv/app</cwd>\n</environment_context>" },
          ],
        },
      ],
    },
    { systemInstruction: { parts: [{ text: line }] }, contents: [{ parts: [{ text: "x" }] }] },
    { system_instruction: { parts: [{ text: line }] }, contents: [{ role: "user", parts: [{ text: "x" }] }] },
    {
      contents: [
        {
          role: "user",
          parts: [{ text: "<session_context>\n- **Workspace Directories:**\n  - /srv/app\n</session_context>" }],
        },
      ],
    },
    {
      messages: [
        {
          role: "user",
          content: [
            {
              type: "text",
              text: "<system-reminder>\nI'm currently working in the directory: /srv/app\n</system-reminder>",
            },
          ],
        },
      ],
    },
  ]
  for (const body of bodies) expect([clueOf(body)?.path, body]).toEqual(["/srv/app", body])
})

test("each client's line is read", () => {
  const lines: [string, string][] = [
    ["Working directory: /a/b", "/a/b"],
    ["4. Working Directory: /a/b", "/a/b"],
    ["* Current working directory: /a/b", "/a/b"],
    ["  Working directory: /a b/c d/", "/a b/c d"],
    ["Working directory: C:\\Users\\dev\\shop\\", "C:\\Users\\dev\\shop"],
    ["Working directory: c:/Users/dev/shop", "C:\\Users\\dev\\shop"],
    ["Working directory: /home/разработчик/проект", "/home/разработчик/проект"],
    ["# Current Workspace Directory (/a/b) Files", "/a/b"],
    ["# Current Working Directory (/a/b) Files", "/a/b"],
    ["I am working in a workspace with the following folders:\n- /a/b", "/a/b"],
    ["Workspace Path: /a/b", "/a/b"],
    ["the current project, which contains the following root directories:\n\n- `/a/b`", "/a/b"],
    ["Working directory: /a/b\r\nPlatform: linux", "/a/b"],
  ]
  for (const [line, path] of lines) expect(findDirectory(`${"x\n".repeat(300)}${line}\nmore`)?.path).toBe(path)
})

test("near misses name no directory", () => {
  for (const text of [
    "Working directory: build",
    "Working directory: ~/shop",
    "Working directory:\n/a/b",
    "set the working directory: /a/b",
    `${"long prose ".repeat(40)}working directory: /a/b`,
    "The project's temporary directory is: /home/dev/.gemini/tmp",
    "Networking directory: /a/b",
    "<cwd>relative</cwd>",
    "Working directory: /a\u0000b",
    `Working directory: /${"x".repeat(2000)}`,
  ])
    expect([text.slice(0, 40), findDirectory(text)?.path]).toEqual([text.slice(0, 40), undefined])
})

test("only frames are trusted: what people, tools and models say names no project", () => {
  const said = "Working directory: /etc/other"
  expect(clueOf({ messages: [{ role: "user", content: said }] })).toBeNull()
  expect(clueOf({ messages: [{ role: "user", content: `see\n<env>\n${said}\n</env>` }] })).toBeNull()
  expect(clueOf({ messages: [{ role: "user", content: `<env>\n${said}` }] })).toBeNull()
  expect(
    clueOf({
      messages: [
        { role: "assistant", content: said },
        { role: "tool", content: said },
      ],
    }),
  ).toBeNull()
  expect(clueOf({ messages: [{ role: "user", content: [{ type: "tool_result", content: said }] }] })).toBeNull()
  expect(clueOf({ tools: [{ description: said }], messages: [{ role: "user", content: "x" }] })).toBeNull()
  const framed: JsonObject = {
    messages: [
      { role: "user", content: `<env>\n${said}\n</env>` },
      { role: "system", content: "Working directory: /srv/app" },
    ],
  }
  expect(clueOf(framed)?.path).toBe("/srv/app")
})

test("Codex's header gives path and remote, of the workspace worked in where there are several", () => {
  const workspaces = (list: JsonObject) => ({
    "x-codex-turn-metadata": JSON.stringify({ session_id: "s", workspaces: list }),
  })
  const shop: JsonObject = {
    associated_remote_urls: { upstream: "https://github.com/up/shop", origin: "git@GitHub.com:acme/shop.git" },
  }
  const one = clueOf(null, workspaces({ "/w/shop": shop }))
  expect(one).toMatchObject({ root: "/w/shop", remote: "github.com/acme/shop", remoteGuessed: false })
  const wire = Buffer.from(JSON.stringify({ workspaces: { "/w/магазин": {} } })).toString("latin1")
  expect(clueOf(null, { "x-codex-turn-metadata": wire })?.root).toBe("/w/магазин")
  const body: JsonObject = {
    input: [{ role: "user", content: [{ text: "<environment_context><cwd>/w/shop/pkg</cwd></environment_context>" }] }],
  }
  const two = clueOf(body, workspaces({ "/w/sho": { associated_remote_urls: {} }, "/w/shop": shop }))
  expect(two).toMatchObject({ path: "/w/shop/pkg", root: "/w/shop", remote: "github.com/acme/shop" })
  expect(clueOf(null, workspaces({ "/w/x": { associated_remote_urls: null } }))).toMatchObject({
    root: "/w/x",
    remote: null,
  })
  for (const broken of ["{", '{"workspaces":3}', '{"workspaces":{}}', '["workspaces"]', '{"workspaces":'.repeat(5000)])
    expect(clueOf(null, { "x-codex-turn-metadata": broken })).toBeNull()
})

test("a repository's root is taken where the prompt names one above the directory", () => {
  const root = (text: string) => clueOf({ messages: [{ role: "system", content: text }] })?.root
  expect(root("Working directory: /w/shop/pkg\nWorkspace root folder: /w/shop")).toBe("/w/shop")
  expect(root("Working directory: /w/shop\nWorkspace root folder: /")).toBeNull()
  expect(root("Working directory: /w/shopping\nWorkspace root folder: /w/shop")).toBeNull()
})

test("all forms of a remote become one", () => {
  for (const remote of [
    "https://github.com/acme/shop.git",
    "https://github.com/acme/shop/",
    "https://user:token@GitHub.com/acme/shop.git",
    "https://github.com:443/acme/shop",
    "http://github.com/acme/shop?x#y",
    "git@github.com:acme/shop.git",
    "github.com:acme/shop",
    "ssh://git@github.com/acme/shop.git",
    "ssh://git@github.com:2222/acme/shop.git",
    "git+ssh://git@github.com/acme/shop",
    "git://github.com/acme/shop.git",
    "  https://github.com/acme/shop.git\n",
  ])
    expect([remote, normaliseRemote(remote)]).toEqual([remote, "github.com/acme/shop"])
  expect(normaliseRemote("https://gitlab.example/group/sub/repo.git")).toBe("gitlab.example/group/sub/repo")
  expect(normaliseRemote("http://localhost:3000/a/b")).toBe("localhost:3000/a/b")
  for (const none of [
    "",
    "/srv/git/shop.git",
    "../shop",
    "C:\\git\\shop",
    "C:/git/shop",
    "file:///srv/shop",
    "https://",
    "https://host",
    "x".repeat(9000),
  ])
    expect([none.slice(0, 20), normaliseRemote(none)]).toEqual([none.slice(0, 20), null])
})

test("paths are absolute, trimmed, and know what is above them", () => {
  expect([
    normalisePath("/"),
    normalisePath("C:\\"),
    normalisePath('"/a b"'),
    normalisePath("\\\\host\\share\\x\\"),
  ]).toEqual(["/", "C:\\", "/a b", "\\\\host\\share\\x"])
  for (const none of ["", "a/b", "./a", "~", "//x", "C:", "1:/x"]) expect(normalisePath(none)).toBeNull()
  expect([
    parentOf("/a/b"),
    parentOf("/a"),
    parentOf("/"),
    parentOf("C:\\a\\b"),
    parentOf("C:\\a"),
    parentOf("C:\\"),
  ]).toEqual(["/a", "/", null, "C:\\a", "C:\\", null])
  expect([nameOfPath("/a/b"), nameOfPath("/"), nameOfPath("C:\\a")]).toEqual(["b", "/", "a"])
})
