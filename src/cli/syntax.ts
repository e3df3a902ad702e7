/** What each command takes, as one types it: for `memproxy help`, and for who typed something else. */

/** What a row of `memproxy usage` may stand for. */
export const USAGE_GROUPS = [
  "model",
  "client",
  "user",
  "project",
  "key",
  "session",
  "provider",
  "day",
  "hour",
  "block",
] as const

export const SYNTAX = {
  serve: "memproxy serve --config FILE [--host HOST] [--port PORT] [--data-dir DIR]",
  check: "memproxy check --config FILE [--json]",
  usage: `memproxy usage [--since 7d] [--by ${USAGE_GROUPS.join("|")}]
                      [--tz ZONE] [--json|--csv] [--config FILE] [--data-dir DIR]`,
  top: "memproxy top [--once] [--config FILE] [--data-dir DIR]",
  reprice: "memproxy reprice [--since 7d|DATE|all] [--config FILE] [--data-dir DIR]",
  memory: `memproxy memory list   [--user U] [--project P] [--session S] [--limit N] [--json]
       memproxy memory search QUERY [--user U] [--project P] [--limit N] [--json]
       memproxy memory add TEXT     [--user U] [--project P|*]
       memproxy memory forget ID | --user U [--project P] [--session S] --yes
       memproxy memory export [FILE] [--user U]
       memproxy memory import FILE  [--user U] [--project P]     NDJSON, or an export of ChatGPT, Claude or mem0
  each with [--config FILE] [--data-dir DIR]; without --user: the configuration's default user`,
} as const
