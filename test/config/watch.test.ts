import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findConfigFile, loadConfig } from "../../src/config/load.ts"
import { watchConfig } from "../../src/config/watch.ts"

const withModels = (...names: string[]) =>
  `model_list:\n${names.map((name) => `  - { model_name: ${name}, litellm_params: { model: openai/x, mock_response: hi } }\n`).join("")}`

let dir: string
let file: string
let close: () => void
let seen: string[]

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "memproxy-watch-"))
  file = join(dir, "config.yaml")
  seen = []
  close = () => {}
})
afterEach(() => {
  close()
  rmSync(dir, { recursive: true })
})

/** Watches `path`; what happens is written to `seen`: the models' names, or "bad". */
function start(path = file) {
  const load = () => loadConfig({ file: path, env: {} })
  const watch = watchConfig({
    files: load().files,
    load,
    onChange: (config) => seen.push(config.deployments.map((d) => d.name).join(",")),
    onBad: (findings) => seen.push(`bad:${findings.find((f) => f.severity === "error")?.line}`),
  })
  close = watch.close
}

async function until(word: string) {
  while (!seen.includes(word)) await Bun.sleep(5)
}

describe("a watched file", () => {
  test("written in place and saved by rename is read again", async () => {
    writeFileSync(file, withModels("a"))
    start()
    writeFileSync(file, withModels("b"))
    await until("b")
    writeFileSync(`${file}.tmp`, withModels("c"))
    renameSync(`${file}.tmp`, file)
    await until("c")
    writeFileSync(file, withModels("d"))
    await until("d")
    expect(seen).toEqual(["b", "c", "d"])
  })

  test("with a mistake is told to be bad, gone is bad too, and back again is good", async () => {
    writeFileSync(file, withModels("a"))
    start()
    writeFileSync(file, "model_list:\n  - [\n")
    await until("bad:3")
    unlinkSync(file)
    await until("bad:1")
    writeFileSync(file, withModels("b"))
    await until("b")
    expect(seen).toEqual(["bad:3", "bad:1", "b"])
  })

  test("truncated and then written is never taken for what it is not", async () => {
    writeFileSync(file, withModels("a"))
    start()
    writeFileSync(file, "")
    await Bun.sleep(20)
    writeFileSync(file, withModels("b", "c"))
    await until("b,c")
    expect(seen.filter((what) => !what.startsWith("bad"))).toEqual(["b,c"])
  })

  test("written piece by piece is read when it is whole", async () => {
    writeFileSync(file, withModels("a"))
    start()
    const whole = withModels("b", "c", "d")
    const line = whole.indexOf("\n", whole.indexOf("b"))
    for (const end of [line, line + 20, whole.length]) {
      writeFileSync(file, whole.slice(0, end))
      await Bun.sleep(80)
    }
    await until("b,c,d")
    expect(seen).toEqual(["b,c,d"])
  })

  test("brings its includes along, those it gains later and those that were missing", async () => {
    mkdirSync(join(dir, "sub"))
    writeFileSync(file, withModels("a"))
    start()
    writeFileSync(file, `include: [sub/more.yaml]\n${withModels("a")}`)
    await until("bad:1")
    writeFileSync(join(dir, "sub/more.yaml"), withModels("b"))
    await until("a,b")
    writeFileSync(join(dir, "sub/more.yaml"), withModels("c"))
    await until("a,c")
  })

  test("behind links is read again when a link far away is switched, as Kubernetes does", async () => {
    for (const version of ["v1", "v2"]) {
      mkdirSync(join(dir, "elsewhere", version), { recursive: true })
      writeFileSync(join(dir, "elsewhere", version, "config.yaml"), withModels(version))
    }
    const data = join(dir, "elsewhere", "..data")
    symlinkSync("v1", data)
    symlinkSync(join(data, "config.yaml"), file)
    start()
    symlinkSync("v2", `${data}_tmp`)
    renameSync(`${data}_tmp`, data)
    await until("v2")
    expect(seen).toEqual(["v2"])
  })

  test("touched by nobody is not read again, and neither is one after close", async () => {
    writeFileSync(file, withModels("a"))
    start()
    writeFileSync(join(dir, "other.txt"), "x")
    await Bun.sleep(700)
    close()
    writeFileSync(file, withModels("b"))
    await Bun.sleep(700)
    expect(seen).toEqual([])
  })
})

describe("which file", () => {
  const env = {}
  test("the flag, then CONFIG_FILE_PATH, then config.yaml here, then the demo", () => {
    expect(findConfigFile({ env, cwd: dir }).file).toBeNull()
    writeFileSync(file, "name: somebody else's\n")
    expect(findConfigFile({ env, cwd: dir })).toMatchObject({
      file: null,
      reason: expect.stringContaining("no model_list"),
    })
    writeFileSync(file, withModels("a"))
    expect(findConfigFile({ env, cwd: dir })).toEqual({ file, reason: "./config.yaml" })
    expect(findConfigFile({ env: { CONFIG_FILE_PATH: "x.yaml" }, cwd: dir })).toEqual({
      file: join(dir, "x.yaml"),
      reason: "CONFIG_FILE_PATH",
    })
    expect(findConfigFile({ flag: "y.yaml", env: { CONFIG_FILE_PATH: "x.yaml" }, cwd: dir }).file).toBe(
      join(dir, "y.yaml"),
    )
  })

  test.skipIf(process.getuid?.() !== 0)("another user's config.yaml is not ours to follow", async () => {
    writeFileSync(file, withModels("a"))
    await Bun.$`chown 12345 ${file}`
    expect(findConfigFile({ env, cwd: dir })).toMatchObject({
      file: null,
      reason: expect.stringContaining("another user"),
    })
  })
})
