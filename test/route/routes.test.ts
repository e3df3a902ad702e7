import { expect, test } from "bun:test"
import type { Dialect } from "../../src/exchange.ts"
import type { Deployment } from "../../src/settings.ts"
import { Refusal } from "../../src/exchange.ts"
import { buildRoutes } from "../../src/route/routes.ts"
import { deployment as anyDeployment } from "../support/deployment.ts"

const deployment = (name: string, model: string, more: Partial<Deployment> = {}): Deployment =>
  anyDeployment({ id: `${name}:${model}`, name, model, ...more })
const routes = buildRoutes({
  deployments: [
    deployment("gpt", "gpt-4o"),
    deployment("*", "openai/*"),
    deployment("anthropic/*", "*"),
    deployment("anthropic/claude-*", "special-*"),
    deployment("fo::*:static::*", "fo-*-*"),
    deployment("claude-sonnet-4.5", "claude-sonnet-4-5"),
    deployment("x*y", "longer-*"),
    deployment("x-*", "special-*"),
    deployment("with,comma", "comma"),
    deployment("needs-key", "x", { missing: "SOME_API_KEY" }),
    deployment("messages-only", "claude", { speaks: ["anthropic"], provider: "anthropic" }),
    deployment("mocked", "demo", { speaks: [], mock: "hi" }),
  ],
  aliases: { fast: { model: "gpt", hidden: false }, secret: { model: "gpt", hidden: true } },
  completionModel: null,
})
const any = () => true
const speaking = (dialect: Dialect) => (one: Deployment) => one.speaks.includes(dialect)
const choose = (model: string, serves: (one: Deployment) => boolean = any) => {
  const { model: upstream, group, features } = routes.choose(model, serves, 0)
  return [group, upstream, ...features]
}
const refused = (model: string, serves?: (one: Deployment) => boolean) => {
  try {
    choose(model, serves)
  } catch (error) {
    if (error instanceof Refusal) return [error.status, error.code]
    throw error
  }
  return null
}

test.each([
  ["gpt", ["gpt", "gpt-4o"]],
  ["fast", ["gpt", "gpt-4o"]],
  ["anything", ["*", "openai/anything"]],
  ["anthropic/opus", ["anthropic/*", "opus"]],
  ["anthropic/claude-x", ["anthropic/claude-*", "special-x"]],
  ["fo::hi:static::there", ["fo::*:static::*", "fo-hi-there"]],
  ["claude-sonnet-4.5-20250929", ["*", "openai/claude-sonnet-4.5-20250929"]],
  ["x-y", ["x-*", "special-y"]], // as long as x*y, and more of it is no letter
  ["gpt,feature-a,feature-b", ["gpt", "gpt-4o", "feature-a", "feature-b"]],
  ["with,comma", ["with,comma", "comma"]],
])("%s goes to %p", (asked, expected) => {
  expect(choose(asked)).toEqual(expected)
})

test("a dated name means the name without its date where no pattern takes it", () => {
  const plain = buildRoutes({
    deployments: [deployment("claude-sonnet-4.5", "up")],
    aliases: {},
    completionModel: null,
  })
  expect(plain.choose("claude-sonnet-4.5-20250929", any, 0).model).toBe("up")
  expect(() => plain.choose("claude-sonnet-4.5-20251399", any, 0)).toThrow(Refusal)
})

test("an unknown model is told which there are, a missing variable is named, a call nobody serves is explained", () => {
  const plain = buildRoutes({ deployments: [deployment("gpt", "up")], aliases: {}, completionModel: null })
  expect(() => plain.choose("nope", any, 0)).toThrow(/"nope".*gpt/)
  const many = Array.from({ length: 31 }, (_, at) => deployment(`m${at}`, "up"))
  const crowded = buildRoutes({ deployments: many, aliases: {}, completionModel: null })
  expect(() => crowded.choose("nope", any, 0)).toThrow(/ m29, …\.$/)
  expect(refused("needs-key")).toEqual([503, "missing_environment_variable"])
  expect(refused("messages-only", speaking("openai-chat"))).toEqual([400, "operation_not_served"])
})

test("who brings a key of their own reaches a model that lacks nothing else", () => {
  const keyless = { missing: "SOME_API_KEY", lacksOnlyKey: true }
  const bring = buildRoutes({
    deployments: [deployment("m", "up", keyless), deployment("n", "up", { ...keyless, lacksOnlyKey: false })],
    aliases: {},
    completionModel: null,
  })
  expect(bring.choose("m", any, 0, true).model).toBe("up")
  expect(() => bring.choose("m", any, 0, false)).toThrow(/SOME_API_KEY/)
  expect(() => bring.choose("n", any, 0, true)).toThrow(/SOME_API_KEY/)
})

test("a mocked model answers every call", () => {
  expect(choose("mocked", speaking("gemini"))).toEqual(["mocked", "demo"])
})

test("hidden aliases and patterns are not listed", () => {
  expect(routes.models().map((one) => one.name)).toEqual([
    "gpt",
    "claude-sonnet-4.5",
    "with,comma",
    "needs-key",
    "messages-only",
    "mocked",
    "fast",
  ])
})

test("deployments of one name share the load by weight, the lowest order first", () => {
  const shared = buildRoutes({
    deployments: [
      deployment("m", "a", { weight: 3 }),
      deployment("m", "b", { weight: 1 }),
      deployment("m", "c", { order: 1 }),
    ],
    aliases: {},
    completionModel: null,
  })
  const picked = Array.from({ length: 100 }, (_, i) => shared.choose("m", any, i / 100).model)
  expect([picked.filter((one) => one === "a").length, picked.filter((one) => one === "b").length]).toEqual([75, 25])
  const weightless = ["a", "b"].map((model) => deployment("m", model, { weight: 0 }))
  expect(buildRoutes({ deployments: weightless, aliases: {}, completionModel: null }).choose("m", any, 0.5).model).toBe(
    "b",
  )
})
