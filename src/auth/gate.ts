/** Decides which caller a set of presented credentials belongs to. Keys are compared by hash, in constant time. */
import { type HeaderFields, type Caller, readOnce, Refusal, Secret } from "../exchange.ts"
import type { Config } from "../settings.ts"
import { presentedCredentials } from "./credentials.ts"

export interface Gate {
  /** @throws Refusal 401 when nothing opens */
  open(headers: HeaderFields, keysFromUrl: readonly Secret[]): Caller
  /** Is this one of ours? Such a one goes to no provider. */
  isOwnKey(text: string): boolean
}

const sha256 = (text: string) => Bun.SHA256.hash(text)

export function createGate(config: Pick<Config, "masterKey" | "keyHeader">): Gate {
  const master = config.masterKey && sha256(config.masterKey.reveal())
  const isOwnKey = (text: string) => master !== null && crypto.timingSafeEqual(sha256(text), master)
  const admit = (headers: HeaderFields, keysFromUrl: readonly Secret[]): Caller => {
    const { keys, subscription } = presentedCredentials(headers, keysFromUrl, config.keyHeader)
    const carried = subscription === null ? null : new Secret(subscription)
    // Without a master key memproxy listens on the loopback address only, and any credential is ignored.
    if (!master) return { kind: "open", alias: null, userId: null, subscription: carried }
    if (keys.some(isOwnKey)) return { kind: "master", alias: "master", userId: null, subscription: carried }
    throw new Refusal(401, "authentication", keys.length > 0 ? WRONG_KEY : subscription ? ONLY_SUBSCRIPTION : NO_KEY, {
      code: "invalid_api_key",
      headers: { "www-authenticate": "Bearer" },
    })
  }
  const admitHead = readOnce((headers: HeaderFields) => admit(headers, []))
  const open: Gate["open"] = (headers, keysFromUrl) =>
    keysFromUrl.length === 0 ? admitHead(headers) : admit(headers, keysFromUrl)
  return { open, isOwnKey }
}

const CARRY = "as 'Authorization: Bearer KEY', 'x-api-key', 'x-goog-api-key', or in the URL as /k/KEY before /v1"
const NO_KEY = `No API key was sent. Send memproxy's key ${CARRY}.`
const WRONG_KEY = "This API key is not one of memproxy's. Use general_settings.master_key of its config file."
const ONLY_SUBSCRIPTION = `A Claude subscription token goes to Anthropic, but does not open memproxy. Send memproxy's key too, ${CARRY}.`
