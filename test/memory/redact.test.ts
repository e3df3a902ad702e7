import { expect, test } from "bun:test"
import { redact } from "../../src/memory/redact.ts"

const SECRETS = [
  "sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AA",
  "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789",
  "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
  "github_pat_11ABCDEFG0abcdefghijklmnop",
  "AKIAIOSFODNN7EXAMPLE",
  "AIzaSyA-1234567890abcdefghijklmnopqrstuv",
  "xoxb-123456789012-abcdefghijkl",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
  "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
]

test("keys, tokens and private keys are taken out wherever they stand", () => {
  for (const secret of SECRETS) {
    const clean = redact(`Use this: ${secret} and go on.`)
    expect([secret, clean.includes(secret)]).toEqual([secret, false])
    expect(clean).toContain("[redacted]")
    expect(clean).toContain("go on.")
  }
})

test("a value is a secret when its name says so", () => {
  const cases = [
    "DB_PASSWORD=hunter2!x",
    'api_key: "a8f5f167f44f4964e6c998dee827110c"',
    "the password is Tr0ub4dor&3",
    "postgres://admin:s3cr3tpw@db.example.com/x",
    "Authorization: Bearer abcdefghijklmnop1234",
  ]
  for (const text of cases) expect([text, redact(text)]).toEqual([text, expect.stringContaining("[redacted]")])
  expect(redact("postgres://admin:s3cr3tpw@db.example.com/x")).toBe("postgres://admin:[redacted]@db.example.com/x")
})

test("talk about secrets stays", () => {
  for (const text of [
    "The token is expired again.",
    "My password is on the list",
    "Tokens cost money: 3 per million",
    "https://example.com/a:b",
    "risk-averse people",
  ])
    expect(redact(text)).toBe(text)
})

test("redacted text is not redacted again", () => {
  const once = redact("password=hunter2hunter2")
  expect(redact(once)).toBe(once)
})
