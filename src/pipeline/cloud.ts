/** A call to Vertex AI or Bedrock: the body and the sign-in their way, and Bedrock's answers as the dialect's own. Loaded by the first such call. */
import type { App } from "../app.ts"
import { cloudBody } from "../dialects/cloud-body.ts"
import { providerRefusal } from "../dialects/provider-error.ts"
import { Refusal } from "../exchange.ts"
import { joinPieces } from "../json/pieces.ts"
import type { Cloud, Deployment } from "../settings.ts"
import { HeaderList } from "../upstream/answer.ts"
import { signAws } from "../upstream/aws-signature.ts"
import { EventStreamBody } from "../upstream/event-stream.ts"
import { googleToken } from "../upstream/google-token.ts"
import type { UpstreamAnswer, UpstreamRequest } from "../upstream/answer.ts"
import type { Call } from "../upstream/target.ts"

const MOST_ERROR_BYTES = 2 ** 20

/** `startedAt`: since 1970, ms. @throws Refusal (origin upstream) for whatever is no good answer: no cloud's errors are the dialect's */
export async function sendToCloud(
  { upstream }: App,
  { cloud, key }: Deployment & { cloud: Cloud },
  { dialect, operation }: Call,
  request: UpstreamRequest,
  startedAt: number,
): Promise<UpstreamAnswer> {
  const { kind } = cloud
  if (operation === "embeddings" || operation === "completions") throw generatesOnly()
  const isCount = operation === "count_tokens"
  if (isCount && (kind === "bedrock" || dialect !== "anthropic")) return COUNTS_NOTHING
  const isClaude = dialect === "anthropic"
  const betas = request.headers.find(([name]) => name === "anthropic-beta")?.[1] ?? null
  const body = isClaude ? cloudBody(joinPieces(request.body ?? []), kind, betas, isCount) : request.body
  const headers = request.headers.filter(([name]) => kind === "vertex" || !name.startsWith("anthropic-"))
  if (cloud.kind === "bedrock" && key === null)
    headers.push(...(await signAws(cloud, request.url, body && joinPieces(body), startedAt)))
  if (cloud.kind === "vertex" && key === null) {
    const post = (url: string, form: string) => postForm(upstream, request, url, form)
    headers.push(["authorization", `Bearer ${await googleToken(cloud.credentials, post, startedAt)}`])
  }
  const answer = await upstream.send({ ...request, headers, body })
  const { host } = new URL(request.url)
  if (answer.status >= 300 && !isCount)
    throw providerRefusal(dialect, answer.status, await answer.body.whole(MOST_ERROR_BYTES), answer.headers)
  if (!answer.headers.get("content-type")?.startsWith("application/vnd.amazon.eventstream")) return answer
  const others = answer.headers.without("content-type")
  return {
    ...answer,
    headers: new HeaderList([...others.flat, "content-type", "text/event-stream"]),
    body: new EventStreamBody(answer.body, host),
  }
}

async function postForm(upstream: App["upstream"], request: UpstreamRequest, url: string, form: string) {
  const headers = [["content-type", "application/x-www-form-urlencoded"]] as const
  const answer = await upstream.send({ ...request, url, headers, body: [form], firstByteTimeoutMs: 30_000 })
  return { status: answer.status, text: Buffer.from(await answer.body.whole(MOST_ERROR_BYTES)).toString() }
}

/** As a provider without such a route answers: whoever asks estimates. */
const COUNTS_NOTHING: UpstreamAnswer = {
  status: 404,
  headers: new HeaderList([]),
  body: { read: async () => null, next: (take) => take(null), whole: async () => new Uint8Array(), cancel() {} },
  reused: false,
}

const generatesOnly = () =>
  new Refusal(
    404,
    "not_found",
    "Models of Vertex AI and Bedrock are asked for answers only, not for embeddings or completions.",
    { code: "operation_not_supported" },
  )
