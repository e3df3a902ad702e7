/**
 * How the result of a tool call says that the call failed: each client has its own words for it, and few use the field there is. Tables, and their readers.
 * Sources: recorded traffic of the clients where a call was run, else their public source code.
 */

export interface ToolResult {
  /** the call's; null: the dialect had none, results come in the order of the calls */
  id: string | null
  name: string | null
  /** its beginning and its end */
  text: string
  /** what the client said in a field made for it; null: it said nothing there */
  failed: boolean | null
}

/** Tools that change files, by their names in lower case: those of Claude Code, Codex, Gemini CLI, Qwen Code, opencode, Cline, Roo, Copilot, Continue, pi, Aider. */
const EDIT_TOOLS = new Set(
  `edit multiedit write notebookedit apply_patch apply_diff replace write_file edit_file replace_in_file write_to_file str_replace
  str_replace_editor str_replace_based_edit_tool search_and_replace insert_content insert_edit_into_file replace_string_in_file multi_edit
  multi_edit_existing_file edit_existing_file single_find_and_replace create create_file create_new_file patch smart_edit new_file`.split(
    /\s+/,
  ),
)

/** An edit that did not apply. Looked for at the beginning of an edit tool's result, and only there. */
const EDIT_FAILED: readonly RegExp[] = [
  /(old_?string|string to replace|search (block|text|string)|oldtext|old_str)\b[^.\n]{0,80}\b(not found|no match|was not|did not match|does not exist|could not be found)/i,
  /\b(could not|couldn't|failed to|unable to|cannot) (find|locate|match|apply|edit)\b/i,
  /\b0 occurrences\b|\bno (match|occurrences?) (found|of)\b|\bno match(es)? (was|were) found\b/i,
  /\b(found|matches) \d+ (matches|times|occurrences)\b|\bmultiple (matches|occurrences)\b|\bnot unique\b|expected \d+ occurrences? but found \d+/i,
  /\b(patch|hunk|diff) (failed|rejected|does not apply|could not be applied)|apply_patch verification failed|invalid (patch|context)|malformed patch/i,
  /file has (not been read yet|been (unexpectedly )?modified)|no changes (were |to )?(made|apply)|old_string and new_string are (exactly )?(the same|identical)/i,
]

/** Any call that failed, whatever the client: said at the very beginning of the result. */
const FAILED_ANYWHERE: readonly RegExp[] = [
  /^\s*(<[\w-]+>\s*)?(\w*error\b\s*[:!]|error \w+ing\b|tool (call|execution) (failed|error)|\[?error\]|fatal:|exception:|traceback \(most recent call last\)|panic:)/i,
  /^\s*<(tool_use_error|tool_error|error)>/i,
  /^\s*(exit(ed)?( with)? (code|status)|process exited with code)\s*:?\s*[1-9-]/i,
  /^\s*\{\s*"(error|is_?error)"\s*:\s*(?!null|false|""|\[\])/i,
]

/** By client: where and how its own shell and file tools report failure. */
const FAILED_AT: Readonly<Record<string, readonly RegExp[]>> = {
  // `Process exited with code 1` in the head of exec_command's output; older ones answer {"output":…,"metadata":{"exit_code":1}}
  codex: [
    /^(Process exited with code|Exit code:?) [1-9-]/m,
    /"exit_code"\s*:\s*-?[1-9]/,
    /^(exec_command|execution) failed\b/im,
    /^sandbox (error|denied)/im,
  ],
  "claude-code": [/^<tool_use_error>/, /^Exit code [1-9]/m, /^(InputValidationError|API Error)\b/],
  // run_shell_command: "Command: …\nDirectory: …\nOutput: …\nError: …\nExit Code: 1\nSignal: …"
  "gemini-cli": [/^Exit Code: [1-9-]/m, /^Error: (?!\(none\))/m],
  "qwen-code": [/^Exit Code: [1-9-]/m, /^Error: (?!\(none\))/m],
  // <bash_metadata>, and the exit status where a command fails
  opencode: [/^(exit code|Command (exited|failed) with( exit)? code):? [1-9-]/im],
  "kilo-code": [/^(exit code|Command (exited|failed) with( exit)? code):? [1-9-]/im, /^The tool execution failed/m],
  cline: [
    /The tool execution failed with the following error/,
    /^\[[^\]]*\] Result:\s*\n?(Error|The tool execution failed)/m,
    /"success"\s*:\s*false/,
  ],
  "roo-code": [/The tool execution failed with the following error/, /^Exit code: [1-9-]/m, /"status"\s*:\s*"error"/],
  // <exited with exit code 1>
  "copilot-cli": [/<exited with (exit )?code [1-9-]/, /^Failed to execute/m],
  "vscode-copilot": [/^Command exited with code [1-9-]/m, /^ERROR while calling tool/m],
  continue: [/^(Error|Command failed)[: ]/m],
  pi: [/^Command exited with code [1-9-]/m],
  zed: [/^Command "?[^\n]*"? failed with exit code [1-9-]/m, /^Tool call failed/m],
}

export const isEditTool = (name: string) => EDIT_TOOLS.has(name.toLowerCase().replace(/^.*[.:/]|^mcp__.*__/, ""))

/** Characters of a result that are looked at; clients report at the beginning, shells at the end. */
const HEAD = 2_000
const TAIL = 500

/** Of a text of any length, what the patterns need. */
export const excerpt = (text: string) =>
  text.length <= HEAD + TAIL ? text : `${text.slice(0, HEAD)}\n${text.slice(-TAIL)}`

/** A field that says so decides. `failed: false` is believed of no shell: Gemini CLI and others say success and write the exit code into the text. */
export function hasFailed(result: ToolResult, client: string | null): boolean {
  if (result.failed === true) return true
  const own = (client !== null && FAILED_AT[client]) || []
  if (own.some((pattern) => pattern.test(result.text))) return true
  return result.failed === null && FAILED_ANYWHERE.some((pattern) => pattern.test(result.text))
}

/** Whether an edit tool's result says that the edit did not apply; a failure of another kind (a path that is missing) is none. */
export const hasEditFailed = (result: ToolResult) =>
  EDIT_FAILED.some((pattern) => pattern.test(result.text.slice(0, HEAD)))
