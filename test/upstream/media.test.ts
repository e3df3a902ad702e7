/** Images and files that clients name by address: fetched for providers that do not, and never from where a stranger should not reach. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { isOfType, mediaToFetch, mimeOf } from "../../src/dialects/media-needs.ts"
import type { MediaPart } from "../../src/dialects/form.ts"
import { Refusal } from "../../src/exchange.ts"
import { fetchMedia } from "../../src/upstream/media.ts"
import { isPublic } from "../../src/upstream/public-address.ts"
import { emptyForm } from "../support/form.ts"

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
)

let server: ReturnType<typeof Bun.serve>
const asked: string[] = []
let open = 0
let mostOpen = 0
beforeAll(() => {
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url)
      asked.push(pathname)
      mostOpen = Math.max(mostOpen, ++open)
      await Bun.sleep(5)
      open--
      if (pathname === "/to")
        return new Response(null, { status: 302, headers: { location: searchParams.get("url")! } })
      if (pathname === "/loop") return new Response(null, { status: 301, headers: { location: "/loop" } })
      if (pathname === "/large") return new Response(new Uint8Array(5000))
      if (pathname === "/endless")
        return new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(1000)) }))
      if (pathname === "/slow") return new Response(new ReadableStream({ pull: () => Bun.sleep(60_000) }))
      if (pathname === "/none") return new Response("no", { status: 404 })
      return new Response(PNG, { headers: { "content-type": "image/jpeg" } })
    },
  })
})
afterAll(() => server.stop(true))

const at = (path: string) => `http://127.0.0.1:${server.port}${path}`
const signal = new AbortController().signal
const allowed = { allowedHosts: ["127.0.0.1"], signal }
const refusal = async (url: string, limits: Parameters<typeof fetchMedia>[1] = allowed) => {
  const error = await fetchMedia([url], limits).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(Refusal)
  expect(error).toMatchObject({ status: 400, code: "media_not_fetched" })
  return (error as Refusal).message
}

describe("addresses", () => {
  test.each([
    "127.0.0.1 127.9.9.9 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.100.100.200 0.0.0.0 224.0.0.1 255.255.255.255",
    "::1 :: fe80::1 fd00:ec2::254 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: 2001:db8::1 nonsense",
  ])("%s are not public", (list) => {
    for (const address of list.split(" ")) expect([address, isPublic(address)]).toEqual([address, false])
  })

  test("others are", () => {
    for (const address of "8.8.8.8 172.32.0.1 93.184.216.34 2606:4700::1111 2a00:1450:4001::1".split(" "))
      expect([address, isPublic(address)]).toEqual([address, true])
  })

  test("loopback is not fetched however it is written, and no connection is made", async () => {
    asked.length = 0
    const port = server.port
    for (const host of ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0"])
      expect(await refusal(`http://${host}:${port}/x`, { allowedHosts: [], signal })).toContain("memproxy.media_hosts")
    expect(asked).toEqual([])
  })

  test("a redirect is judged as the first address is", async () => {
    const inside = encodeURIComponent("http://169.254.169.254/latest/meta-data/")
    expect(await refusal(at(`/to?url=${inside}`))).toContain("169.254.169.254")
    expect(await refusal(at(`/to?url=${encodeURIComponent("file:///etc/passwd")}`))).toContain("http")
    expect(await refusal(at("/loop"))).toContain("redirects too often")
    const [found] = await fetchMedia([at(`/to?url=${encodeURIComponent("/a.png")}`)], allowed)
    expect(found!.bytes).toEqual(PNG)
  })
})

describe("limits", () => {
  test("too large, announced or not", async () => {
    const small = { ...allowed, maxBytes: 2 ** 12 }
    expect(await refusal(at("/large"), small)).toContain("larger")
    expect(await refusal(at("/endless"), small)).toContain("larger")
  })

  test("too slow, missing, or nobody there", async () => {
    expect(await refusal(at("/slow"), { ...allowed, timeoutMs: 100 })).toContain("took too long")
    expect(await refusal(at("/none"))).toContain("HTTP 404")
    expect(await refusal("http://127.0.0.1:9/x")).toContain("cannot be reached")
  })

  test("one address is fetched once, and four at most at once", async () => {
    asked.length = mostOpen = 0
    const urls = Array.from({ length: 24 }, (_, index) => at(`/${index % 12}.png`))
    const found = await fetchMedia(urls, allowed)
    expect([found.length, asked.length]).toEqual([24, 12])
    expect(mostOpen).toBeLessThanOrEqual(4)
  })
})

describe("who needs what fetched, and what it is", () => {
  const image = (url: string, type: MediaPart["type"] = "image"): MediaPart => ({
    kind: "media",
    type,
    source: { by: "url", url, mime: null },
  })
  const needed = (part: MediaPart, dialect: "openai-chat" | "anthropic" | "gemini", provider: string) => {
    const result = { kind: "result" as const, callId: "c", parts: [part], isError: false, form: "json" as const }
    const form = { ...emptyForm(), turns: [{ role: "user" as const, parts: [part, result] }] }
    return mediaToFetch(form, { dialect, provider }).length
  }

  test("Gemini, Ollama and the clouds fetch nothing; OpenAI and Anthropic fetch images themselves", () => {
    const url = "https://example.com/a.png"
    expect(needed(image(url), "gemini", "gemini")).toBe(2)
    expect(needed(image(url), "openai-chat", "ollama")).toBe(2)
    expect(needed(image(url), "anthropic", "bedrock")).toBe(2)
    expect(needed(image(url), "openai-chat", "openai")).toBe(0)
    expect(needed(image(url), "anthropic", "anthropic")).toBe(0)
    expect(needed(image(url, "document"), "openai-chat", "openai")).toBe(2)
    expect(needed(image("https://www.youtube.com/watch?v=x", "video"), "gemini", "gemini")).toBe(0)
    expect(needed(image("gs://bucket/x"), "gemini", "gemini")).toBe(0)
  })

  test("the bytes say the type, not the server", () => {
    expect(mimeOf(PNG, "image/jpeg")).toBe("image/png")
    expect(mimeOf(Buffer.from("%PDF-1.7\n"), "text/html")).toBe("application/pdf")
    expect(mimeOf(Buffer.from("\xff\xd8\xff\xe0", "latin1"), null)).toBe("image/jpeg")
    expect(mimeOf(Buffer.from("RIFF\0\0\0\0WEBPVP8 ", "latin1"), null)).toBe("image/webp")
    expect(mimeOf(Buffer.from("a,b\n"), "text/csv; charset=utf-8")).toBe("text/csv")
    expect(mimeOf(Buffer.from("a\0b"), "text/plain")).toBeNull()
    expect(mimeOf(Buffer.from("<html>"), "image/png")).toBeNull()
  })

  test("a page is no image", () => {
    expect(isOfType(image(""), "text/html")).toBe(false)
    expect(isOfType(image(""), "image/png")).toBe(true)
    expect(isOfType(image("", "document"), "text/csv")).toBe(true)
    expect(isOfType(image("", "document"), "video/mp4")).toBe(false)
  })
})
