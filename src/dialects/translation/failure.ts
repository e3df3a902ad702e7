/** What a provider's answer failed with, as a refusal. */
import { Refusal } from "../../exchange.ts"
import { isOverflow, OVERFLOW } from "../context-overflow.ts"
import type { ProviderError } from "../form.ts"

/** The error that a provider told of inside an answer whose HTTP status was good. */
export function refusalOf({ type, message, code }: ProviderError): Refusal {
  if (isOverflow(message, code))
    return new Refusal(400, "invalid_request", message, { code: OVERFLOW, origin: "upstream" })
  return new Refusal(502, type, message, { code: code ?? undefined, origin: "upstream" })
}

/** `what` completes "The provider's answer …". */
export function unusable(what: string): Refusal {
  return new Refusal(
    502,
    "upstream",
    `The provider's answer ${what}. Send the request again, or check api_base in the config.`,
    { code: "bad_response", origin: "upstream" },
  )
}
