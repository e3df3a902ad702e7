/** The document at /swagger/json: which routes are in it, and how. */
import { expect, test } from "bun:test"
import { Elysia } from "elysia"
import { describe } from "../../src/http/openapi.ts"
import { swagger } from "../../src/http/swagger.ts"

const app = new Elysia()
  .get("/shown", () => "", { detail: { summary: "it is shown" } })
  .get("/hidden", () => "", { detail: { hide: true } })
  .get("/one/:id", () => "")
  .post("/models/*", () => "")
  .all("/vendor/*", () => "")

test("a route is described unless it is hidden, and always says what it answers", () => {
  const { paths } = describe(app.routes)
  expect(Object.keys(paths)).toEqual(["/shown", "/one/{id}", "/models/{rest}", "/vendor/{rest}"])
  expect(paths["/shown"].get).toMatchObject({ summary: "it is shown", responses: { 200: { description: "as asked" } } })
})

test("what a path leaves open is a parameter, a wildcard too", () => {
  const { paths } = describe(app.routes)
  const parameter = (name: string) => [{ name, in: "path", required: true, schema: { type: "string" } }]
  expect(paths["/one/{id}"].get.parameters).toEqual(parameter("id"))
  expect(paths["/models/{rest}"].post.parameters).toEqual(parameter("rest"))
})

test("a route for every method is described for each that clients use", () => {
  expect(Object.keys(describe(app.routes).paths["/vendor/{rest}"]).sort()).toEqual(
    "delete get patch post put".split(" "),
  )
})

test("/swagger/json tells the routes of the app it is part of, itself left out; the page loads nothing from elsewhere", async () => {
  const whole = app.use(swagger(() => whole.routes)) as Pick<typeof app, "routes" | "handle">
  const get = (path: string) => whole.handle(new Request(`http://localhost${path}`))
  const document = (await (await get("/swagger/json")).json()) as { openapi: string; paths: object }
  expect(document.openapi).toBe("3.0.3")
  expect(Object.keys(document.paths)).toEqual(["/shown", "/one/{id}", "/models/{rest}", "/vendor/{rest}"])
  const page = await (await get("/swagger")).text()
  const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!)
  expect(files).toEqual(["data:,", "/swagger/ui.css", "/swagger/ui.js", "/swagger/start.js"])
  for (const path of files.slice(1)) expect((await get(path)).status).toBe(200)
})
