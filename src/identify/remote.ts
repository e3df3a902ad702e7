/** The names of git remotes and directories, made comparable. Text only: no file is looked at. */

/** `https://user:pw@Host/owner/repo.git` */
const URL_FORM = /^(https?|ssh|git|git\+ssh|git\+https?):\/\/(?:[^@/\s]*@)?([^:/?#\s]+)(?::(\d+))?\/([^?#\s]+)/i
/** `git@host:owner/repo.git`; a single letter is a Windows drive */
const SCP_FORM = /^(?:[^@/:\s]+@)?([^@:/\\\s]{2,}):(?!\/\/)([^?#\s\\]+)$/
const MAX_CHARS = 2048

/**
 * `host/owner/repo` of a git remote in any of its forms, else null (a path is no remote: it names nothing elsewhere). Without credentials and
 * `.git`, the host in lower case. An ssh port is left out, since it belongs to the same host's https address; another http port is another server.
 */
export function normaliseRemote(remote: string): string | null {
  const text = remote.trim()
  if (text.length > MAX_CHARS) return null
  const url = URL_FORM.exec(text)
  const scp = url ? null : SCP_FORM.exec(text)
  const host = (url?.[2] ?? scp?.[1])?.toLowerCase()
  const path = (url?.[4] ?? scp?.[2])
    ?.replace(/^\/+/, "")
    .replace(/(?<=[^/])\/+$/, "")
    .replace(/\.git$/i, "")
  if (!host || !path) return null
  const port = url?.[3]
  const plain = port === undefined || !/^(git\+)?http/i.test(url?.[1] ?? "") || port === "80" || port === "443"
  return `${host}${plain ? "" : `:${port}`}/${path}`
}

/** `acme/demo-project` of `github.com/acme/demo-project`. */
export function nameOfRemote(key: string): string {
  return key.slice(key.indexOf("/") + 1)
}

const MAX_PATH_CHARS = 1024
// oxlint-disable-next-line no-control-regex -- a path with one is no path a client meant
const CONTROL = /[\u0000-\u001f\u007f]/

/** An absolute path (`/a/b`, `C:\a\b`, `\\server\share`) without quotes and trailing separators, else null. */
export function normalisePath(raw: string): string | null {
  const text = raw.trim().replace(/^(["'`])(.*)\1$/, "$2")
  if (text.length > MAX_PATH_CHARS || CONTROL.test(text)) return null
  if (text.startsWith("/")) return text.startsWith("//") ? null : text.replace(/(?<=[^/])\/+$/, "")
  if (/^[A-Za-z]:[\\/]/.test(text)) {
    const path = text.charAt(0).toUpperCase() + text.slice(1).replaceAll("/", "\\")
    return path.length > 3 ? path.replace(/(?<=[^\\])\\+$/, "") : path
  }
  return /^\\\\[^\\]+\\[^\\]/.test(text) ? text.replace(/(?<=[^\\])\\+$/, "") : null
}

export function nameOfPath(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1) || path
}

/** The directory above, or null at the top. */
export function parentOf(path: string): string | null {
  const at = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"))
  if (at < 0 || at === path.length - 1) return null
  if (at === 0) return "/"
  return path.charAt(at - 1) === ":" ? path.slice(0, at + 1) : path.slice(0, at)
}

/** The path is the root or lies below it. */
export function isWithin(path: string, root: string): boolean {
  return path.startsWith(root) && (path.length === root.length || /[/\\]/.test(path.charAt(root.length)))
}
