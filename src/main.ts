/** The command line: parse, dispatch. Commands are loaded when they are asked for, so that each starts fast. */
import { needsReexec, reexec } from "./machine/reexec.ts"

const COMMANDS = ["serve", "check", "usage", "top", "reprice", "memory", "help"] as const
type Command = (typeof COMMANDS)[number]

async function main(args: string[]): Promise<number> {
  const { command, rest } = split(args)
  switch (command) {
    case "serve":
      return (await import("./cli/serve.ts")).runServe(rest)
    case "check":
      return (await import("./cli/check.ts")).runCheck(rest, io())
    case "usage":
      return (await import("./cli/usage.ts")).runUsage(rest, io())
    case "top":
      return (await import("./cli/top.ts")).runTop(rest, io())
    case "reprice":
      return (await import("./cli/reprice.ts")).runReprice(rest, io())
    case "memory":
      return (await import("./cli/memory.ts")).runMemory(rest, io())
    case "help":
      return (await import("./cli/help.ts")).runHelp(rest, io())
    default:
      return (await import("./cli/help.ts")).unknownCommand(args[0] ?? "", COMMANDS, io())
  }
}

/** `memproxy --config FILE` is `memproxy serve --config FILE`; --help and --version work anywhere. */
function split(args: string[]): { command: Command | null; rest: string[] } {
  if (args.includes("--version") || args.includes("-v")) return { command: "help", rest: ["--version"] }
  const isHelp = args.includes("--help") || args.includes("-h")
  const first = args[0]
  if (first === undefined || first.startsWith("-"))
    return isHelp ? { command: "help", rest: [] } : { command: "serve", rest: args }
  if (isHelp) return { command: "help", rest: [first] }
  return { command: COMMANDS.find((one) => one === first) ?? null, rest: args.slice(1) }
}

const io = () => ({
  env: process.env,
  cwd: process.cwd(),
  out: (line: string) => console.log(line),
  err: (line: string) => console.error(line),
  screen: () => (process.stdout.isTTY ? { columns: process.stdout.columns, rows: process.stdout.rows } : null),
})

const args = process.argv.slice(2)
const isServe = split(args).command === "serve"
// First of all, before anything else is loaded: what is loaded before is loaded twice.
process.exitCode = isServe && needsReexec(process.env) ? await reexec(process.env) : await main(args)
if (!isServe) process.exit()
