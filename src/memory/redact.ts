/** Secrets out of a text that is kept: written, and told again, without them. Pure; it knows shapes, not owners: what looks like a secret goes. */
import { numberText } from "../json/exact.ts"
import type { Json, JsonObject } from "../exchange.ts"

const MARK = "[redacted]"

const PEM =
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)/g

/** No token below is shorter, or has another character. Ordinary text has few such runs, and only they are looked at. */
const RUN = /(?<![\w.+/=-])[\w.+/=-]{15,}/g
/** As the vendors document their keys. Sources: the vendors' own pages, https://github.com/gitleaks/gitleaks (MIT), RFC 7519 (JWT). */
const DOCUMENTED = [
  /(?<![A-Za-z0-9])(?:[spr]k[-_](?:ant-|proj-|or-|live[-_]|test[-_]|svcacct-)?[A-Za-z0-9_-]{16,}|(?:gsk|xai|hf|r8|pplx|npm|csk|nvapi|tgp_v1)[_-][A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|pypi-[\w-]{20,}|dop_v1_[a-f0-9]{20,}|sm_[A-Za-z0-9_]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|whsec_[\w+/=]{16,}|shp(?:at|ss|ca|pa)_[a-fA-F0-9]{20,}|tskey-[\w-]{10,}|dckr_pat_[\w-]{16,}|ya29\.[\w-]{16,})/,
  /\b(?:AIza[\w-]{30,}|(?:AQ|hv[bs])\.[\w-]{24,}|ATATT3x[\w=-]{20,}|dapi[a-f0-9]{32}|A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}\b|(?<=(?<![\w-])[\w-]{0,32})eyJ[\w-]{8,}\.[\w-]{8,}\.[\w.-]*)/,
  /AGE-SECRET-KEY-1[A-Z0-9]{40,}/,
]
  .map(({ source }) => source)
  .join("|")
/** As most vendors write them: who issued it, then much that is random. Ids of messages, calls and files look alike. */
const ISSUED =
  /(?<![A-Za-z0-9])(?!(?:(?:srv)?toolu|msg|msgbatch|call|resp|req|fc|rs|run|step|thread|asst|item|batch|conv|ws|ci|ig|cmp|ctc|mcp[lr]?|evt|vs)_|(?:chatcmpl|cmpl|file|gen|sha\d+)-)[A-Za-z][A-Za-z0-9]{1,11}(?:[_-][A-Za-z0-9]{1,8}){0,2}[_-](?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{24,}/
/** They go out of such a run. */
const TOKENS = new RegExp(`${DOCUMENTED}|${ISSUED.source}`, "g")
/** A name that is a key and nothing else; LiteLLM's begin with `sk-`. */
const KEY = new RegExp(`^(?:sk-\\S+|${DOCUMENTED})$`)

/** What may stand between a name and its value: quotes (also escaped ones, JSON within JSON), marks of Markdown, YAML and tables, a verb. */
const LEADS = String.raw`\\?["'\x60*]{0,3}(?:\s{0,3}(?:=>|->|:=|[=:：>→]|是|は)|\s(?:is|was|ist|lautet|es|est|è|é)(?=\s))\s{0,3}(?:[>|]-?\s{1,8})?\\?["'\x60*]{0,3}\s?`
const VALUE = String.raw`([^\s"'\x60\\,;}&<>|*，。；、]{6,256})`

type Likeness = (value: string) => boolean
/** "the token is expired" tells no token. */
const isSecretLike: Likeness = (value) =>
  !value.startsWith("[") && (/[0-9_$!#%&*+=/-]/.test(value) || /[a-z][A-Z]/.test(value) || value.length >= 20)
/** Where less says that it is one. */
const isMixed: Likeness = (value) => /\d/.test(value) && /[A-Za-z]/.test(value)
const isAny: Likeness = () => true

/** `at` is tried where a word stands that may lead to a secret: the secret is its group, and its end. Every length is bounded, or what it took is not looked at again. */
type Lead = readonly [at: RegExp, likeness: Likeness]
const named = (name: string): Lead => [new RegExp(name + LEADS + VALUE, "iy"), isSecretLike]
const FLAG: Lead = [
  /(?:password|passwd|passphrase|\btoken|(?<=\bapi-)key|\bsecret)\s{1,3}(?:\|\s{1,3})?\\?["']?([^\s"'`\\,;}&<>|]{8,256})/iy,
  isMixed,
]
const VARIABLE: Lead = [/(?<=[A-Z0-9]_)(?:KEY|TOKEN|AUTH)["']?\s{0,2}[=:]\s{0,2}["']?([^\s"'`,;]{8,256})/y, isMixed]
const SCHEME: Lead = [/\b(?:bearer|basic) {1,3}([A-Za-z0-9._~+/=-]{12,})/iy, isAny]

/** The words that lead to a secret; most texts have none. */
const LEADING: Readonly<Record<string, readonly Lead[]>> = {
  key: [named("(?:(?<=(?:api|account|access|private|secret)[-_ ]?)key|(?<=access[-_ ]?)key[-_ ]?id)"), VARIABLE, FLAG],
  secret: [named("secret(?:[-_ ]?(?:access[-_ ]?)?key)?"), FLAG],
  token: [named("(?<=\\b|(?:auth|access|refresh)[-_ ]?)token"), VARIABLE, FLAG],
  pass: [named("(?:passwd|passwor[dt]|passphrase|(?<![a-z])pass)"), FLAG],
  pwd: [named("(?<![a-z])pwd")],
  connection: [named("connection[-_ ]?string")],
  credential: [named("credentials?")],
  ...Object.fromEntries(
    "kennwort|contraseña|mot de passe|senha|wachtwoord|hasło|пароль|密码|密碼|パスワード|비밀번호"
      .split("|")
      .map((word) => [word, [named(word)]]),
  ),
  auth: [
    [/\bauthorization\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?(?:\w{1,16} {1,3})?([^\s"'\\[]{8,512})/iy, isSecretLike],
    VARIABLE,
  ],
  bearer: [SCHEME],
  basic: [SCHEME],
  cookie: [[/\bcookie:\s{0,3}([^\s=;]{1,64}=[^\n"']{8,4096})/iy, isAny]],
  curl: [[/\bcurl\b[^\n]{0,256}?\s(?:-u|--user)[ =]?["']?[^\s:"']{1,64}:([^\s"']{1,128})/y, isAny]],
  "-p": [[/(?<=\b(?:sshpass|mysql\w{0,8}|mariadb|login)\b[^\n]{0,128}\s)-p\s?["']?([^\s"'-][^\s"']{5,128})/y, isMixed]],
  "://": [
    [/(?<=https):\/\/hooks\.slack\.com\/services\/(\S+)/y, isAny],
    // https://user:password@host; a port is no password
    [/(?<=[a-z0-9+.-]):\/\/[^\s/:@"']{0,64}:((?!\d{1,5}\/)[^\s"'<>\\]{1,256})(?=@)/iy, isAny],
    [/(?<=[a-z0-9+.-]):\/\/([\w.~%-]{16,256})(?=@)/iy, isMixed],
  ],
  "/webhooks/": [[/(?<=discord(?:app)?\.com\/api)\/webhooks\/(\S+)/y, isAny]],
  ":aa": [[/(?<=\b\d{8,10}):(AA[\w-]{28,})/y, isAny]],
  "private-lines: ": [[/Private-Lines: \d+\s+([A-Za-z0-9+/=][A-Za-z0-9+/=\s]*)/y, isAny]],
}
const LEADING_WORD = new RegExp(Object.keys(LEADING).join("|"), "gi")
const QUERY =
  /([?&][\w-]{0,24}(?:key|sig|signature|token|auth|secret|pass|pwd|password|code)=)([^&\s"'#<>\\]{8,1024})/gi

/** Characters nobody sees, and signs written as URLs write them, between those of a token. */
const HIDDEN = /[\u00ad\u200b-\u200d\u2060\ufeff](?<=[\w%-].)(?=[\w%-])/g
const ENCODED = /(?<=\w)%(?:2d|5f)(?=[\w%])/gi

/** What holds no secret is given back as it is. */
export function redact(written: string): string {
  const seen = plain(written)
  const clean = withoutLed(withoutTokens(seen.replace(PEM, MARK)))
  return clean === seen ? written : clean
}

/** Every text and key in it, also what only its key gives away: `{"password": "…"}`. */
export const redactObject = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [redact(key), redactValue(key, value)]))

function redactValue(key: string, value: Json): Json {
  if (typeof value === "string") return redactNamed(key, value)
  if (Array.isArray(value)) return value.map((one) => redactValue(key, one))
  const digits = numberText(value)
  if (digits !== null) return redactNamed(key, digits) === digits ? value : MARK
  return typeof value === "object" && value !== null ? redactObject(value) : value
}

function redactNamed(key: string, value: string): string {
  const head = `${key}=`
  const said = redact(head + value)
  return said.startsWith(head) ? said.slice(head.length) : redact(value)
}

/** A name of a user, project or session is kept and shown: where it is a key, another one stands for it, always the same. */
export const withoutKey = (name: string): string =>
  KEY.test(name) ? `key-${new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 16)}` : name

function plain(text: string): string {
  const seen = text.replace(HIDDEN, "")
  return seen.includes("%") ? seen.replace(ENCODED, (sign) => (/d/i.test(sign) ? "-" : "_")) : seen
}

function withoutLed(text: string): string {
  let clean = ""
  let done = 0
  LEADING_WORD.lastIndex = 0
  for (let word = LEADING_WORD.exec(text); word; word = LEADING_WORD.exec(text)) {
    LEADING_WORD.lastIndex = word.index + 1 // a word may stand in another
    for (const [at, isLike] of LEADING[word[0].toLowerCase()]!) {
      at.lastIndex = word.index
      const secret = at.exec(text)?.[1]
      if (secret === undefined || !isLike(secret)) continue
      clean += text.slice(done, at.lastIndex - secret.length) + MARK
      done = LEADING_WORD.lastIndex = at.lastIndex
      break
    }
  }
  const rest = clean + text.slice(done)
  return rest.includes("=")
    ? rest.replace(QUERY, (whole, head: string, value: string) => (isMixed(value) ? head + MARK : whole))
    : rest
}

function withoutTokens(text: string): string {
  return text.replace(RUN, (run) => run.replace(TOKENS, MARK))
}
