/** `/swagger` and `/swagger/json`. The page's files are in the binary; what describes the routes is loaded when somebody asks. */
import { Elysia } from "elysia"
import css from "swagger-ui-dist/swagger-ui.css" with { type: "file" }
import script from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" }
import type { DescribedRoute } from "./openapi.ts"

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>memproxy API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/swagger/ui.css">
<div id="ui"></div>
<script src="/swagger/ui.js"></script>
<script src="/swagger/start.js"></script>
</html>
`
const START = `SwaggerUIBundle({ url: "/swagger/json", dom_id: "#ui", deepLinking: true, persistAuthorization: true })`

const file = (path: string, type: string) => () =>
  new Response(Bun.file(path), { headers: { "content-type": type, "cache-control": "public, max-age=86400" } })
const text = (body: string, type: string) => () => new Response(body, { headers: { "content-type": type } })
const hidden = { detail: { hide: true } }

/** `routes`: those of the whole app, read at each request for the document. */
export function swagger(routes: () => readonly DescribedRoute[]) {
  return new Elysia({ name: "swagger" })
    .get("/swagger", text(PAGE, "text/html; charset=utf-8"), hidden)
    .get("/swagger/json", async () => Response.json((await import("./openapi.ts")).describe(routes())), hidden)
    .get("/swagger/start.js", text(START, "text/javascript; charset=utf-8"), hidden)
    .get("/swagger/ui.js", file(script, "text/javascript; charset=utf-8"), hidden)
    .get("/swagger/ui.css", file(css, "text/css; charset=utf-8"), hidden)
    .get("/swagger/scalar", () => Response.redirect("/swagger"), hidden)
}
