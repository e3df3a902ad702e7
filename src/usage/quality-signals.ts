/**
 * What the counters mean: each signal of response quality as a share of what it could have been, and the parts of the composite score. A table: no code decides here.
 * Nearly all can be seen in the traffic alone, many only in the next request of the session. Those marked `heuristic` are guesses from words or likeness.
 */
import type { Counter } from "../store/counters.ts"

export interface Signal {
  name: string
  group: "speed" | "delivery" | "form" | "tools" | "acceptance" | "feedback" | "efficiency" | "memory" | "judge"
  hits: Counter
  /** of how many */
  of: Counter
  /** more is better, worse, or neither */
  good: boolean | null
  heuristic?: true
  /** a mean and no share: of thousandths (scores), or of counts */
  mean?: "thousandths" | "count"
  definition: string
}

const ERROR_KINDS_IN_WORDS = {
  auth: "a key or a permission",
  rate: "a rate limit, a quota or an overload",
  context: "the request is too long for the model",
  content: "the content was filtered",
  upstream: "the provider or the way to it",
  proxy: "memproxy itself",
  request: "the provider found the request wrong",
}

const CACHE_CAUSES_IN_WORDS = {
  memory: "… and memory changed the request's earlier turns",
  model: "… and the model is another one",
  otherwise: "… for another reason",
}

/** Ten minutes for an answer asked for again, half an hour of silence that ends a task: see `quality-conversation.ts`. */
export const SIGNALS: readonly Signal[] = [
  {
    name: "stalled",
    group: "speed",
    hits: "stalled",
    of: "streamed",
    good: false,
    definition: "streams with more than 10 s between two pieces of the provider's answer",
  },
  {
    name: "success",
    group: "delivery",
    hits: "succeeded",
    of: "tried",
    good: true,
    definition: "2xx with the dialect's last event, of the requests sent to a model whose client did not leave",
  },
  {
    name: "complete",
    group: "delivery",
    hits: "complete",
    of: "begun",
    good: true,
    definition: "answers begun with 2xx that came to the dialect's last event; the others were cut or left",
  },
  {
    name: "client_left",
    group: "delivery",
    hits: "left",
    of: "asked",
    good: false,
    definition: "the client went away before the end",
  },
  {
    name: "retries",
    group: "delivery",
    hits: "retries",
    of: "asked",
    good: false,
    mean: "count",
    definition: "retries per request",
  },
  {
    name: "fallbacks",
    group: "delivery",
    hits: "fallbacks",
    of: "asked",
    good: false,
    mean: "count",
    definition: "fallbacks to another deployment per request",
  },
  ...(["auth", "rate", "context", "content", "upstream", "proxy", "request"] as const).map((kind): Signal => ({
    name: `error_${kind}`,
    group: "delivery",
    hits: `error_${kind}`,
    of: "asked",
    good: false,
    definition: `failed: ${ERROR_KINDS_IN_WORDS[kind]}`,
  })),
  {
    name: "truncated",
    group: "form",
    hits: "truncated",
    of: "answers",
    good: false,
    definition: "ended at the token limit: length, max_tokens, MAX_TOKENS, max_output_tokens",
  },
  {
    name: "refused",
    group: "form",
    hits: "refused",
    of: "answers",
    good: false,
    definition: "refusal, content_filter, SAFETY and the like as finish reason",
  },
  {
    name: "empty",
    group: "form",
    hits: "empty",
    of: "answers",
    good: false,
    definition: "neither text nor tool call",
  },
  {
    name: "repetitive",
    group: "form",
    hits: "repetitive",
    of: "answers",
    good: false,
    definition: "more than half of the 8-word sequences occurred before, or one line 20 times in a row",
  },
  {
    name: "schema_met",
    group: "form",
    hits: "schemas_met",
    of: "schemas",
    good: true,
    definition: "the answer is JSON and meets the schema that was asked for",
  },
  {
    name: "unclosed_fence",
    group: "form",
    hits: "unclosed",
    of: "fenced",
    good: false,
    definition: "answers with a code fence that is never closed",
  },
  {
    name: "well_formed",
    group: "form",
    hits: "well_formed",
    of: "answers",
    good: true,
    definition: "none of the defects of form above",
  },
  {
    name: "arguments_parse",
    group: "tools",
    hits: "calls_parsed",
    of: "calls",
    good: true,
    definition: "the call's arguments are JSON",
  },
  {
    name: "arguments_valid",
    group: "tools",
    hits: "calls_valid",
    of: "calls_checked",
    good: true,
    definition: "they meet the tool's declared JSON schema",
  },
  {
    name: "known_tool",
    group: "tools",
    hits: "calls_known",
    of: "calls_named",
    good: true,
    definition: "the tool is one of those the client offered",
  },
  {
    name: "call_succeeded",
    group: "tools",
    hits: "results_ok",
    of: "results",
    good: true,
    definition:
      "the result the client sent back says no error: no is_error, no exit code but 0, no error pattern of that client",
  },
  {
    name: "looped",
    group: "tools",
    hits: "loops",
    of: "calls",
    good: false,
    definition: "the third and every further call of one tool with the same arguments in a session",
  },
  {
    name: "edit_failed",
    group: "tools",
    hits: "edits_failed",
    of: "edits",
    good: false,
    definition: "edits of files that did not apply: text not found, not unique, patch failed",
  },
  {
    name: "tool_success",
    group: "tools",
    hits: "calls_good",
    of: "calls",
    good: true,
    definition: "calls that parse, are valid, name a known tool, and whose result (once seen) says no error",
  },
  {
    name: "regenerated",
    group: "acceptance",
    hits: "regenerated",
    of: "followed",
    good: false,
    heuristic: true,
    definition: "the same conversation was sent again without the answer, within 10 minutes",
  },
  {
    name: "edited_resend",
    group: "acceptance",
    hits: "resent",
    of: "followed",
    good: false,
    heuristic: true,
    definition: "the last user turn was changed and sent again, more than 0.7 alike",
  },
  {
    name: "corrected",
    group: "acceptance",
    hits: "corrected",
    of: "answered_turns",
    good: false,
    heuristic: true,
    definition: "the next user turn begins with a word of correction (no, wrong, undo, still broken, nein, falsch …)",
  },
  {
    name: "thanked",
    group: "acceptance",
    hits: "thanked",
    of: "answered_turns",
    good: true,
    heuristic: true,
    definition: "the next user turn begins with thanks or consent",
  },
  {
    name: "model_switched",
    group: "acceptance",
    hits: "switched",
    of: "answered_turns",
    good: false,
    heuristic: true,
    definition: "the next user turn went to another model",
  },
  {
    name: "turns_to_done",
    group: "acceptance",
    hits: "task_turns",
    of: "tasks",
    good: false,
    mean: "count",
    heuristic: true,
    definition: "user turns of a task; half an hour of silence ends one",
  },
  {
    name: "accepted",
    group: "acceptance",
    hits: "accepted",
    of: "followed",
    good: true,
    heuristic: true,
    definition: "the conversation went on, and the answer was neither asked for again nor corrected",
  },
  {
    name: "feedback",
    group: "feedback",
    hits: "rating",
    of: "rated",
    good: true,
    mean: "thousandths",
    definition: "mean of what people said of the answer, 0 (worst) to 1 (best)",
  },
  {
    name: "cache_broken",
    group: "efficiency",
    hits: "cache_broken",
    of: "cacheable",
    good: false,
    definition:
      "nothing was read from the provider's cache though the conversation continues one that was in it less than 5 minutes ago",
  },
  ...(["memory", "model", "otherwise"] as const).map((cause): Signal => ({
    name: `cache_broken_${cause}`,
    group: "efficiency",
    hits: cause === "otherwise" ? "broken_otherwise" : `broken_by_${cause}`,
    of: "cacheable",
    good: false,
    definition: CACHE_CAUSES_IN_WORDS[cause],
  })),
  {
    name: "injected",
    group: "memory",
    hits: "injected",
    of: "memory_on",
    good: null,
    definition: "requests that memories went into, of those that memory could be read for",
  },
  {
    name: "uptake",
    group: "memory",
    hits: "memories_used",
    of: "memories",
    good: true,
    heuristic: true,
    definition:
      "injected memories of which a rare word, name or number is in the answer and nowhere else in the request",
  },
  {
    name: "stale",
    group: "memory",
    hits: "memories_stale",
    of: "memories",
    good: false,
    heuristic: true,
    definition: "injected memories that a later one of the same request seems to replace",
  },
  {
    name: "judgement",
    group: "judge",
    hits: "judgement",
    of: "judged",
    good: true,
    mean: "thousandths",
    definition: "the judge's 1 to 5, as 0 to 1",
  },
  {
    name: "judge_agrees",
    group: "judge",
    hits: "agreed",
    of: "compared",
    good: true,
    definition: "the judge and a person's feedback are on the same side",
  },
]

/** The parts of the composite and their weights: research on what can be measured without asking anybody; the sum is 1. */
export const PARTS = {
  delivery: { weight: 0.3, signal: "success" },
  tools: { weight: 0.25, signal: "tool_success" },
  acceptance: { weight: 0.25, signal: "accepted" },
  form: { weight: 0.1, signal: "well_formed" },
  explicit: { weight: 0.1, signal: "feedback" },
} as const

export type Part = keyof typeof PARTS
