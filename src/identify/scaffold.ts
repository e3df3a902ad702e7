/** The blocks that agents put into user messages in their own name: `<system-reminder>…</system-reminder>` and the like. */

import { MEMORY_TAG } from "../exchange.ts"
import { Utf8Text } from "../json/utf8-text.ts"

/** Without brackets, as the clients write them. `permissions instructions` really has a blank in its tag. */
const SCAFFOLD_TAGS: readonly string[] = [
  "system-reminder",
  "environment_context",
  "environment_details",
  "environment_info",
  "session_context",
  "current_datetime",
  "skills_instructions",
  "permissions instructions",
  "user_instructions",
  "user_info",
  "workspace_info",
  "env",
  // Claude Code: slash commands and shell lines with what they printed, background tasks, its IDE plugins
  "command-name",
  "command-message",
  "command-args",
  "command-contents",
  "local-command-caveat",
  "local-command-stdout",
  "local-command-stderr",
  "bash-input",
  "bash-stdout",
  "bash-stderr",
  "task-notification",
  "user-prompt-submit-hook",
  "ide_opened_file",
  "ide_selection",
  "new-diagnostics",
  // Codex
  "turn_aborted",
  "user_shell_command",
  "subagent_notification",
  "collaboration_mode",
  "apps_instructions",
  "plugins_instructions",
  "personality_spec",
  "model_switch",
  MEMORY_TAG, // our own, where a client sends it back
]

const OPENING = SCAFFOLD_TAGS.map((tag) => `<${tag}>`)
const LESS_THAN = 60
const CLOSING = SCAFFOLD_TAGS.map((tag) => `</${tag}>`)

function openingAt(text: Utf8Text, at: number): number {
  if (text.byteAt(at) !== LESS_THAN) return -1
  return OPENING.findIndex((tag) => text.startsWith(tag, at))
}

/** The text without its scaffolding, trimmed. A block that is never closed is the user's own words. Linear in the text. */
export function withoutScaffold(text: Utf8Text): Utf8Text {
  let at = text.indexOf("<")
  if (at < 0) return text.trim()
  const unclosed = new Set<number>()
  const kept: Utf8Text[] = []
  let from = 0
  while (at >= 0) {
    const tag = openingAt(text, at)
    let next = at + 1
    if (tag >= 0 && !unclosed.has(tag)) {
      const closing = CLOSING[tag] ?? ""
      const end = text.indexOf(closing, at)
      if (end < 0) unclosed.add(tag)
      else {
        kept.push(text.slice(from, at))
        from = next = end + closing.length
      }
    }
    at = text.indexOf("<", next)
  }
  return Utf8Text.join([...kept, text.slice(from)], "").trim()
}

/** The blocks a text begins with, one after the other, as one string; empty where it begins with something else. */
export function leadingScaffold(text: Utf8Text): Utf8Text {
  const begin = text.leadingBlank()
  let end = begin
  for (;;) {
    const tag = openingAt(text, end)
    if (tag < 0) break
    const closing = CLOSING[tag] ?? ""
    const closed = text.indexOf(closing, end)
    if (closed < 0) break
    end = closed + closing.length
    while (end < text.length && text.byteAt(end) <= 32) end++
  }
  return text.slice(begin, end)
}
