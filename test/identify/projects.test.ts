import { expect, test } from "bun:test"
import type { ProjectClue } from "../../src/identify/project.ts"
import { projectOf } from "../../src/identify/project.ts"
import { createProjects, type Projects } from "../../src/identify/projects.ts"

function clue(more: Partial<ProjectClue>): ProjectClue {
  return { path: null, root: null, remote: null, remoteGuessed: false, by: "", ...more }
}

function keyOf(
  projects: Projects,
  seen: ProjectClue,
  repository: { root: string; remote: string | null } | null = null,
  userId = "u",
) {
  return projects.resolve(projectOf(seen)!, repository, { userId, clue: seen }).key
}

const CODEX = clue({ path: "/w/shop", root: "/w/shop", remote: "github.com/acme/shop" })

test("a path is its remote once a client has sent both, in sub-directories too", () => {
  const projects = createProjects()
  expect(keyOf(projects, clue({ path: "/w/shop/pkg" }))).toBe("/w/shop/pkg")
  expect(keyOf(projects, CODEX)).toBe("github.com/acme/shop")
  expect(
    projects.resolve({ name: "pkg", key: "/w/shop/pkg" }, null, { userId: "u", clue: clue({ path: "/w/shop/pkg" }) }),
  ).toEqual({ name: "acme/shop", key: "github.com/acme/shop" })
  expect(keyOf(projects, clue({ path: "/w/shopping" }))).toBe("/w/shopping")
  expect(keyOf(projects, clue({ path: "/w" }))).toBe("/w")
})

test("what one user's client says changes no other user's projects", () => {
  const projects = createProjects()
  keyOf(projects, CODEX, null, "mallory")
  expect(keyOf(projects, clue({ path: "/w/shop" }), null, "alice")).toBe("/w/shop")
})

test("the machine's repository gives the key, and is learned", () => {
  const projects = createProjects()
  const repository = { root: "/w/shop", remote: "git@github.com:acme/shop.git" }
  expect(keyOf(projects, clue({ path: "/w/shop/pkg" }), repository)).toBe("github.com/acme/shop")
  expect(keyOf(projects, clue({ path: "/w/shop/other" }))).toBe("github.com/acme/shop")
  expect(keyOf(projects, clue({ path: "/w/notes/a" }), { root: "/w/notes", remote: null })).toBe("/w/notes")
  expect(keyOf(projects, clue({ path: "/w/notes/b" }))).toBe("/w/notes")
  expect(keyOf(projects, clue({ path: "/w/local" }), { root: "/w/local", remote: "/srv/git/local.git" })).toBe(
    "/w/local",
  )
})

test("a guessed host gives way to what is known", () => {
  const guess = clue({ path: "/w/shop", root: "/w/shop", remote: "github.com/acme/shop", remoteGuessed: true })
  expect(keyOf(createProjects(), guess)).toBe("github.com/acme/shop")
  expect(keyOf(createProjects(), guess, { root: "/w/shop", remote: "https://git.acme.example/acme/shop" })).toBe(
    "git.acme.example/acme/shop",
  )
  const projects = createProjects()
  keyOf(projects, clue({ path: "/w/shop", remote: "git.acme.example/acme/shop" }))
  expect(keyOf(projects, guess)).toBe("git.acme.example/acme/shop")
})

test("a project named on purpose stays as it is", () => {
  const projects = createProjects()
  keyOf(projects, CODEX)
  const named = { name: "/w/shop", key: "/w/shop" }
  expect(projects.resolve(named, { root: "/w/shop", remote: "https://h/a/b" }, { userId: "u", clue: null })).toEqual(
    named,
  )
})

test("what is held is bounded: the oldest go first", () => {
  const projects = createProjects(2)
  for (const name of ["a", "b", "c"]) keyOf(projects, clue({ path: `/w/${name}`, remote: `h/o/${name}` }))
  const keys = ["a", "b", "c/d"].map((path) => keyOf(projects, clue({ path: `/w/${path}` })))
  expect(keys).toEqual(["/w/a", "h/o/b", "h/o/c"])
})

test("what was learned before a restart is known after it", () => {
  const projects = createProjects()
  projects.restore([["u\n/w/shop", "h/o/shop"]])
  expect(keyOf(projects, clue({ path: "/w/shop/pkg" }))).toBe("h/o/shop")
})

test("what is learned is told once, to whoever keeps memories by project", () => {
  const told: string[] = []
  const projects = createProjects(10, ({ userId, root, project }) => told.push(`${userId} ${root} ${project.key}`))
  for (let times = 0; times < 2; times++) keyOf(projects, CODEX)
  keyOf(projects, clue({ path: "/w/shop/pkg" }))
  keyOf(projects, CODEX, null, "bob")
  keyOf(projects, clue({ path: "/w/notes" }), { root: "/w/notes", remote: null })
  expect(told).toEqual(["u /w/shop github.com/acme/shop", "bob /w/shop github.com/acme/shop"])
})
