/** Vertex AI and Bedrock in `litellm_params`: LiteLLM's keys, the clouds' usual variables and files. Nothing is signed here. https://docs.litellm.ai/docs/providers/vertex, …/bedrock */
import { join } from "node:path"
import { type Dialect, Secret } from "../exchange.ts"
import type { Cloud } from "../settings.ts"
import type { ModelEntry } from "./schema.ts"
import { find, type Report, type Tree } from "./tree.ts"

type Params = ModelEntry["litellm_params"]

interface Around {
  env: Readonly<Record<string, string | undefined>>
  readFile: (path: string) => string
  home: string
  report: Report
}

interface Placed {
  base: string
  foreign: boolean
  apiVersion?: string
  speaks: readonly Dialect[]
  cloud: Cloud
  /** the variable that would give the credentials that lack */
  missing: string | null
}

export function findCloud(kind: Cloud["kind"], model: string, params: Params, around: Around, tree: Tree): Placed {
  return kind === "vertex" ? findVertex(model, params, around, tree) : findBedrock(model, params, around, tree)
}

/** Claude speaks Anthropic's dialect in both clouds, Gemini its own; the others OpenAI's. */
function speaks(model: string): readonly Dialect[] {
  if (/claude|anthropic/.test(model)) return ["anthropic"]
  return /^(gemini|gemma|learnlm)/.test(model) ? ["gemini"] : ["openai-chat"]
}

function findVertex(model: string, params: Params, around: Around, tree: Tree): Placed {
  const { env, report } = around
  const location =
    params.vertex_location ??
    params.vertex_ai_location ??
    env["VERTEXAI_LOCATION"] ??
    env["VERTEX_LOCATION"] ??
    "us-central1"
  const written = googleCredentials(params.vertex_credentials ?? params.vertex_ai_credentials, around, tree)
  const known = written === null ? null : parse(written)
  if (written !== null && known === null) report("error", credentialsIn(tree), "holds no JSON of Google credentials")
  const project =
    params.vertex_project ??
    params.vertex_ai_project ??
    env["VERTEXAI_PROJECT"] ??
    env["GOOGLE_CLOUD_PROJECT"] ??
    text(known?.["project_id"]) ??
    text(known?.["quota_project_id"])
  const missing = known === null ? "GOOGLE_APPLICATION_CREDENTIALS" : project === undefined ? "VERTEXAI_PROJECT" : null
  if (missing !== null) say(report, tree, missing)
  const host = location === "global" ? "aiplatform.googleapis.com" : `${location}-aiplatform.googleapis.com`
  return {
    base: (params.api_base ?? params.base_url ?? `https://${host}`).replace(/\/+$/, ""),
    foreign: false,
    speaks: speaks(model),
    cloud: { kind: "vertex", project: project ?? "", location, credentials: new Secret(written ?? "{}") },
    missing,
  }
}

const credentialsIn = (tree: Tree) => find(tree, "vertex_credentials") ?? find(tree, "vertex_ai_credentials") ?? tree

/** A path, JSON text, or JSON as YAML; else where Google's own libraries look: https://cloud.google.com/docs/authentication/application-default-credentials */
function googleCredentials(written: unknown, { env, home, readFile, report }: Around, tree: Tree): string | null {
  if (typeof written === "object" && written !== null) return JSON.stringify(written)
  if (typeof written === "string" && written.trim().startsWith("{")) return written
  const named = typeof written === "string" ? written : env["GOOGLE_APPLICATION_CREDENTIALS"]
  const usual = join(home, ".config", "gcloud", "application_default_credentials.json")
  try {
    return readFile(named || usual)
  } catch {
    if (named) report("warning", credentialsIn(tree), "the file of Google credentials cannot be read")
    return null
  }
}

function findBedrock(model: string, params: Params, around: Around, tree: Tree): Placed {
  const { env, report } = around
  const profile = params.aws_profile_name ?? env["AWS_PROFILE"]
  const own = params.aws_access_key_id !== undefined
  const file =
    own || (env["AWS_ACCESS_KEY_ID"] && !params.aws_profile_name) ? {} : awsProfile(profile ?? "default", around)
  const region =
    params.aws_region_name ??
    env["AWS_REGION_NAME"] ??
    env["AWS_REGION"] ??
    env["AWS_DEFAULT_REGION"] ??
    file["region"] ??
    "us-west-2"
  const accessKeyId = params.aws_access_key_id ?? file["aws_access_key_id"] ?? env["AWS_ACCESS_KEY_ID"]
  const secret = params.aws_secret_access_key ?? file["aws_secret_access_key"] ?? env["AWS_SECRET_ACCESS_KEY"]
  const token = own ? params.aws_session_token : (file["aws_session_token"] ?? env["AWS_SESSION_TOKEN"])
  const sign =
    accessKeyId && secret
      ? { accessKeyId, secretAccessKey: new Secret(secret), sessionToken: token ? new Secret(token) : null }
      : null
  const hasKey = params.api_key || env["AWS_BEARER_TOKEN_BEDROCK"]?.trim()
  const missing = sign || hasKey ? null : "AWS_ACCESS_KEY_ID"
  if (missing !== null) say(report, tree, missing)
  const endpoint = params.aws_bedrock_runtime_endpoint ?? params.api_base ?? params.base_url
  return {
    base: (endpoint ?? `https://bedrock-runtime.${region}.amazonaws.com`).replace(/\/+$/, ""),
    foreign: false,
    speaks: speaks(model),
    cloud: { kind: "bedrock", region, sign },
    missing,
  }
}

/** https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html */
function awsProfile(name: string, { env, home, readFile }: Around): Record<string, string> {
  const files = [
    env["AWS_CONFIG_FILE"] ?? join(home, ".aws", "config"),
    env["AWS_SHARED_CREDENTIALS_FILE"] ?? join(home, ".aws", "credentials"),
  ]
  const found: Record<string, string> = {}
  for (const path of files) {
    let isOurs = false
    for (const line of linesOf(path, readFile)) {
      const section = /^\s*\[\s*(?:profile\s+)?(.+?)\s*\]/.exec(line)
      if (section) isOurs = section[1] === name
      const [, key, value] = /^\s*([a-z_]+)\s*=\s*(\S+)/.exec(line) ?? []
      if (isOurs && key && value) found[key] = value
    }
  }
  return found
}

function linesOf(path: string, readFile: Around["readFile"]): string[] {
  try {
    return readFile(path).split("\n")
  } catch {
    return [] // these files may be absent
  }
}

function parse(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)

const say = (report: Report, tree: Tree, variable: string) =>
  report(
    "warning",
    find(tree, "model") ?? tree,
    `no credentials, and ${variable} not set: this model answers 503 until it is`,
  )
