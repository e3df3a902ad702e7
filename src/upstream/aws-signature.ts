/** AWS Signature Version 4 for Bedrock, by aws4fetch. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
import { AwsV4Signer } from "aws4fetch"
import type { Cloud } from "../settings.ts"

/** derived keys, which hold for a day */
const cache = new Map<string, ArrayBuffer>()

/** The headers that sign host, path and body; `nowMs` since 1970. */
export async function signAws(
  { region, sign }: Extract<Cloud, { kind: "bedrock" }>,
  url: string,
  body: Uint8Array | null,
  nowMs: number,
): Promise<[name: string, value: string][]> {
  if (sign === null) return []
  if (cache.size > 100) cache.clear()
  const signer = new AwsV4Signer({
    method: "POST",
    url,
    body: body as BodyInit,
    accessKeyId: sign.accessKeyId,
    secretAccessKey: sign.secretAccessKey.reveal(),
    ...(sign.sessionToken && { sessionToken: sign.sessionToken.reveal() }),
    service: "bedrock",
    region,
    cache,
    datetime: new Date(nowMs).toISOString().replace(/[:-]|\.\d{3}/g, ""),
  })
  const { headers } = await signer.sign()
  return [...headers]
}
