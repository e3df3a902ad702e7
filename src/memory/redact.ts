/** Secrets out of a text that is kept: written, and told again, without them. Pure; it knows shapes, not owners: what looks like a secret goes. */

const MARK = "[redacted]"

const PEM =
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)/g

/** No token below is shorter, or has another character. Ordinary text has few such runs, and only they are looked at. */
const SHORTEST = 15
const IS_OF_TOKEN = Uint8Array.from({ length: 128 }, (_, code) => Number(/[\w.+/=-]/.test(String.fromCharCode(code))))
/** They go out of such a run. Sources: the vendors' own documentation, https://github.com/gitleaks/gitleaks (MIT), RFC 7519 (JWT). */
const TOKENS: readonly RegExp[] = [
  /(?<![A-Za-z0-9])(?:sk|pk|rk)[-_](?:ant-|proj-|or-|live[-_]|test[-_]|svcacct-)?[A-Za-z0-9_-]{16,}/g,
  /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|pypi-[\w-]{20,}|dop_v1_[a-f0-9]{20,}|sm_[A-Za-z0-9_]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|whsec_[\w+/=]{16,}|shp(?:at|ss|ca|pa)_[a-fA-F0-9]{20,}|tskey-[\w-]{10,}|dckr_pat_[\w-]{16,}|ya29\.[\w-]{16,})/g,
  /(?<![A-Za-z0-9])(?:gsk|xai|hf|r8|pplx|npm|csk|nvapi|tgp_v1)[_-][A-Za-z0-9_-]{20,}/g,
  /\bAIza[\w-]{30,}|(?:\bAQ|\bhv[bs])\.[\w-]{24,}|\bATATT3x[\w=-]{20,}|\bdapi[a-f0-9]{32}|AGE-SECRET-KEY-1[A-Z0-9]{40,}/g,
  /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w.-]*/g,
]

/** As most vendors write them: who issued it, then much that is random. Ids of messages, calls and files look alike. */
const ISSUED =
  /(?<![A-Za-z0-9])(?!(?:(?:srv)?toolu|msg|msgbatch|call|resp|req|fc|rs|run|step|thread|asst|item|batch|conv|ws|ci|ig|cmp|ctc|mcp[lr]?|evt|vs)_|(?:chatcmpl|cmpl|file|gen|sha\d+)-)[A-Za-z][A-Za-z0-9]{1,11}(?:[_-][A-Za-z0-9]{1,8}){0,2}[_-](?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{24,}/g
const SHORTEST_ISSUED = 27

/** What may stand between a name and its value: quotes (also escaped ones, JSON within JSON), marks of Markdown, YAML and tables, a verb. */
const LEADS = String.raw`\\?["'\x60*]{0,3}(?:\s{0,3}(?:=>|->|:=|[=:：>→]|是|は)|\s(?:is|was|ist|lautet|es|est|è|é)(?=\s))\s{0,3}(?:[>|]-?\s{1,8})?\\?["'\x60*]{0,3}\s?`
const VALUE = String.raw`([^\s"'\x60\\,;}&<>|*，。；、]{6,256})`
const NAMES =
  "(?:api|account)[-_ ]?key|access[-_ ]?key(?:[-_ ]?id)?|secret(?:[-_ ]?(?:access[-_ ]?)?key)?|client[-_ ]?secret|(?:auth|access|refresh)[-_ ]?token|\\btoken|passwd|passwor[dt]|passphrase|(?<![a-z])(?:pwd|pass)|private[-_ ]?key|connection[-_ ]?string|credentials?|kennwort|contraseña|mot de passe|senha|wachtwoord|hasło|пароль|密[码碼]|パスワード|비밀번호"

type Likeness = (value: string) => boolean
/** "the token is expired" tells no token. */
const isSecretLike: Likeness = (value) =>
  !value.startsWith("[") && (/[0-9_$!#%&*+=/-]/.test(value) || /[a-z][A-Z]/.test(value) || value.length >= 20)
/** Where less says that it is one. */
const isMixed: Likeness = (value) => /\d/.test(value) && /[A-Za-z]/.test(value)
const isAny: Likeness = () => true

/** Each finds what leads to a secret, and the secret. */
const LED: readonly (readonly [pattern: RegExp, likeness: Likeness])[] = [
  [new RegExp(`((?:${NAMES})${LEADS})${VALUE}`, "gi"), isSecretLike],
  [/\b((?:bearer|basic) {1,3})([A-Za-z0-9._~+/=-]{12,})/gi, isAny],
  [/(\bauthorization\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?(?:\w{1,16} {1,3})?)([^\s"'\\[]{8,512})/gi, isSecretLike],
  [/(\b(?:set-)?cookie:\s{0,3})([^\s=;]{1,64}=[^\n"']{8,4096})/gi, isAny],
  [/\b([A-Z][A-Z0-9_]{0,64}_(?:KEY|TOKEN|AUTH)["']?\s{0,2}[=:]\s{0,2}["']?)([^\s"'`,;]{8,256})/g, isMixed],
  [
    /((?:\s--?|\b)(?:password|passwd|passphrase|token|api-key|secret)\s{1,3}\\?["']?)([^\s"'`\\,;}&<>|]{8,256})/gi,
    isMixed,
  ],
  [/(\bcurl\b[^\n]{0,256}?\s(?:-u|--user)[ =]?["']?[^\s:"']{1,64}:)([^\s"']{1,128})/g, isAny],
  [/(\b(?:sshpass|mysql\w{0,8}|mariadb|login)\b[^\n]{0,128}?\s-p\s?["']?)([^\s"'-][^\s"']{5,128})/g, isMixed],
  [
    /([?&][\w-]{0,24}(?:key|sig|signature|token|auth|secret|pass|pwd|password|code)=)([^&\s"'#<>\\]{8,1024})/gi,
    isMixed,
  ],
]
const URLS: readonly (readonly [pattern: RegExp, likeness: Likeness])[] = [
  [/(https:\/\/hooks\.slack\.com\/services\/|discord(?:app)?\.com\/api\/webhooks\/)(\S+)/g, isAny],
  // https://user:password@host; a port is no password
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@"']{0,64}:)((?!\d{1,5}\/)[^\s"'<>\\]{1,256})(?=@)/gi, isAny],
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/)([\w.~%-]{16,256})(?=@)/gi, isMixed],
]
const BOT = /\b(\d{8,10}:)(AA[\w-]{30,})/g
const PUTTY = /(Private-Lines: \d+\s+)([A-Za-z0-9+/=\s]+)/g

/** Nothing that leads to a secret is without one of these: most texts are. */
const HINT =
  /key|secret|token|pass|pwd|connection|bearer|basic|:\/\/|cookie|authorization|credential|login|curl|mysql|sshpass|:AA|Private-|kennwort|contraseña|senha|wachtwoord|hasło|пароль|密[码碼]|パスワード|비밀번호/i
/** Characters nobody sees, and signs written as URLs write them, between those of a token. */
const HIDDEN = /(?<=[\w%-])[\u00ad\u200b-\u200d\u2060\ufeff](?=[\w%-])/g
const ENCODED = /(?<=\w)%(?:2d|5f)(?=[\w%])/gi

export function redact(written: string): string {
  const text = plain(written)
  if (!HINT.test(text)) return withoutTokens(text)
  const clean = withoutTokens(text.replace(PEM, MARK))
  const rest = clean.includes("://") ? withoutLed(clean, URLS) : clean
  return withoutLed(rest.replace(BOT, `$1${MARK}`).replace(PUTTY, `$1${MARK}\n`), LED)
}

function plain(text: string): string {
  const seen = text.replace(HIDDEN, "")
  return seen.includes("%") ? seen.replace(ENCODED, (sign) => (/d/i.test(sign) ? "-" : "_")) : seen
}

function withoutLed(text: string, rules: typeof LED): string {
  let clean = text
  for (const [pattern, isLike] of rules)
    clean = clean.replace(pattern, (whole, head: string, value: string) => (isLike(value) ? head + MARK : whole))
  return clean
}

/** By hand, because a regular expression takes ten times as long to find the runs. */
function withoutTokens(text: string): string {
  let clean = ""
  let done = 0
  let start = 0
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 0
    if (code < 128 && IS_OF_TOKEN[code] === 1) continue
    if (at - start >= SHORTEST) {
      const run = text.slice(start, at)
      const known = TOKENS.reduce((left, token) => left.replace(token, MARK), run)
      const rest = known.length < SHORTEST_ISSUED ? known : known.replace(ISSUED, MARK)
      if (rest !== run) {
        clean += text.slice(done, start) + rest
        done = at
      }
    }
    start = at + 1
  }
  return clean + text.slice(done)
}
