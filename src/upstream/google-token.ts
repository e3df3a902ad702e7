/** Access tokens for Google's APIs, of service accounts and of signed-in users, kept until shortly before they end. https://developers.google.com/identity/protocols/oauth2/service-account */
import { createSign } from "node:crypto"
import { Refusal, type Secret } from "../exchange.ts"

/** Sends a form and gives the answer. */
export type PostForm = (url: string, form: string) => Promise<{ status: number; text: string }>

interface Token {
  text: string
  endsMs: number
}

const SCOPE = "https://www.googleapis.com/auth/cloud-platform"
const TOKEN_URI = "https://oauth2.googleapis.com/token"
/** an hour is the longest that Google allows */
const LIFE_S = 3600
const EARLY_MS = 300_000

/** by the credentials' text; two calls at once wait for one token */
const tokens = new Map<string, Promise<Token>>()

/** `nowMs`: since 1970. @throws Refusal (origin upstream) where Google gives no token */
export async function googleToken(credentials: Secret, post: PostForm, nowMs: number): Promise<string> {
  const text = credentials.reveal()
  const known = await tokens.get(text)?.catch(() => null)
  if (known && known.endsMs - EARLY_MS > nowMs) return known.text
  const asked = askToken(text, post, nowMs)
  tokens.set(text, asked)
  asked.catch(() => tokens.delete(text))
  return (await asked).text
}

async function askToken(text: string, post: PostForm, nowMs: number): Promise<Token> {
  const credentials = JSON.parse(text) as Record<string, string | undefined>
  const { status, text: answer } = await post(credentials["token_uri"] ?? TOKEN_URI, formOf(credentials, nowMs))
  const said = parse(answer)
  const token = said["access_token"]
  if (status >= 300 || typeof token !== "string")
    throw refused(`Google gave no access token (HTTP ${status}, ${String(said["error"] ?? "no reason")})`)
  return { text: token, endsMs: nowMs + Number(said["expires_in"] ?? LIFE_S) * 1000 }
}

function formOf(credentials: Record<string, string | undefined>, nowMs: number): string {
  if (credentials["type"] === "service_account")
    return new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: assertion(credentials, nowMs),
    }).toString()
  const { client_id, client_secret, refresh_token } = credentials
  if (credentials["type"] === "authorized_user" && client_id && client_secret && refresh_token)
    return new URLSearchParams({ grant_type: "refresh_token", client_id, client_secret, refresh_token }).toString()
  throw refused("These Google credentials are neither a service account's nor a signed-in user's")
}

/** RFC 7523, signed with RS256 (RFC 7518 §3.3) */
function assertion(credentials: Record<string, string | undefined>, nowMs: number): string {
  const iat = Math.floor(nowMs / 1000)
  const header = { alg: "RS256", typ: "JWT", kid: credentials["private_key_id"] }
  const aud = credentials["token_uri"] ?? TOKEN_URI
  const claims = { iss: credentials["client_email"], scope: SCOPE, aud, iat, exp: iat + LIFE_S }
  const signed = `${base64url(header)}.${base64url(claims)}`
  try {
    return `${signed}.${createSign("RSA-SHA256")
      .update(signed)
      .sign(credentials["private_key"] ?? "", "base64url")}`
  } catch (cause) {
    throw refused("The private key of the Google service account cannot be used", cause)
  }
}

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")

function parse(json: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(json)) as Record<string, unknown>
  } catch {
    return {} // a web page, say: its status tells enough
  }
}

const refused = (what: string, cause?: unknown) =>
  new Refusal(502, "upstream", `${what}: check vertex_credentials.`, {
    code: "cloud_credentials",
    origin: "upstream",
    cause,
  })
