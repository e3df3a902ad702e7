/** Results of tool calls as each client writes them: failures, and successes that speak of failure. */
import { expect, test } from "bun:test"
import type { Dialect, JsonObject } from "../../src/exchange.ts"
import { readAnswerSchema, readToolResults, readTools } from "../../src/usage/quality-request.ts"
import { hasEditFailed, hasFailed, isEditTool } from "../../src/usage/quality-results.ts"
import { nodeOf } from "../support/nodes.ts"

const result = (text: string, failed: boolean | null = null) => ({ id: "c", name: null, text, failed })

const RESULTS: [client: string | null, fails: string, fine: string][] = [
  [
    "claude-code",
    "<tool_use_error>InputValidationError: path is missing</tool_use_error>",
    "The error is handled in line 3.",
  ],
  ["claude-code", "Exit code 1\nnpm test failed", "Exit code 0"],
  [
    "codex",
    "Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 2\nOutput:\nno",
    "Chunk ID: 1\nProcess exited with code 0\nOutput:\nerror: none",
  ],
  [
    "codex",
    '{"output":"x","metadata":{"exit_code":127,"duration_seconds":0.1}}',
    '{"output":"exit_code 1 is fine","metadata":{"exit_code":0}}',
  ],
  [
    "gemini-cli",
    "Command: make\nDirectory: /x\nOutput: no rule\nError: (none)\nExit Code: 2\nSignal: (none)",
    "Command: ls\nOutput: a\nError: (none)\nExit Code: 0\nSignal: (none)",
  ],
  ["qwen-code", "Command: x\nError: spawn x ENOENT\nExit Code: (none)", "Command: x\nError: (none)\nExit Code: 0"],
  ["opencode", "Command failed with exit code 1", "All commands passed with exit code 0"],
  [
    "cline",
    "[execute_command] Result:\nThe tool execution failed with the following error:\n<error>x</error>",
    "[read_file for 'error.ts'] Result:\nexport class Error {}",
  ],
  ["roo-code", "Command executed.\nExit code: 1\nOutput:", "Command executed.\nExit code: 0\nOutput:"],
  ["copilot-cli", "no such file\n<exited with exit code 1>", "done\n<exited with exit code 0>"],
  ["pi", "Command exited with code 3", "The command has not exited with code yet"],
  [null, "Error: ENOENT: no such file", "There was no error in 12 files."],
  [null, "Traceback (most recent call last):\n  File", "A traceback (most recent call last) is printed by the script."],
  [null, '{"error":"not found"}', '{"error":null,"data":[1]}'],
  [null, "fatal: not a git repository", "This is not fatal: it goes on."],
]
test.each(RESULTS)("%s: a failure is told from a success", (client, fails, fine) => {
  expect(hasFailed(result(fails), client)).toBe(true)
  expect(hasFailed(result(fine), client)).toBe(false)
})

test("a field that says so decides; what is said to have gone well may still carry an exit code", () => {
  expect(hasFailed(result("fine", true), "claude-code")).toBe(true)
  expect(hasFailed(result("Error: this text is what was read", false), "claude-code")).toBe(false)
  expect(hasFailed(result("Exit code 1\n", false), "claude-code")).toBe(true)
})

const EDITS: [fails: string, fine: string][] = [
  [
    "<tool_use_error>String to replace not found in file.\nString: foo</tool_use_error>",
    "The file a.ts has been updated. Here's the result of running `cat -n`",
  ],
  ["Found 3 matches of the string to replace, but replace_all is false.", "Replaced 3 matches."],
  [
    "Failed to edit, 0 occurrences found for old_string in /a.ts.",
    "Successfully modified file: /a.ts (1 replacements).",
  ],
  [
    "apply_patch verification failed: Failed to find expected lines in /a.ts",
    "Success. Updated the following files:\nM a.ts",
  ],
  ["File has not been read yet. Read it first before writing to it.", "File created successfully at: /a.ts"],
  ["error: patch failed: a.ts:3\nerror: a.ts: patch does not apply", "patching file a.ts"],
  ["No match found for the search block", "Applied 1 of 1 blocks"],
  ["oldString not found in content", "Edit applied successfully."],
]
test.each(EDITS)("an edit that did not apply: %s", (fails, fine) => {
  expect(hasEditFailed(result(fails))).toBe(true)
  expect(hasEditFailed(result(fine))).toBe(false)
})

test("edit tools are known by the names of their clients", () => {
  for (const name of [
    "Edit",
    "MultiEdit",
    "apply_patch",
    "replace",
    "write_file",
    "replace_in_file",
    "str_replace_based_edit_tool",
    "functions.apply_patch",
  ])
    expect([name, isEditTool(name)]).toEqual([name, true])
  for (const name of ["Read", "Bash", "grep", "editor_info", "create_issue"])
    expect([name, isEditTool(name)]).toEqual([name, false])
})

const AFTER: [dialect: Dialect, body: JsonObject, expected: object[]][] = [
  [
    "openai-chat",
    {
      messages: [
        { role: "user", content: "go" },
        { role: "tool", tool_call_id: "old", content: "of before" },
        { role: "assistant", tool_calls: [{ id: "c1" }] },
        { role: "tool", tool_call_id: "c1", content: [{ type: "text", text: "hi" }] },
        { role: "user", content: "and?" },
      ],
    },
    [{ id: "c1", text: "hi", failed: null }],
  ],
  [
    "anthropic",
    {
      messages: [
        { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "Bash", input: {} }] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "c1", content: "x", is_error: true },
            { type: "text", text: "t" },
          ],
        },
      ],
    },
    [{ id: "c1", text: "x", failed: true }],
  ],
  [
    "openai-responses",
    {
      input: [
        { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
        { type: "function_call_output", call_id: "c1", output: "out" },
        { type: "custom_tool_call_output", call_id: "c2", output: [{ type: "input_text", text: "two" }] },
      ],
    },
    [
      { id: "c1", text: "out", failed: null },
      { id: "c2", text: "two", failed: null },
    ],
  ],
  [
    "gemini",
    {
      contents: [
        { role: "model", parts: [{ functionCall: { name: "f", args: {} } }] },
        {
          role: "user",
          parts: [
            { functionResponse: { name: "f", response: { error: "no" } } },
            { functionResponse: { name: "g", response: { output: "yes" } } },
          ],
        },
      ],
    },
    [
      { id: null, name: "f", text: "no", failed: true },
      { id: null, name: "g", text: "yes", failed: null },
    ],
  ],
]
test.each(AFTER)("%s: results after the model's last words are read", (dialect, body, expected) => {
  const results = readToolResults(dialect, nodeOf(body))
  expect(results).toMatchObject(expected)
  expect(results).toHaveLength(expected.length)
})

test("tools on offer are read in every dialect's form, Codex's groups too", () => {
  const parameters = { type: "object" }
  const names = (tools: JsonObject[]) => [...readTools(nodeOf({ tools })).keys()]
  expect(names([{ type: "function", function: { name: "f", parameters } }])).toEqual(["f"])
  expect(
    names([
      { name: "f", input_schema: parameters },
      { type: "bash_20250124", name: "bash" },
    ]),
  ).toEqual(["f", "bash"])
  expect(names([{ functionDeclarations: [{ name: "f", parametersJsonSchema: parameters }, { name: "g" }] }])).toEqual([
    "f",
    "g",
  ])
  expect(
    names([{ type: "namespace", name: "multi", tools: [{ type: "function", name: "spawn" }] }, { type: "web_search" }]),
  ).toEqual(["spawn", "multi.spawn", "multi__spawn", "multi", "web_search"])
  expect(readTools(nodeOf({ tools: [{ type: "function", name: "f", parameters }] })).get("f")).toEqual(parameters)
})

test("the schema of the answer is read in every dialect's form", () => {
  const schema = { type: "object" }
  expect(
    readAnswerSchema(nodeOf({ response_format: { type: "json_schema", json_schema: { name: "x", schema } } })),
  ).toEqual(schema)
  expect(readAnswerSchema(nodeOf({ text: { format: { type: "json_schema", schema } } }))).toEqual(schema)
  expect(readAnswerSchema(nodeOf({ output_config: { format: { type: "json_schema", schema } } }))).toEqual(schema)
  expect(readAnswerSchema(nodeOf({ generationConfig: { responseSchema: schema } }))).toEqual(schema)
  expect(readAnswerSchema(nodeOf({ generationConfig: { responseMimeType: "application/json" } }))).toBe(true)
  expect(readAnswerSchema(nodeOf({ response_format: { type: "json_object" } }))).toBe(true)
  expect(
    readAnswerSchema(
      nodeOf({ response_format: { type: "text" }, generationConfig: { responseMimeType: "text/plain" } }),
    ),
  ).toBeNull()
})
