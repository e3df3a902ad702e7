/** `memproxy check`: says everything there is to say about a config file, and serves nothing. */

import { isAbsolute, relative } from "node:path"
import { findConfigFile, loadConfig } from "../config/load.ts"
import type { Finding } from "../settings.ts"
import { command, formatFinding, type Io, readOptions, WrongUsage } from "./command.ts"

/**
 * Prints each finding as `FILE:line:col: path: severity: message`, or all as a JSON array of `Finding`, and a summary on stderr.
 * Exit codes: 0 no error, 1 an error, 2 wrong usage.
 */
export const runCheck = command("check", async (args, io: Io) => {
  const asked = readArguments(args)
  const { file, reason } = findConfigFile({ flag: asked.config, env: io.env, cwd: io.cwd })
  const { config, findings } = loadConfig({ file, env: io.env })
  const name = (path: string) => (path === file && asked.config ? asked.config : shorten(path, io.cwd, asked.config))
  const shown = findings.map((finding) => ({ ...finding, file: name(finding.file) }))
  if (asked.json) io.out(JSON.stringify(shown, null, 2))
  else for (const finding of shown) io.out(formatFinding(finding))
  const refused = config === null ? "; `memproxy serve` does not start with it" : ""
  io.err(`${file === null ? "built-in demo" : name(file)} (${reason}): ${summary(findings)}${refused}`)
  return findings.some((finding) => finding.severity === "error") ? 1 : 0
})

function readArguments(args: string[]) {
  const options = { config: { type: "string", short: "c" }, json: { type: "boolean", default: false } } as const
  const { values, positionals } = readOptions({ args, options, allowPositionals: true })
  if (positionals.length > 1 || (positionals.length === 1 && values.config)) throw new WrongUsage("one file at a time")
  return { config: values.config ?? positionals[0], json: values.json }
}

/** As one would write it beside the file that was asked for: absolute, or from the working directory. */
const shorten = (path: string, cwd: string, asked = ""): string =>
  path.startsWith("(") || isAbsolute(asked) ? path : relative(cwd, path)

function summary(findings: readonly Finding[]): string {
  if (findings.length === 0) return "nothing to say"
  return (["error", "warning", "note"] as const)
    .map((severity) => [findings.filter((f) => f.severity === severity).length, severity] as const)
    .filter(([count]) => count > 0)
    .map(([count, severity]) => `${count} ${severity}${count === 1 ? "" : "s"}`)
    .join(", ")
}
