/** Which images and files have to be fetched before a provider can be asked, and what fetched bytes are. Pure: fetching is `upstream/media.ts`'s. */
import type { Dialect } from "../exchange.ts"
import type { FormRequest, MediaPart, Part } from "./form.ts"

/** Providers that take no addresses though their dialect has a place for them. */
const FETCHES_NOTHING: ReadonlySet<string> = new Set([
  "ollama", // https://docs.ollama.com/openai: base64 only
  "lm_studio",
  "bedrock", // https://docs.anthropic.com/en/docs/build-with-claude/vision: URLs on Anthropic's own API alone
  "vertex_ai",
])

/** The form's own parts, to be filled in where they are: http(s) addresses that the provider would not follow. */
export function mediaToFetch(form: FormRequest, to: { dialect: Dialect; provider: string }): MediaPart[] {
  const found: MediaPart[] = []
  const look = (part: Part) => {
    if (part.kind === "result") part.parts.forEach(look)
    else if (part.kind === "media" && part.source.by === "url" && mustFetch(part, part.source.url, to)) found.push(part)
  }
  for (const { parts } of form.turns) parts.forEach(look)
  return found
}

function mustFetch({ type }: MediaPart, url: string, { dialect, provider }: { dialect: Dialect; provider: string }) {
  if (!/^https?:/i.test(url)) return false
  // Google fetches YouTube itself: https://ai.google.dev/gemini-api/docs/video-understanding#youtube
  if (dialect === "gemini") return !/^https?:\/\/((www|m)\.)?(youtube\.com|youtu\.be)\//i.test(url)
  if (FETCHES_NOTHING.has(provider)) return true
  // Chat has a place for images' addresses, and for no other file's
  return dialect === "openai-chat" && type !== "image"
}

/** Servers name types wrongly, and extensions say nothing. Each: its first bytes, Latin-1, `.` for any; then its type. https://www.iana.org/assignments/media-types */
const MAGIC: readonly (readonly [first: RegExp, mime: string])[] = [
  [/^\x89PNG\r\n\x1a\n/, "image/png"],
  [/^\xff\xd8\xff/, "image/jpeg"],
  [/^GIF8[79]a/, "image/gif"],
  [/^RIFF[^]{4}WEBP/, "image/webp"],
  [/^[^]{4}ftypavi[fs]/, "image/avif"],
  [/^[^]{4}ftyp(hei[cx]|hev[cx]|mif1)/, "image/heic"],
  [/^BM[^]{12}/, "image/bmp"],
  [/^%PDF-/, "application/pdf"],
  [/^RIFF[^]{4}WAVE/, "audio/wav"],
  [/^(ID3|\xff[\xfb\xf3\xf2])/, "audio/mpeg"],
  [/^fLaC/, "audio/flac"],
  [/^OggS/, "audio/ogg"],
  [/^[^]{4}ftypM4A/, "audio/mp4"],
  [/^[^]{4}ftypqt/, "video/quicktime"],
  [/^[^]{4}ftyp/, "video/mp4"],
  [/^\x1aE\xdf\xa3/, "video/webm"],
]

/** What the bytes are; where they do not show it, a text is believed to be one (`declared`, a Content-Type). Null: unknown. */
export function mimeOf(bytes: Uint8Array, declared: string | null): string | null {
  const first = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(32, bytes.length)).toString("latin1")
  const known = MAGIC.find(([pattern]) => pattern.test(first))
  if (known) return known[1]
  const said = declared?.split(";", 1)[0]?.trim().toLowerCase() ?? ""
  if (bytes.includes(0)) return null
  return said.startsWith("text/") ? said : said === "application/json" ? "text/plain" : null
}

/** Whether bytes of this type are what the part says it holds: a login page is no image. */
export function isOfType({ type }: MediaPart, mime: string): boolean {
  if (type === "document") return mime === "application/pdf" || mime.startsWith("text/") || mime.startsWith("image/")
  return mime.startsWith(`${type}/`) || (type === "image" && mime === "application/pdf")
}
