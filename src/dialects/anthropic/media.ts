/** Anthropic's images and documents, both ways. https://docs.anthropic.com/en/api/messages */
import type { JsonObject } from "../../exchange.ts"
import { readCache, writeCache } from "../cache-mark.ts"
import { objectOf, objectsOf, textOf, wordOf } from "../fields.ts"
import type { MediaPart, Part, TextPart } from "../form.ts"

/** Null for a document that is text, which stays text: see `readDocument`. */
export function readMedia(block: JsonObject): MediaPart | TextPart | null {
  const source = objectOf(block["source"])
  const type = block["type"] === "image" ? "image" : "document"
  const name = wordOf(block["title"])
  const more = { ...(name && { name }), ...readCache(block["cache_control"]) }
  const mime = wordOf(source?.["media_type"])
  switch (source?.["type"]) {
    case "base64":
      return {
        kind: "media",
        type,
        source: {
          by: "data",
          mime: mime ?? (type === "image" ? "image/png" : "application/pdf"),
          data: textOf(source["data"]) ?? "",
        },
        ...more,
      }
    case "url":
      return { kind: "media", type, source: { by: "url", url: textOf(source["url"]) ?? "", mime }, ...more }
    case "file":
      return { kind: "media", type, source: { by: "id", id: textOf(source["file_id"]) ?? "", mime }, ...more }
    case "text":
      return { kind: "text", text: titled(name, textOf(source["data"]) ?? ""), ...readCache(block["cache_control"]) }
    case "content": {
      const content = source["content"]
      const text =
        typeof content === "string"
          ? content
          : objectsOf(content)
              .map((one) => textOf(one["text"]) ?? "")
              .join("\n")
      return { kind: "text", text: titled(name, text), ...readCache(block["cache_control"]) }
    }
    default:
      return null
  }
}

const titled = (title: string | null, text: string) => (title ? `# ${title}\n\n${text}` : text)

/** A search result that a client's tool found: its text, and where it is from. */
export function readSearchResult(block: JsonObject): Part {
  const text = objectsOf(block["content"])
    .map((one) => textOf(one["text"]) ?? "")
    .join("\n")
  const source = [wordOf(block["title"]), wordOf(block["source"])].filter(Boolean).join(", ")
  return { kind: "text", text: titled(source || null, text), ...readCache(block["cache_control"]) }
}

/** What Claude looks at: anything else is refused. */
const IMAGES = /^image\/(jpeg|png|gif|webp)$/

/** Null where Anthropic has no block for it. */
export function writeMedia(part: MediaPart): JsonObject | null {
  const { type, source, name } = part
  const marked: JsonObject = part.cache ? { cache_control: writeCache(part.cache) } : {}
  if (type === "image") {
    const written = writeSource(part)
    return source.by === "data" && !IMAGES.test(source.mime) ? null : { type: "image", source: written, ...marked }
  }
  if (type !== "document") return null
  const titled: JsonObject = name ? { title: name } : {}
  if (source.by === "data" && source.mime.startsWith("text/")) {
    const data = Buffer.from(source.data, "base64").toString()
    return { type: "document", source: { type: "text", media_type: "text/plain", data }, ...titled, ...marked }
  }
  if (source.by === "data" && source.mime !== "application/pdf") return null
  return { type: "document", source: writeSource(part), ...titled, ...marked }
}

function writeSource({ source }: MediaPart): JsonObject {
  if (source.by === "url") return { type: "url", url: source.url }
  if (source.by === "id") return { type: "file", file_id: source.id }
  return { type: "base64", media_type: source.mime, data: source.data }
}
