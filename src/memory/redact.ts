/** Secrets out of a text that is kept: written, and told again, without them. Pure; it knows shapes, not owners: what looks like a secret goes. */

const MARK = "[redacted]"

const PEM = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g
const SLACK = /https:\/\/hooks\.slack\.com\/services\/\S+/g

/** No token below is shorter, or has another character. Ordinary text has few such runs, and only they are looked at. */
const SHORTEST = 15
const IS_OF_TOKEN = Uint8Array.from({ length: 128 }, (_, code) => Number(/[\w.+/=-]/.test(String.fromCharCode(code))))
/** They go out of such a run. Sources: the vendors' own documentation, https://github.com/gitleaks/gitleaks (MIT), RFC 7519 (JWT). */
const TOKENS: readonly RegExp[] = [
  /\b(?:sk|pk|rk)[-_](?:ant-|proj-|or-|live[-_]|test[-_]|svcacct-)?[A-Za-z0-9_-]{16,}/g,
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|pypi-[\w-]{20,}|dop_v1_[a-f0-9]{20,}|sm_[A-Za-z0-9_]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|whsec_[\w+/=]{16,}|shp(?:at|ss|ca|pa)_[a-fA-F0-9]{20,}|tskey-[\w-]{10,}|dckr_pat_[\w-]{16,}|ya29\.[\w-]{16,})/g,
  /\b(?:gsk|xai|hf|r8|pplx|npm|csk|nvapi|tgp_v1)[_-][A-Za-z0-9_-]{20,}/g,
  /\bAIza[\w-]{30,}/g,
  /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
]

/**
 * A name that says what its value is, then the value: `API_KEY=…`, `"password": "…"` (also with escaped quotes, JSON within JSON), `the token is …`.
 * A name of something else (`max_tokens`) is none.
 */
const NAMED =
  /((?:api[-_ ]?key|access[-_ ]?key(?:[-_ ]?id)?|secret(?:[-_ ]?(?:access[-_ ]?)?key)?|client[-_ ]?secret|(?:auth|access|refresh)[-_ ]?token|\btoken|passwd|password|passphrase|\bpwd|private[-_ ]?key|connection[-_ ]?string)\\?["'`]?\s{0,3}(?:=|:|\bis\b|\bwas\b)\s{0,3}\\?["'`]?)([^\s"'`\\,;}&<>]{6,256})/gi
const BEARER = /\b((?:bearer|basic) {1,3})([A-Za-z0-9._~+/=-]{12,})/gi
/** https://user:password@host */
const USERINFO = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@"']{0,64}:)([^\s/@"']{1,256})(?=@)/gi

/** No key block, address or named value is without one of these: most texts are. */
const HINT = /key|secret|token|passw|passphrase|pwd|connection|bearer|basic|:\/\//i

export function redact(text: string): string {
  if (!HINT.test(text)) return withoutTokens(text)
  const clean = withoutTokens(text.replace(PEM, MARK))
  const rest = clean.includes("://") ? clean.replace(SLACK, MARK).replace(USERINFO, `$1${MARK}`) : clean
  return rest
    .replace(BEARER, `$1${MARK}`)
    .replace(NAMED, (whole, head: string, value: string) => (isSecretLike(value) ? head + MARK : whole))
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
      const rest = TOKENS.reduce((left, token) => left.replace(token, MARK), run)
      if (rest !== run) {
        clean += text.slice(done, start) + rest
        done = at
      }
    }
    start = at + 1
  }
  return clean + text.slice(done)
}

/** "the token is expired" tells no token. */
const isSecretLike = (value: string) =>
  !value.startsWith("[") && (/[0-9_$!#%&*+=/-]/.test(value) || /[a-z][A-Z]/.test(value) || value.length >= 20)
