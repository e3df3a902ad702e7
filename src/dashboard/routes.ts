/** The dashboard's page at `/` and `/ui`, and its files. What the page shows it asks `/api` for, like everybody else. */
import { Elysia } from "elysia"
import type { PageFile } from "./files.ts"

/** Nothing from elsewhere, nothing inline: text that came with a request can never become a script. https://www.w3.org/TR/CSP3/ */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ")
const PAGE_HEADERS = {
  "content-security-policy": POLICY,
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cache-control": "no-cache",
}
/** A file's name holds its hash. */
const FILE_HEADERS = { "cache-control": "public, max-age=31536000, immutable" }
const hidden = { detail: { hide: true } }

export function dashboard() {
  let loading: ReturnType<typeof load> | undefined
  const load = async () => {
    const { loadFiles, PAGE } = await import("./files.ts")
    return { files: await loadFiles(), PAGE }
  }
  const page = async (request: Request) => {
    const { files, PAGE } = await (loading ??= load())
    return send(request, files.get(PAGE)!, PAGE_HEADERS)
  }
  return new Elysia({ name: "dashboard" })
    .get("/", ({ request }) => page(request), hidden)
    .get("/ui", ({ request }) => page(request), hidden)
    .get(
      "/ui/:file",
      async ({ request, params }) => {
        const { files } = await (loading ??= load())
        const file = params.file === "" ? undefined : files.get(params.file)
        return file ? send(request, file, FILE_HEADERS) : new Response("There is no such file.\n", { status: 404 })
      },
      hidden,
    )
}

function send(request: Request, { type, etag, body }: PageFile, more: Record<string, string>): Response {
  const headers = { "content-type": type, etag, "x-content-type-options": "nosniff", ...more }
  return request.headers.get("if-none-match") === etag
    ? new Response(null, { status: 304, headers })
    : new Response(body, { headers })
}
