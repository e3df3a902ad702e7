/** `memproxy help`: how to use the program, in one screen. */
import config from "../../config.yaml" with { type: "text" }
import board from "../api/grafana.json"
import { version } from "../version.ts"
import { type Io, WRONG_USAGE } from "./command.ts"
import { SYNTAX } from "./syntax.ts"

const COMMANDS: Readonly<Record<keyof typeof SYNTAX, string>> = {
  serve: `Prints "memproxy listening on http://HOST:PORT" once it accepts connections. The file is watched: a good edit is live
within a second, a bad one changes nothing and says where it is wrong. SIGTERM or Ctrl-C lets streams finish (30 s).
Without --config it takes CONFIG_FILE_PATH, then ./config.yaml, then a built-in demo.
--host 127.0.0.1, --port 8764 (0: any free port), --data-dir (default: $XDG_DATA_HOME/memproxy, else ~/.local/share/memproxy)`,
  check: `Reads a config.yaml (LiteLLM's, or memproxy's own) and says everything about it, each as FILE:line:col: path: severity: message.
Exit code 1 if any is an error.`,
  usage: `Requests, tokens and cost from the ledger, whether memproxy runs or not. --since takes 30m, 24h, 7d, 4w, a date, or all.
A block is five hours from the full hour of its first request, as Claude's subscriptions count. Models without a price are listed.`,
  top: "The last five minutes by model and client, and the newest requests, drawn anew every second until Ctrl-C.",
  reprice: `Prices past requests anew, by the table in this version and the config's own prices, while memproxy runs or not. Requests of a Claude
subscription stay billed 0.`,
  memory: `The memories in the data directory, whether memproxy runs or not. import takes memproxy's own NDJSON and the exports of ChatGPT, Claude
and mem0. Switch memory on in the config:  memproxy: { memory: { engine: local } }.  A request may say x-memproxy-memory: on|read|write|off.`,
}

const TOPICS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(SYNTAX).map(([name, syntax]) => [
      name,
      `usage: ${syntax}\n\n${COMMANDS[name as keyof typeof SYNTAX]}`,
    ]),
  ),
  quality: `How good the answers are is measured in the traffic itself, often in a session's next request: delivery, form, tool calls and their
results, answers asked for again, corrected or thanked for. GET /api/quality?group_by=model|client|project|memory|… gives each signal with n and
95 % interval, and a score of 0 to 100 with its parts; n below 30 is marked and no ground for a comparison.
People say it with POST /api/feedback {"request_id": "…", "score": -1 to 1, "comment": "…"}.
Does memory help? memproxy.memory.holdout: 0.05 withholds it from one session in twenty; then look at group_by=memory.
memproxy.judge: { model: NAME, sample: 0.05, budget_usd_per_day: 1 } has a model of model_list score a sample of the answers.`,
  clients: `Who is calling is recognised from headers and, where those are generic, from the request's structure.
Tools that can set nothing but a URL say it in the path, in any order:  http://127.0.0.1:8764/k/KEY/u/USER/p/PROJECT/v1
Headers: x-memory-user-id, x-memory-project, x-memory-session.  GET /memory-routing/info shows what was recognised and why.`,
  config: config.trimEnd(),
  grafana: JSON.stringify(board, null, 2),
}

const TOPIC_NAMES = Object.keys(TOPICS).join(", ")

const USAGE = `memproxy ${version} — one proxy between every AI client and every model provider

usage: memproxy [serve] --config FILE
       memproxy COMMAND [options]

  serve    serve (the default)
  check    every finding in a config file, as FILE:line:col
  usage    what was spent, by model, client, user, project, day and so on
  top      what goes through now, drawn anew every second
  reprice  costs of past requests anew, by today's prices
  memory   what is remembered: list, search, add, forget, export, import
  help     this text; help TOPIC tells more: ${TOPIC_NAMES}

  --help, --version

Point a client at it:  base URL http://127.0.0.1:8764/v1 (OpenAI style), http://127.0.0.1:8764 (Anthropic, Gemini).
Everything it offers is listed at http://127.0.0.1:8764/swagger once it runs.`

export function runHelp(args: string[], io: Pick<Io, "out" | "err">): number {
  const topic = args[0]
  if (topic === "--version") {
    io.out(version)
    return 0
  }
  const text = topic === undefined ? USAGE : TOPICS[topic]
  if (text === undefined) {
    io.err(`no help on "${topic}"; topics: ${TOPIC_NAMES}`)
    return WRONG_USAGE
  }
  io.out(text)
  return 0
}

export function unknownCommand(name: string, commands: readonly string[], io: Pick<Io, "err">): number {
  io.err(`unknown command "${name}"; commands: ${commands.join(", ")}. See memproxy help.`)
  return WRONG_USAGE
}
