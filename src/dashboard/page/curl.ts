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

function pathOf({ dialect_in, model, stream }: Entry): string {
  switch (dialect_in) {
    case "anthropic":
      return "/v1/messages"
    case "openai-responses":
      return "/v1/responses"
    case "gemini":
      return `/v1beta/models/${model}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`
    default:
      return "/v1/chat/completions"
  }
}

const SAID = "(the text is not kept: memproxy.logging.bodies is off)"

function exampleBody({ dialect_in, model, stream }: Entry): object {
  switch (dialect_in) {
    case "gemini":
      return { contents: [{ role: "user", parts: [{ text: SAID }] }] }
    case "openai-responses":
      return { model, stream, input: SAID }
    case "anthropic":
      return { model, stream, max_tokens: 1024, messages: [{ role: "user", content: SAID }] }
    default:
      return { model, stream, messages: [{ role: "user", content: SAID }] }
  }
}

/** For a POSIX shell: nothing inside of single quotes means anything but the quote. */
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
