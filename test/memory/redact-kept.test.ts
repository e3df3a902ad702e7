/** What is taken out of texts that are kept, and what is not. */
import { expect, test } from "bun:test"
import { redact } from "../../src/memory/redact.ts"

test.each([
  "sk-proj-abcdefghijklmnopqrstuvwxyz",
  "sk-ant-api03-AbC_dEf-0123456789abcdef",
  "AIzaSyA0123456789abcdefghijklmnopqrstuv",
  "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
  "github_pat_0123456789abcdefghijklmnopqrstuvwxyz",
  "AKIAIOSFODNN7EXAMPLE",
  "xoxb-1234567890-abcdefghij",
  "gsk_0123456789abcdefghijKLMN",
  "hf_0123456789abcdefghijKLMN",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVPmB92K27uhbUJU1p1r",
])("%s goes, wherever it stands", (secret) => {
  for (const text of [
    secret,
    `key: ${secret}.`,
    JSON.stringify({ a: `x ${secret} y` }),
    `"${secret}"`,
    `export K=${secret}\n`,
  ])
    expect(redact(text)).not.toContain(secret.slice(6))
})

test.each([
  ['{"password": "hunter2hunter2"}', "hunter2hunter2"],
  ['"{\\"api_key\\": \\"abcdef123456\\"}"', "abcdef123456"],
  ["DB_PASSWORD=correct-horse", "correct-horse"],
  ["postgres://ada:s3cr3t@db.example/x", "s3cr3t"],
  ["Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop"],
  ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"],
])("%s: a name in front gives it away", (text, secret) => {
  expect(redact(text)).not.toContain(secret)
})

test.each([
  '{"max_tokens": 4096, "model": "gpt-5"}',
  "The secret of good code is to write less of it.",
  "task-list-of-the-next-release-of-memproxy",
  '{"tool_choice":"auto","input_tokens":123456}',
  "https://user.example/path?page=2",
])("%s stays as it is", (text) => expect(redact(text)).toBe(text))

test("a megabyte of one letter, of quotes or of spaces takes no time to speak of", () => {
  for (const text of [
    "a".repeat(1 << 20),
    '"'.repeat(1 << 20),
    " ".repeat(1 << 20),
    "password=".repeat(1 << 16),
    "sk-".repeat(1 << 18),
  ])
    expect(redact(text).length).toBeGreaterThan(0)
})
