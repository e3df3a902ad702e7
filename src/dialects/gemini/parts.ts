/** Gemini's parts, both ways; responses of functions are the request's business. https://ai.google.dev/api/caching#Part */
import type { JsonObject } from "../../exchange.ts"
import { argumentsObject, jsonText, textOf, wordOf } from "../fields.ts"
import type { CallPart, MediaPart, Part } from "../form.ts"
import { member, objectIn } from "./members.ts"

export function readPart(part: JsonObject): Part {
  const signature = wordOf(member(part, "thoughtSignature"))
  const text = part["text"]
  if (typeof text === "string") {
    if (part["thought"] === true) return { kind: "reasoning", text, signature, redacted: false }
    return signature ? { kind: "text", text, signature } : { kind: "text", text }
  }
  const call = objectIn(part, "functionCall")
  if (call) {
    const read: CallPart = {
      kind: "call",
      id: textOf(call["id"]) ?? "",
      name: textOf(call["name"]) ?? "",
      args: jsonText(call["args"] ?? undefined),
      form: "json",
    }
    return signature ? { ...read, signature } : read
  }
  return readMedia(part) ?? { kind: "opaque", dialect: "gemini", what: whatOf(part), raw: part }
}

/** The member that makes the part what it is. */
const whatOf = (part: JsonObject) => Object.keys(part).find((name) => !name.startsWith("thought")) ?? "part"

export function readMedia(part: JsonObject): MediaPart | null {
  const inline = objectIn(part, "inlineData")
  if (inline) {
    const mime = textOf(member(inline, "mimeType")) ?? "application/octet-stream"
    const name = wordOf(member(inline, "displayName"))
    return {
      kind: "media",
      type: typeOf(mime),
      source: { by: "data", mime, data: textOf(inline["data"]) ?? "" },
      ...(name && { name }),
    }
  }
  const file = objectIn(part, "fileData")
  if (!file) return null
  const mime = wordOf(member(file, "mimeType"))
  const uri = textOf(member(file, "fileUri")) ?? ""
  const isOwn = uri.startsWith("gs://") || uri.startsWith("https://generativelanguage.googleapis.com/")
  const source: MediaPart["source"] = isOwn ? { by: "id", id: uri, mime } : { by: "url", url: uri, mime }
  return { kind: "media", type: typeOf(mime ?? (/youtu\.?be/.test(uri) ? "video/*" : "application/pdf")), source }
}

function typeOf(mime: string): MediaPart["type"] {
  const [kind] = mime.split("/", 1)
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "document"
}

/** Gemini fetches nothing but YouTube and its own files; what can be fetched was, before this. */
export function writeMedia({ source, type }: MediaPart): JsonObject {
  if (source.by === "data") return { inlineData: { mimeType: source.mime, data: source.data } }
  const fileUri = source.by === "url" ? source.url : source.id
  return { fileData: { fileUri, mimeType: source.mime ?? guessMime(fileUri, type) } }
}

const MIMES: Readonly<Record<string, string>> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  gif: "image/gif",
  webp: "image/webp",
  pdf: "application/pdf",
  mp4: "video/mp4",
  mp3: "audio/mpeg",
  wav: "audio/wav",
  txt: "text/plain",
}
const FALLBACK: Readonly<Record<MediaPart["type"], string>> = {
  image: "image/png",
  document: "application/pdf",
  audio: "audio/mpeg",
  video: "video/mp4",
}

function guessMime(uri: string, type: MediaPart["type"]): string {
  const end = /\.(\w+)(?:[?#].*)?$/.exec(uri)?.[1]?.toLowerCase()
  return (end && MIMES[end]) ?? FALLBACK[type]
}

/** Gemini's own field for ids is optional, and refused by nobody. */
export function writeCall({ id, name, args, signature }: CallPart): JsonObject {
  const call: JsonObject = { functionCall: { ...(id !== "" && { id }), name, args: argumentsObject(args) } }
  return signature ? { ...call, thoughtSignature: signature } : call
}

/** Neighbours of one kind are one part: streams cut them anywhere, and clients send the pieces back. A signature ends its part. */
export function joined(parts: readonly Part[]): Part[] {
  const out: Part[] = []
  for (const part of parts) {
    const last = out.at(-1)
    if (part.kind === "reasoning" && last?.kind === "reasoning" && last.signature === null) {
      last.text += part.text
      last.signature = part.signature
    } else if (part.kind === "text" && last?.kind === "text" && last.signature === undefined) {
      last.text += part.text
      if (part.signature !== undefined) last.signature = part.signature
    } else out.push(part.kind === "reasoning" || part.kind === "text" ? { ...part } : part)
  }
  return out.filter((part) => part.kind !== "text" || part.text !== "" || part.signature !== undefined)
}

/** What a model made; of anything else nothing. */
export function writePart(part: Part): JsonObject[] {
  switch (part.kind) {
    case "text":
      return [part.signature ? { text: part.text, thoughtSignature: part.signature } : { text: part.text }]
    case "refusal":
      return [{ text: part.text }]
    case "reasoning":
      return [{ text: part.text, thought: true, ...(part.signature !== null && { thoughtSignature: part.signature }) }]
    case "call":
      return [writeCall(part)]
    case "media":
      return [writeMedia(part)]
    default:
      return []
  }
}
