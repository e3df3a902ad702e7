/** `/swagger` and `/swagger/json`. The page's files are in the binary; the plugin's own page wants a CDN, so only its JSON is used. */
import { swagger as plugin } from "@elysiajs/swagger"
import { Elysia } from "elysia"
import css from "swagger-ui-dist/swagger-ui.css" with { type: "file" }
import script from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" }
import { version } from "../version.ts"

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>memproxy API</title>
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

export function swagger() {
  return new Elysia({ name: "swagger" })
    .get("/swagger", text(PAGE, "text/html; charset=utf-8"), hidden)
    .get("/swagger/start.js", text(START, "text/javascript; charset=utf-8"), hidden)
    .get("/swagger/ui.js", file(script, "text/javascript; charset=utf-8"), hidden)
    .get("/swagger/ui.css", file(css, "text/css; charset=utf-8"), hidden)
    .get("/swagger/scalar", () => Response.redirect("/swagger"), hidden)
    .use(
      plugin({
        path: "/swagger/scalar-cdn",
        specPath: "/swagger/json",
        excludeStaticFile: false,
        exclude: [/^\/swagger/],
        documentation: {
          info: { title: "memproxy", version },
          components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
          security: [{ key: [] }],
        },
      }),
    )
}
