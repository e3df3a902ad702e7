/** Anthropic's bodies as the clouds want them: the model and the stream are said by the path, the version and the betas by the body. Pure. */
import { JsonText } from "../json/json-text.ts"
import type { Pieces } from "../json/pieces.ts"
import type { Cloud } from "../settings.ts"
import { emptyPlan, planEdits } from "./plan.ts"
import { scanDocument } from "../json/scan.ts"
import { splice } from "./splice.ts"

/** https://docs.anthropic.com/en/api/claude-on-vertex-ai, https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html */
const VERSIONS: Readonly<Record<Cloud["kind"], string>> = {
  vertex: "vertex-2023-10-16",
  bedrock: "bedrock-2023-05-31",
}

/** "invalid beta flag" is Bedrock's word for all others. */
const BEDROCK_BETAS =
  /^(computer-use-|token-efficient-tools-|interleaved-thinking-|output-128k-|dev-full-thinking-|context-1m-|context-management-|effort-|tool-search-tool-|tool-examples-|fine-grained-tool-streaming-)/

/** `isCount`: Vertex counts for all models at one address, so that the body must name it. */
export function cloudBody(body: Buffer, kind: Cloud["kind"], betas: string | null, isCount: boolean): Pieces {
  const text = JsonText.of(body)
  const members = scanDocument(text)
  const plan = emptyPlan()
  if (!isCount) plan.drop.add("model")
  if (kind === "bedrock") plan.drop.add("stream")
  if (!isCount) plan.put.set("anthropic_version", VERSIONS[kind])
  const known = (betas ?? "").split(",").flatMap((beta) => (BEDROCK_BETAS.test(beta.trim()) ? [beta.trim()] : []))
  if (kind === "bedrock" && known.length > 0) plan.add.set("anthropic_beta", known)
  return splice(text, planEdits(text, members, plan))
}
