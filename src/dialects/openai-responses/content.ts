/** The content lists of Responses items, both ways. https://platform.openai.com/docs/api-reference/responses/create */
import type { Json, JsonObject } from "../../exchange.ts"
import { dataUrl, objectsOf, textOf, wordOf } from "../fields.ts"
import type { MediaPart, Part } from "../form.ts"

export function readContent(content: Json | undefined): Part[] {
  if (typeof content === "string") return [{ kind: "text", text: content }]
  return objectsOf(content).map(readPart)
}

function readPart(part: JsonObject): Part {
  switch (part["type"]) {
    case "input_text":
    case "output_text":
    case "text":
      return { kind: "text", text: textOf(part["text"]) ?? "" }
    case "refusal":
      return { kind: "refusal", text: textOf(part["refusal"]) ?? "" }
    case "input_image":
      return readImage(part)
    case "input_file":
      return readFile(part)
    default:
      return { kind: "opaque", dialect: "openai-responses", what: textOf(part["type"]) ?? "part", raw: part }
  }
}

function readImage(part: JsonObject): MediaPart {
  const detail = wordOf(part["detail"])
  const url = wordOf(part["image_url"])
  const inline = url === null ? null : dataUrl(url)
  const source: MediaPart["source"] = inline
    ? { by: "data", ...inline }
    : url !== null
      ? { by: "url", url, mime: null }
      : { by: "id", id: textOf(part["file_id"]) ?? "", mime: null }
  return { kind: "media", type: "image", source, ...(detail && { detail }) }
}

function readFile(part: JsonObject): MediaPart {
  const name = wordOf(part["filename"])
  const data = wordOf(part["file_data"])
  const url = wordOf(part["file_url"])
  const inline = data === null ? null : (dataUrl(data) ?? { mime: "application/pdf", data })
  const source: MediaPart["source"] = inline
    ? { by: "data", ...inline }
    : url !== null
      ? { by: "url", url, mime: null }
      : { by: "id", id: textOf(part["file_id"]) ?? "", mime: null }
  const type = inline?.mime.startsWith("image/") ? "image" : "document"
  return { kind: "media", type, source, ...(name && { name }) }
}

/** Null where Responses has no part for it. */
export function writeMedia({ type, source, detail, name }: MediaPart): JsonObject | null {
  if (type === "image") {
    const sharpness = { detail: detail ?? "auto" }
    if (source.by === "id") return { type: "input_image", file_id: source.id, ...sharpness }
    const image_url = source.by === "url" ? source.url : `data:${source.mime};base64,${source.data}`
    return { type: "input_image", image_url, ...sharpness }
  }
  if (type !== "document") return null
  if (source.by === "id") return { type: "input_file", file_id: source.id }
  if (source.by === "url") return { type: "input_file", file_url: source.url }
  return {
    type: "input_file",
    filename: name ?? "document.pdf",
    file_data: `data:${source.mime};base64,${source.data}`,
  }
}
