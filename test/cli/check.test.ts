import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { runCheck } from "../../src/cli/check.ts"

let cwd: string

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "memproxy-check-"))
  writeFileSync(
    join(cwd, "bad.yaml"),
    "model_list:\n  - model_name: a\n    litellm_params:\n      model: sagemaker/x\nmemproxy: { prot: 1 }\n",
  )
  writeFileSync(
    join(cwd, "good.yaml"),
    "memproxy: { memory: off }\nmodel_list:\n  - { model_name: a, litellm_params: { model: openai/x, api_key: os.environ/NOT_SET } }\n",
  )
  writeFileSync(join(cwd, "refused.yaml"), "memproxy: { host: 0.0.0.0 }\n")
  writeFileSync(join(cwd, "including.yaml"), "include: [bad.yaml]\n")
})
afterAll(() => rmSync(cwd, { recursive: true }))

async function check(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCheck(args, { env: {}, cwd, out: (line) => out.push(line), err: (line) => err.push(line) })
  return { code, out, err: err.join("\n") }
}

test("each finding is FILE:line:col: path: message, and an error makes it fail", async () => {
  const { code, out, err } = await check("--config", "bad.yaml")
  expect(code).toBe(1)
  expect(out.every((line) => /^bad\.yaml:\d+:\d+: [^ :]+: (error|warning|note): \S/.test(line))).toBe(true)
  expect(out.some((line) => line.startsWith("bad.yaml:4:14: model_list[0].litellm_params.model: error: "))).toBe(true)
  expect(out.some((line) => line.startsWith("bad.yaml:5:13: memproxy.prot: warning: unknown key"))).toBe(true)
  expect(err).toContain("1 error, 2 warnings, 1 note")
})

test("warnings alone are fine", async () => {
  const { code, out } = await check("--config", join(cwd, "good.yaml"))
  expect(code).toBe(0)
  expect(out.filter((line) => line.includes("NOT_SET"))).toHaveLength(1)
  expect(out[0]).toStartWith(`${join(cwd, "good.yaml")}:`)
})

test("--json prints the findings as JSON, included files by name", async () => {
  const { code, out } = await check("--json", "--config", "including.yaml")
  expect(code).toBe(1)
  const findings: { file: string; severity: string; line: number; col: number; path: string; message: string }[] =
    JSON.parse(out.join("\n"))
  expect(findings.filter((f) => f.severity === "error")).toMatchObject([
    { file: "bad.yaml", line: 4, col: 14, path: "model_list[0].litellm_params.model" },
  ])
})

test("a file that serve refuses is told to be one", async () => {
  const { code, err } = await check("--config", "refused.yaml")
  expect(code).toBe(1)
  expect(err).toContain("does not start")
})

test("a missing file fails, wrong usage is 2, no file is the demo", async () => {
  expect((await check("--config", "nowhere.yaml")).code).toBe(1)
  expect((await check("--wrong")).code).toBe(2)
  expect((await check("a.yaml", "b.yaml")).code).toBe(2)
  expect(await check()).toMatchObject({ code: 0, err: expect.stringContaining("built-in demo") })
})
