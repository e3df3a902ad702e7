/** Keys and passwords out of texts that are kept. Pure; it knows shapes, not owners: what looks like a secret goes. */

const MARK = "[redacted]"

/** Shapes of vendors' keys, then what a name in front of it gives away. Sources: the vendors' own documentation and https://github.com/gitleaks/gitleaks (MIT). */
const SHAPES: readonly RegExp[] = [
  /\bsk-[A-Za-z0-9_-]{16,}/g, // OpenAI, Anthropic, LiteLLM, DeepSeek
  /\bAIza[A-Za-z0-9_-]{30,}/g, // Google
  /\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})/g,
  /\bglpat-[A-Za-z0-9_-]{20,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, // AWS key ids
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g, // Slack
  /\b(?:gsk|xai|hf|r8|pplx|npm|csk|nvapi|tgp_v1)[_-][A-Za-z0-9_-]{20,}/g,
  /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}/g, // Stripe
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g, // JSON web tokens
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g,
]
const BEARER = /\b(bearer|basic)( +)[A-Za-z0-9+/_~.=-]{12,}/gi
const IN_URL = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']{1,64}:)[^\s/@"']{1,256}(?=@)/gi
/** `API_KEY=…`, `"password": "…"`, also with the quotes escaped as in JSON within JSON. A name of something else (`max_tokens`) is none. */
const NAMED =
  /((?:api[_-]?key|secret|passw(?:or)?d|access[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|private[_-]?key)[\w-]{0,24}\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?)[^\s"'\\,;}&]{6,}/gi

export function redact(text: string): string {
  let clean = text
  for (const shape of SHAPES) clean = clean.replace(shape, MARK)
  return clean.replace(BEARER, `$1$2${MARK}`).replace(IN_URL, `$1${MARK}`).replace(NAMED, `$1${MARK}`)
}
