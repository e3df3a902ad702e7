import { expect, test } from "bun:test"
import { Refusal } from "../../src/exchange.ts"
import { cutPrefixes } from "../../src/http/prefix.ts"

const cut = (path: string) => {
  const { path: rest, key, user, project } = cutPrefixes(path)
  return [rest, key?.reveal() ?? null, user, project]
}

test.each([
  ["/v1/messages", ["/v1/messages", null, null, null]],
  ["/k/sk-1/v1/messages", ["/v1/messages", "sk-1", null, null]],
  ["/k/sk-1/u/ann/p/shop/v1/x", ["/v1/x", "sk-1", "ann", "shop"]],
  ["/p/shop/k/sk-1/v1/x", ["/v1/x", "sk-1", null, "shop"]],
  ["/p/acme%2Fshop/v1/x", ["/v1/x", null, null, "acme/shop"]],
  ["/p/50%2525/v1/x", ["/v1/x", null, null, "50%25"]],
  ["/p/caf%C3%A9", ["/", null, null, "café"]],
  ["/px/y", ["/px/y", null, null, null]],
])("%s is cut to %p", (path, expected) => {
  expect(cut(path)).toEqual(expected)
})

test.each(["/p//v1", "/u/a%00b/v1", "/u/%ZZ/v1", `/p/${"x".repeat(129)}/v1`, "/u/a/u/b/v1", "/u/a%0d%0ab/v1"])(
  "%s is refused",
  (path) => {
    expect(() => cutPrefixes(path)).toThrow(Refusal)
  },
)
