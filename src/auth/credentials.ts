/** Every way a key can arrive, in one extractor. It finds credentials; whether one opens the door is `gate.ts`'s question. */
import type { HeaderFields, Secret } from "../exchange.ts"

const CARRIERS = ["x-litellm-api-key", "api-key", "x-api-key", "x-goog-api-key", "ocp-apim-subscription-key"] as const

/** A Claude subscription token: never a key of ours, goes upstream when the chosen deployment has no key of its own. */
const SUBSCRIPTION = "sk-ant-oat"

/** `Bearer X`, `bearer X`, `Basic base64(user:X)` and the bare key are all seen in the wild. */
function unwrap(value: string): string {
  const space = value.indexOf(" ")
  if (space < 0) return value
  const scheme = value.slice(0, space).toLowerCase()
  const rest = value.slice(space + 1).trim()
  if (scheme === "bearer") return rest
  if (scheme !== "basic") return value
  const decoded = Buffer.from(rest, "base64").toString()
  return decoded.slice(decoded.indexOf(":") + 1)
}

/** What was presented: possible keys of ours, and a subscription token if there is one. `keyHeader` is LiteLLM's `litellm_key_header_name`. */
export function presentedCredentials(
  headers: HeaderFields,
  fromUrl: readonly Secret[],
  keyHeader: string | null,
): { keys: string[]; subscription: string | null } {
  const keys: string[] = []
  let subscription: string | null = null
  const take = (value: string | null) => {
    if (!value) return
    const key = unwrap(value)
    if (key.startsWith(SUBSCRIPTION)) subscription = key
    else if (key && !keys.includes(key)) keys.push(key)
  }
  take(headers.get("authorization"))
  for (const carrier of CARRIERS) take(headers.get(carrier))
  if (keyHeader) take(headers.get(keyHeader))
  for (const key of fromUrl) take(key.reveal())
  return { keys, subscription }
}
