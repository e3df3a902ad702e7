/** A request as a command that sends it again. Pure. The key is never in it: a variable of the shell stands for it. */
import type { Entry } from "./shapes.ts"

export function curlOf(entry: Entry, base: string): string {
  const body = entry.bodies?.request ?? JSON.stringify(exampleBody(entry))
  return [
    `curl ${quote(`${base}${pathOf(entry)}`)} \\`,
    "  -H 'content-type: application/json' \\",
    '  -H "authorization: Bearer $MEMPROXY_KEY" \\',
    ...(entry.dialect_in === "anthropic" ? ["  -H 'anthropic-version: 2023-06-01' \\"] : []),
    `  -d ${quote(body)}`,
  ].join("\n")
}

const GEMINI_ACTIONS: Readonly<Record<string, string>> = { count_tokens: "countTokens", embeddings: "embedContent" }

function pathOf({ dialect_in, operation, model, stream }: Entry): string {
  switch (dialect_in) {
    case "anthropic":
      return operation === "count_tokens" ? "/v1/messages/count_tokens" : "/v1/messages"
    case "openai-responses":
      return "/v1/responses"
    case "gemini": {
      const action = GEMINI_ACTIONS[operation] ?? (stream ? "streamGenerateContent?alt=sse" : "generateContent")
      return `/v1beta/models/${encodeURIComponent(model ?? "").replaceAll("%2F", "/")}:${action}`
    }
    default:
      return operation === "generate" ? "/v1/chat/completions" : `/v1/${operation}`
  }
}

const SAID = "(the text is not kept: memproxy.logging.bodies is off)"

function exampleBody({ dialect_in, operation, model, stream }: Entry): object {
  if (operation === "embeddings" && dialect_in !== "gemini") return { model, input: SAID }
  switch (dialect_in) {
    case "gemini": {
      const content = { role: "user", parts: [{ text: SAID }] }
      return operation === "embeddings" ? { content } : { contents: [content] }
    }
    case "openai-responses":
      return { model, stream, input: SAID }
    case "anthropic": {
      const asked = { model, messages: [{ role: "user", content: SAID }] }
      return operation === "count_tokens" ? asked : { ...asked, stream, max_tokens: 1024 }
    }
    default:
      return operation === "completions"
        ? { model, stream, prompt: SAID }
        : { model, stream, messages: [{ role: "user", content: SAID }] }
  }
}

/** For a POSIX shell: nothing inside of single quotes means anything but the quote. */
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
