/** The settings a server must not start without: where it listens and which key opens it. */

import { Secret } from "../exchange.ts"
import type { ConfigFile } from "./schema.ts"
import { find, type MapTree, type Place, type Report, type Tree } from "./tree.ts"

interface Listening {
  host: string
  port: number
  masterKey: Secret | null
}

/** Keys out of documentation and examples, `sk-` cut off: as good as none. */
const WELL_KNOWN = new Set(
  `test testing demo example master masterkey local secret password passw0rd admin litellm memproxy key apikey token changeme
  your yourkey yourmasterkey yourkeyhere yoursecretkey mykey mymasterkey mysecretkey supersecret dev anything`.split(
    /\s+/,
  ),
)

const isWellKnown = (key: string): boolean => {
  const bare = key
    .toLowerCase()
    .replace(/^sk-/, "")
    .replace(/[-_.<> ]/g, "")
  return WELL_KNOWN.has(bare) || "01234567890".includes(bare) || new Set(bare).size === 1
}

/**
 * Host, port and master key; null when one of them is unusable, which is reported as an error. No master key: this machine only.
 * `values` are the file's own, already read: what did not fit is absent there and present in `root`.
 */
export function readListening(
  root: MapTree,
  values: ConfigFile,
  overrides: { host?: string; port?: number },
  env: Readonly<Record<string, string | undefined>>,
  report: Report,
): Listening | null {
  const before = { host: find(root, "memproxy", "host"), port: find(root, "memproxy", "port") }
  const { host, port } = listeningPlace(values.memproxy, overrides)
  // A setting that is written and cannot be read was meant: guessing could open more than the owner wants.
  const badHost = overrides.host === undefined && isSpoilt(before.host, values.memproxy?.host)
  const badPort = overrides.port === undefined && isSpoilt(before.port, values.memproxy?.port)
  const badBlock = ["general_settings", "litellm_settings", "memproxy"].some((name) => {
    const block = root.entries.get(name)
    if (
      block === undefined ||
      block.kind === "map" ||
      (block.kind === "scalar" && block.value === null && !block.unset && !block.broken)
    )
      return false
    report("error", block, "must be a map of settings: what it was to say about keys or listening is not known")
    return true
  })
  const key = readMasterKey(root, values, env, report)
  const hostAt: Place = overrides.host === undefined && before.host ? before.host : { ...root, path: "memproxy.host" }
  const usable = key !== "bad" && maySpeakTo(host, key, hostAt, report)
  if (badHost || badPort || badBlock || key === "bad" || !usable) return null
  return { host, port, masterKey: key?.secret ?? null }
}

type Where = Partial<Pick<Listening, "host" | "port">>
/** Where it is to listen; whether it may is not asked. */
export const listeningPlace = (own: Where = {}, overrides: Where = {}) => ({
  host: overrides.host ?? own.host ?? "127.0.0.1",
  port: overrides.port ?? own.port ?? 8764,
})

interface MasterKey {
  secret: Secret
  at: Place
}

function readMasterKey(
  root: MapTree,
  values: ConfigFile,
  env: Readonly<Record<string, string | undefined>>,
  report: Report,
): MasterKey | null | "bad" {
  const general = find(root, "general_settings", "master_key")
  const misplaced = find(root, "litellm_settings", "master_key")
  if (misplaced) report("warning", misplaced.key ?? misplaced, "belongs under `general_settings`; taken all the same")
  const at = general ?? misplaced
  const written = general ? values.general_settings?.master_key : values.litellm_settings?.master_key
  const text = at ? written?.trim() : env.LITELLM_MASTER_KEY?.trim()
  if (!at && !text) {
    report(
      "warning",
      { ...root, path: "general_settings.master_key" },
      "no master key: anybody on this machine can use this proxy, and nobody else",
    )
    return null
  }
  if (!text) {
    const variable =
      at?.kind === "scalar" && at.unset
        ? `the environment variable ${at.variable} is not set`
        : "it is empty or not text"
    report("error", at!, `a master key is asked for, but ${variable}; leave the line out to need none on this machine`)
    return "bad"
  }
  const place: Place = at ?? { ...root, path: "LITELLM_MASTER_KEY" }
  if (/[^\x21-\x7e]/.test(text)) {
    report("error", place, "a master key is made of visible ASCII characters: no header could carry this one")
    return "bad"
  }
  return { secret: new Secret(text), at: place }
}

/** Whether this host may be bound with this key; other machines need a key that is not in every tutorial. */
function maySpeakTo(host: string, key: MasterKey | null, hostAt: Place, report: Report): boolean {
  const wellKnown = key !== null && isWellKnown(key.secret.reveal())
  if (isLoopback(host)) {
    if (wellKnown) report("warning", key.at, "this key stands in many examples: good enough on this machine only")
    return true
  }
  if (key === null)
    report(
      "error",
      hostAt,
      `other machines could use ${host} freely: set general_settings.master_key or listen on 127.0.0.1`,
    )
  else if (wellKnown)
    report(
      "error",
      key.at,
      `this key stands in many examples: choose another one to listen on ${host}, or listen on 127.0.0.1`,
    )
  return key !== null && !wellKnown
}

const isSpoilt = (tree: Tree | undefined, value: unknown): boolean =>
  tree !== undefined && value === undefined && !(tree.kind === "scalar" && tree.value === null && !tree.broken)

/** Whether only this machine reaches the address. */
export const isLoopback = (host: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|(::ffff:127(\.\d{1,3}){3})|::1|\[::1\])$/i.test(host)
