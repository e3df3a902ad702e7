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

const RANDOM = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6"
const HEX = "0123456789abcdef0123456789abcdef"

const ISSUERS =
  "fw_ sntrys_ lin_api_ figd_ ntn_ secret_ sb_secret_ glsa_ hvs. fc- tvly- jina_ shippo_live_ AQ.Ab8RN6 ATATT3x my_ghp_ key- lsv2_pt_"

test.each(ISSUERS.split(" "))("%s and what is random is a key", (issuer) => {
  expect(redact(`it is ${issuer}${RANDOM}, take it`)).not.toContain(RANDOM)
})

test.each([
  `dapi${HEX}`,
  `AGE-SECRET-KEY-1${HEX.toUpperCase()}${HEX.toUpperCase()}`,
  `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${HEX}\n-----END PGP PRIVATE KEY BLOCK-----`,
  `PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n${HEX}\nPrivate-MAC: 1`,
  `https://${HEX}@github.com/a/b.git`,
  `postgres://admin:p@${HEX}@db/x`,
  `postgres://admin:p/${HEX}@db/x`,
  `https://maps.example/api?key=${HEX}`,
  `https://a.blob.example/c?sv=2024&sig=${HEX}`,
  `https://discord.com/api/webhooks/123456789012345678/${HEX}`,
  `DefaultEndpointsProtocol=https;AccountKey=${HEX};EndpointSuffix=core`,
  `Cookie: session=${HEX}; a=b`,
  `Authorization: Token ${HEX}`,
  `curl -u admin:${HEX} https://x`,
  `sshpass -p '${HEX}' ssh x`,
  `mysql -uroot -p${HEX} db`,
  `docker login -u me -p ${HEX} reg.example`,
  `tool --token ${HEX}`,
  `machine x login me password ${HEX}`,
  `DB_PASS=${HEX}`,
  `MYSQL_PWD=${HEX}`,
  `ENCRYPTION_KEY=${HEX}`,
  `export STRIPE_KEY="${HEX}"`,
  `<password>${HEX}</password>`,
  `**Password:** ${HEX}`,
  `| password | ${HEX} |`,
  `password => '${HEX}'`,
  `password: >-\n  ${HEX}`,
  `Mein Passwort ist ${HEX}`,
  `mi contraseña es ${HEX}`,
  `mon mot de passe est ${HEX}`,
  `密码是${HEX}。`,
  `мой пароль: ${HEX}`,
  `password：${HEX}`,
  `123456789:AA${HEX}`,
])("%s tells it by what leads to it", (text) => expect(redact(text)).not.toContain(HEX))

test("a key with hidden characters in it, or written as in a URL, is one all the same", () => {
  expect(redact(`sk-ant-\u200bapi03-${RANDOM}`)).toBe("[redacted]")
  expect(redact(`sk%2Dant%2Dapi03%2D${RANDOM}`)).toBe("[redacted]")
  expect(redact("50%2D60 👩\u200d🔬 co\u00adop")).toBe("50%2D60 👩\u200d🔬 co\u00adop") // which hold none
})

test.each([
  `toolu_01${RANDOM}`,
  `chatcmpl-${RANDOM}`,
  "The key is: write less. A pass through the valley takes two days; the password is long gone.",
  "claude-sonnet-4-5-20250929 and gemini-2.5-flash-preview-09-2025",
  "commit 0123456789abcdef0123456789abcdef01234567",
  "550e8400-e29b-41d4-a716-446655440000",
  "CREATE TABLE t (sort_key TEXT, primary_key: created_at)",
  "http://localhost:8080/users/ada@example.com",
  "See the login page -p of the guide; cookies: oats, butter.",
  "git@github.com:ann/shop.git",
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
    "-eyJaaaaaaaaaa".repeat(1 << 16),
    `Private-Lines: 1${" ".repeat(1 << 20)}`,
    "curl -u ".repeat(1 << 16),
    "://a:".repeat(1 << 17),
  ])
    expect(redact(text).length).toBeGreaterThan(0)
})
