/** The pieces that routes describe themselves with for /swagger: schemas, parameters, bodies and answers. They validate nothing. */
import type { DocumentDecoration } from "elysia"

export type Responses = NonNullable<DocumentDecoration["responses"]>
export type Schema = { type: "string" | "number" | "integer" | "boolean" | "array" | "object"; [more: string]: unknown }

export const text = (description = ""): Schema => ({ type: "string", description })
export const count = (description = ""): Schema => ({ type: "integer", description })
export const amount = (description = ""): Schema => ({ type: "number", description })
export const flag: Schema = { type: "boolean" }
export const orNull = (schema: Schema): Schema => ({ ...schema, nullable: true })
export const list = (items: Schema): Schema => ({ type: "array", items })
export const object = (properties: Record<string, Schema>): Schema => ({ type: "object", properties })

export const parameter = (name: string, description: string) => ({
  name,
  in: "query" as const,
  required: false,
  description,
  schema: { type: "string" as const },
})

export type Body = NonNullable<DocumentDecoration["requestBody"]>
type BodySchema = NonNullable<Extract<Body, { content: unknown }>["content"][string]["schema"]>

export const jsonBody = (schema: BodySchema): Body => ({
  required: true,
  content: { "application/json": { schema } },
})

const ERRORS: Readonly<Record<number, string>> = {
  400: "A parameter is wrong; the error names it and what it may be.",
  401: "A key is needed.",
  403: "This key may not see these rows.",
  404: "Nothing here has that id or name.",
  413: "The body is larger than 64 MiB.",
  421: "This Host is not served here.",
  429: "Too many tries; see Retry-After.",
  503: "Too many listeners, or the disk gives nothing.",
}

/** The errors a route may give, as `responses`. */
export const errors = (...statuses: number[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: ERRORS[status] ?? "error", content: { "application/json": { schema: ERROR } } },
    ]),
  )

/** As OpenAI's: what all routes beside the model routes answer. */
const ERROR = object({
  error: object({ message: text(), type: text(), param: orNull(text()), code: orNull(text()) }),
})

/** `responses` of a route: its JSON answer (or a stream of events), and the errors it may give. */
export function answers(answer: Schema | "events" | "lines" | "nothing", ...statuses: number[]) {
  if (answer === "nothing") return { 204: { description: "done" }, ...errors(...statuses) } as unknown as Responses
  return {
    200: { description: "as asked", content: contentOf(answer) },
    ...errors(...statuses),
  } as unknown as Responses
}

/** A schema is of a whole body: a stream has none. */
const contentOf = (answer: Schema | "events" | "lines") =>
  answer === "events"
    ? { "text/event-stream": {} }
    : answer === "lines"
      ? { "application/x-ndjson": { schema: text() } }
      : { "application/json": { schema: answer } }

/** As `answers`, of what is there from now on. */
export const created = (answer: Schema, ...statuses: number[]) =>
  ({ 201: { description: "kept", content: contentOf(answer) }, ...errors(...statuses) }) as unknown as Responses
