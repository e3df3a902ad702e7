/** The words for every way an exchange with a provider can fail. Hosts are named; paths, queries and keys never. */
import { Refusal } from "../exchange.ts"
import { Malformed } from "../wire/message.ts"

export type Limit = "connect" | "first_byte" | "idle" | "total"

const LIMITS: Record<Limit, readonly [failed: string, advice: string]> = {
  connect: ["No connection to", "check that it is running and reachable from here"],
  first_byte: ["No answer from", "raise `timeout` (streams: `stream_timeout`) if the model needs longer"],
  idle: ["Nothing more came from", "the provider stalled; try again"],
  total: ["No complete answer from", "raise `timeout` (streams: `stream_timeout`) if answers take longer"],
}

export function timedOut(limit: Limit, host: string, limitMs: number): Refusal {
  const [failed, advice] = LIMITS[limit]
  const message = `${failed} ${host} within ${limitMs / 1000} s: ${advice}.`
  return new Refusal(504, "timeout", message, { code: `${limit}_timeout`, origin: "upstream" })
}

export function failedToConnect(host: string, cause: unknown): Refusal {
  const code = errorCode(cause)
  const unknown = code === "ENOTFOUND" || code === "EAI_AGAIN" || code.startsWith("DNS_")
  return upstream(
    "connect_failed",
    unknown
      ? `The name of ${host} cannot be resolved: check the deployment's api_base and this machine's network.`
      : `Cannot connect to ${host} (${code || "failed"}): is it running, and is the deployment's api_base right?`,
    cause,
  )
}

function failedTls(host: string, cause: unknown): Refusal {
  const code = errorCode(cause)
  return upstream(
    "tls_failed",
    `No secure connection to ${host} (${code}): check api_base; for a certificate authority of your own set NODE_EXTRA_CA_CERTS before the start.`,
    cause,
  )
}

export function lostConnection(host: string, begun: boolean, cause?: unknown): Refusal {
  const what = begun ? "before its answer was complete" : "without answering"
  return upstream("connection_lost", `${host} closed the connection ${what}: try again.`, cause)
}

export function badAnswer(host: string, cause: unknown): Refusal {
  const how = cause instanceof Malformed ? cause.message : "it cannot be decoded"
  return upstream(
    "bad_response",
    `The answer of ${host} cannot be read (${how}): check the deployment's api_base.`,
    cause,
  )
}

export function refusedRedirect(host: string, status: number): Refusal {
  return upstream(
    "redirect_refused",
    `${host} answered with a redirect (${status}), which is not followed because it could carry the key elsewhere: set api_base to the final address.`,
  )
}

export function tooLarge(host: string, limitBytes: number): Refusal {
  return upstream(
    "answer_too_large",
    `The answer of ${host} is larger than ${limitBytes} bytes: ask for less or stream it.`,
  )
}

/** A header that cannot be written: its name is told, its value may be a key. */
export function badHeader(name: string): Refusal {
  const shown = name.replace(/[^\w-]/g, "?")
  return new Refusal(
    500,
    "internal",
    `The header ${shown} for the provider holds a character HTTP does not allow: check extra_headers and api_key.`,
    { code: "bad_header" },
  )
}

const TLS_CODES = /CERT|TLS|SSL|EPROTO|UNABLE_TO|CRL|HOSTNAME_MISMATCH|SIGNATURE/
const CONNECT_CODES =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|DNS_|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ConnectionRefused|FailedToOpenSocket|EMFILE|ENFILE)/

/** What `fetch` threw, in our words. `begun`: the head had come. */
export function failedFetch(host: string, begun: boolean, cause: unknown): Refusal {
  const code = errorCode(cause)
  if (TLS_CODES.test(code)) return failedTls(host, cause)
  if (CONNECT_CODES.test(code)) return failedToConnect(host, cause)
  if (/^(Malformed|Invalid|Unsupported|HPE_|Header|Unrequested|TooMany)/i.test(code)) return badAnswer(host, cause)
  return lostConnection(host, begun, cause)
}

export function errorCode(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""
}

function upstream(code: string, message: string, cause?: unknown): Refusal {
  return new Refusal(502, "upstream", message, { code, origin: "upstream", cause })
}
