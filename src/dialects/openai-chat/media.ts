/** The parts of a Chat message's content, both ways. */
import type { JsonObject } from "../../exchange.ts"
import { readCache } from "../cache-mark.ts"
import { dataUrl, objectOf, textOf, wordOf } from "../fields.ts"
import type { MediaPart, Part } from "../form.ts"

export function readContentPart(part: JsonObject): Part {
  const marked = readCache(part["cache_control"])
  switch (part["type"]) {
    case "text":
    case "input_text":
    case "output_text":
      return { kind: "text", text: textOf(part["text"]) ?? "", ...marked }
    case "refusal":
      return { kind: "refusal", text: textOf(part["refusal"]) ?? "" }
    case "image_url":
      return { ...readImage(part), ...marked }
    case "input_audio": {
      const audio = objectOf(part["input_audio"])
      const mime = `audio/${wordOf(audio?.["format"]) ?? "wav"}`
      return { kind: "media", type: "audio", source: { by: "data", mime, data: textOf(audio?.["data"]) ?? "" } }
    }
    case "file":
      return { ...readFile(objectOf(part["file"]) ?? {}), ...marked }
    default:
      return { kind: "opaque", dialect: "openai-chat", what: textOf(part["type"]) ?? "part", raw: part }
  }
}

export function readImage(part: JsonObject): MediaPart {
  const image = objectOf(part["image_url"])
  const url = textOf(image?.["url"]) ?? textOf(part["image_url"]) ?? ""
  const detail = wordOf(image?.["detail"])
  const inline = dataUrl(url)
  return {
    kind: "media",
    type: "image",
    source: inline ? { by: "data", ...inline } : { by: "url", url, mime: null },
    ...(detail && { detail }),
  }
}

function readFile(file: JsonObject): MediaPart {
  const name = wordOf(file["filename"])
  const data = textOf(file["file_data"])
  const inline = data === null ? null : (dataUrl(data) ?? { mime: "application/pdf", data })
  const mime = wordOf(file["format"]) ?? inline?.mime ?? null
  const id = textOf(file["file_id"]) ?? ""
  const source: MediaPart["source"] = inline
    ? { by: "data", mime: mime ?? inline.mime, data: inline.data }
    : /^https?:/.test(id)
      ? { by: "url", url: id, mime } // LiteLLM's way
      : { by: "id", id, mime }
  return { kind: "media", type: mime?.startsWith("image/") ? "image" : "document", source, ...(name && { name }) }
}

/** Null where Chat has no part for it. */
export function writeMedia(part: MediaPart): JsonObject | null {
  const { source, type, detail, name } = part
  if (type === "image" && source.by !== "id") {
    const url = source.by === "url" ? source.url : `data:${source.mime};base64,${source.data}`
    return { type: "image_url", image_url: detail ? { url, detail } : { url } }
  }
  if (type === "audio" && source.by === "data")
    return { type: "input_audio", input_audio: { data: source.data, format: audioFormat(source.mime) } }
  if (type !== "document") return null
  if (source.by === "id") return { type: "file", file: { file_id: source.id } }
  if (source.by === "url") return null
  const file_data = `data:${source.mime};base64,${source.data}`
  return { type: "file", file: { filename: name ?? "document.pdf", file_data } }
}

const audioFormat = (mime: string) => (/mpeg|mp3/.test(mime) ? "mp3" : mime.replace(/^audio\/(x-)?/, ""))
