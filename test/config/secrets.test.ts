import { expect, test } from "bun:test"
import { inspect } from "node:util"
import { assert, constantFrom, nat, property } from "fast-check"
import { configOf, load } from "./read-text.ts"

const CANARY = "sk-CANARYcanary0123456789"
const EVERYWHERE = `general_settings: { master_key: ${CANARY}, database_url: "postgres://u:${CANARY}@h/d" }
environment_variables: { OTHER_KEY: ${CANARY} }
credential_list:
  - { credential_name: c, credential_values: { api_key: ${CANARY} } }
model_list:
  - model_name: a
    litellm_params:
      model: openai/gpt-4o
      api_key: ${CANARY}
      organization: org-1
      extra_headers: { x-portkey: ${CANARY}, authorization: os.environ/CANARY_VARIABLE }
      extra_body: { api_key: ${CANARY} }
    model_info: { id: m1, vault_token: ${CANARY}, max_input_tokens: "128000", note: os.environ/CANARY_VARIABLE }
  - model_name: b
    litellm_params: { model: anthropic/claude-x, litellm_credential_name: c }
  - model_name: c
    litellm_params: { model: groq/x, api_key: os.environ/CANARY_VARIABLE, aws_secret_access_key: ${CANARY} }
context_retrieval: { enabled: true, api_key: ${CANARY} }
memproxy: { supermemory: { api_key: os.environ/OTHER_KEY } }
`

test("a config printed in any way shows no key, and hands them to those who need them", () => {
  const config = configOf(EVERYWHERE, { env: { CANARY_VARIABLE: CANARY, GEMINI_API_KEY: CANARY } })
  for (const text of [
    JSON.stringify(config),
    inspect(config, { depth: 20 }),
    Bun.inspect(config, { depth: 20 }),
    String(config),
  ])
    expect(text).not.toContain(CANARY)
  const [first, second, third] = config.deployments
  expect(first?.headers["x-portkey"]).toBe(CANARY)
  expect({ ...first?.headers }).toEqual({ "openai-organization": "org-1", "x-portkey": CANARY, authorization: CANARY })
  expect(JSON.parse(JSON.stringify({ ...first?.params }))).toEqual({ extra_body: { api_key: CANARY } })
  expect(
    [first?.key, second?.key, third?.key, config.masterKey, config.supermemory.key].map((key) => key?.reveal()),
  ).toEqual(Array(5).fill(CANARY))
  expect(first?.info).toEqual({
    id: "m1",
    vault_token: "[secret]",
    max_input_tokens: "128000",
    note: "os.environ/CANARY_VARIABLE",
  })
})

test("findings never repeat a key, wherever it was pasted and however the YAML is broken", () => {
  const scalars = [...EVERYWHERE.matchAll(/[\w./-]+(?=[,\s}"])/g)].map((match) => match.index)
  assert(
    property(
      constantFrom(...scalars),
      nat(EVERYWHERE.length),
      constantFrom("", "x", ": ", "[", "'", "\t", "*", "!", "|", "%"),
      (word, cut, junk) => {
        const pasted = EVERYWHERE.slice(0, word) + CANARY + EVERYWHERE.slice(word).replace(/^[\w./-]+/, "")
        const broken = pasted.slice(0, cut) + junk + pasted.slice(cut + 1)
        const { findings } = load(broken, { env: { CANARY_VARIABLE: CANARY } })
        // A key cut in two is no key: its first half alone could be a word of the file.
        expect(findings.filter((f) => JSON.stringify(f).includes("CANARYcanary"))).toEqual([])
      },
    ),
    { numRuns: 400 },
  )
})
