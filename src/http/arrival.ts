/** Turns a request into an `Arrival`: path, query and keys taken from the URL, the rest as it came. */
import { type Arrival, Refusal, Secret } from "../exchange.ts"
import type { Inbound } from "./inbound.ts"
import { cutPrefixes, hasPrefix } from "./prefix.ts"

export interface Door {
  isLocal(inbound: Inbound): boolean
  /** epoch milliseconds */
  clock(): number
  /** monotonic milliseconds */
  now(): number
}

/** Path prefixes work on these routes and nowhere else. */
const PREFIXABLE =
  /^\/(v1|v1beta|models|chat|completions|embeddings|responses|messages|engines|openai|anthropic|gemini|mcp|memory-routing\/info|api\/hello)(\/|$)|^\/$/

/** @throws Refusal 400 for unusable prefixes, 404 for prefixes on other routes */
export function arrive(inbound: Inbound, door: Door): Arrival {
  const { method, target, headers } = inbound.head
  const queryAt = target.indexOf("?")
  const path = queryAt < 0 ? target : target.slice(0, queryAt)
  const arrival: Arrival = {
    body: inbound,
    method,
    headers,
    path: path.includes("//") ? mergeSlashes(path) : path,
    query: queryAt < 0 ? "" : target.slice(queryAt),
    keysFromUrl: NO_KEYS,
    prefixUser: null,
    prefixProject: null,
    isLocal: door.isLocal(inbound),
    startedAt: door.clock(),
    started: door.now(),
  }
  if (hasPrefix(arrival.path)) takePrefixes(arrival)
  if (arrival.query !== "" && isGeminiPath(arrival.path)) takeQueryKey(arrival)
  return arrival
}

/** A base URL that ends in a slash doubles the one behind it. Those behind `/k`, `/u` or `/p` stay: a value is missing there. */
const mergeSlashes = (path: string) =>
  path.replace(/(\/[kup])?\/{2,}/g, (slashes, prefix?: string) => (prefix === undefined ? "/" : slashes))

const NO_KEYS: readonly Secret[] = []

function takePrefixes(arrival: Arrival): void {
  const cut = cutPrefixes(arrival.path)
  if (!PREFIXABLE.test(cut.path)) {
    throw new Refusal(
      404,
      "not_found",
      "The path prefixes /k/, /u/ and /p/ work on the model routes, /memory-routing/info and /mcp only.",
      { code: "prefix_not_supported" },
    )
  }
  arrival.path = cut.path
  arrival.prefixUser = cut.user
  arrival.prefixProject = cut.project
  if (cut.key) arrival.keysFromUrl = [cut.key]
}

const isGeminiPath = (path: string) =>
  path.startsWith("/v1beta/") || path.startsWith("/gemini/") || /^\/(v1\/)?models\/.+:/.test(path)

/** Google's clients may send the key as `?key=`: it goes to the gate and no further. */
function takeQueryKey(arrival: Arrival): void {
  const rest: string[] = []
  for (const part of arrival.query.slice(1).split("&")) {
    if (part.startsWith("key="))
      arrival.keysFromUrl = [...arrival.keysFromUrl, new Secret(decodeLoosely(part.slice(4)))]
    else if (part !== "") rest.push(part)
  }
  arrival.query = rest.length > 0 ? `?${rest.join("&")}` : ""
}

function decodeLoosely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // then it is no key of ours, and the gate says so
  }
}
