/**
 * The app's routes as an OpenAPI 3.0 document. @elysiajs/swagger describes a route; going through the routes is ours, because the plugin
 * leaves out every path with a `*` and loads 5 ms of themes at the start. https://spec.openapis.org/oas/v3.0.3
 */
import { filterPaths, registerSchemaPath } from "@elysiajs/swagger/utils"
import type { HTTPMethod } from "elysia"
import { version } from "../version.ts"

export interface DescribedRoute {
  method: string
  path: string
  /** Elysia's, with the route's `detail`; `hide` leaves it out */
  hooks?: { detail?: { hide?: boolean } }
}

/** Of a route that does not say what it answers: OpenAPI wants a description of something. */
const ANSWERED = { 200: { description: "as asked" } }
const EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]

export function describe(routes: readonly DescribedRoute[]) {
  const schema: Parameters<typeof registerSchemaPath>[0]["schema"] = {}
  for (const { method, path, hooks = {} } of routes) {
    if (hooks.detail?.hide) continue
    // OpenAPI knows no parameter that spans slashes: `{rest}` is the nearest there is to `*`.
    const named = path.replace("*", ":rest")
    const hook = { ...hooks, detail: { responses: ANSWERED, ...hooks.detail } }
    for (const one of method === "ALL" ? EVERY_METHOD : [method])
      registerSchemaPath({ schema, hook, method: one as HTTPMethod, path: named, models: {} })
  }
  return {
    openapi: "3.0.3",
    info: { title: "memproxy", version },
    paths: filterPaths(schema, { excludeStaticFile: false, exclude: [] }),
    components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
    security: [{ key: [] }],
  }
}
