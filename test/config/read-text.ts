/** Loads config text as if it were `config.yaml`, other files being given by name. */

import { loadConfig, type LoadOptions } from "../../src/config/load.ts"
import type { Config, Deployment, Finding } from "../../src/settings.ts"

interface More extends Partial<Omit<LoadOptions, "file" | "readFile">> {
  files?: Record<string, string>
}

export function load(text: string, more: More = {}) {
  const files: Record<string, string> = { "config.yaml": text, ...more.files }
  const readFile = (path: string) => {
    const found = files[path]
    if (found === undefined) throw Object.assign(new Error(`no ${path}`), { code: "ENOENT" })
    return found
  }
  return loadConfig({ env: {}, ...more, file: "config.yaml", readFile })
}

/** The config of a text that must be usable. */
export function configOf(text: string, more: More = {}): Config {
  const { config, findings } = load(text, more)
  if (!config) throw new Error(`not usable: ${JSON.stringify(findings, null, 1)}`)
  return config
}

/** The deployments of a `model_list` of one-line entries. */
export function deploymentsOf(entries: string[], more: More = {}): Deployment[] {
  return [...configOf(`model_list:\n${entries.map((entry) => `  - ${entry}\n`).join("")}`, more).deployments]
}

export const one = (entry: string, more: More = {}): Deployment => {
  const [first] = deploymentsOf([entry], more)
  if (!first) throw new Error(`no deployment from ${entry}`)
  return first
}

export const brief = (findings: readonly Finding[]): string[] =>
  findings.map((f) => `${f.file}:${f.line}:${f.col} ${f.severity} ${f.path}`)

export const errors = (findings: readonly Finding[]): Finding[] => findings.filter((f) => f.severity === "error")

export const withText = (findings: readonly Finding[], text: string | RegExp): Finding[] =>
  findings.filter((f) => (typeof text === "string" ? f.message.includes(text) : text.test(f.message)))
