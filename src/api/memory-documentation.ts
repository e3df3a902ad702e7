/** What /swagger says about the routes of memories. Documentation only: it validates nothing. */
import { amount, type Body, count, jsonBody, list, object, orNull, type Schema, text } from "./documentation.ts"

const MEMORY = {
  id: text(),
  user_id: text(),
  project: orNull(text("display name; null: of no project")),
  session_id: orNull(text()),
  role: text("user or assistant"),
  speaker: orNull(text()),
  content: text(),
  created_at: orNull({ type: "string", format: "date-time" }),
  source: text("chat, api, import or mcp"),
  request_id: orNull(text("the request it was said in")),
  metadata: orNull({ type: "object", description: "kept and given back as it came, without secrets" }),
} satisfies Record<string, Schema>

export const MEMORY_SCHEMAS = {
  memory: object(MEMORY),
  page: object({ data: list(object(MEMORY)), next_cursor: orNull(text("null on the last page")) }),
  results: object({ results: list(object({ ...MEMORY, score: amount(), why: text() })), took_ms: amount() }),
  places: object({
    data: list(
      object({
        user_id: text(),
        project: orNull(text("display name; null: of no project")),
        project_key: orNull(text()),
        memories: count(),
      }),
    ),
  }),
  deleted: object({ deleted: count() }),
  imported: object({
    imported: count(),
    duplicates: count(),
    errors: list(object({ line: count(), message: text() })),
  }),
}
const METADATA = { type: "object", description: "kept and given back as it came" } as const
const WHOSE = {
  user_id: { type: "string", description: "whose; left out with a key of one user" },
  project: { type: "string", description: "by display name or key; `*`: seen in all projects" },
} as const

export const MEMORY_BODIES = {
  keep: jsonBody({
    type: "object",
    required: ["content"],
    properties: {
      ...WHOSE,
      content: { type: "string" },
      role: { type: "string", description: "default user" },
      speaker: { type: "string" },
      session_id: { type: "string" },
      created_at: { description: "ISO 8601 or epoch milliseconds, default now" },
      metadata: METADATA,
    },
  }),
  search: jsonBody({
    type: "object",
    required: ["query"],
    properties: {
      ...WHOSE,
      query: { type: "string" },
      limit: { type: "integer", minimum: 1, maximum: 100, default: 10 },
    },
  }),
  edit: jsonBody({ type: "object", properties: { content: { type: "string" }, metadata: METADATA } }),
  lines: { required: true, content: { "application/x-ndjson": { schema: { type: "string" } } } } satisfies Body,
}
