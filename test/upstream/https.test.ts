import { afterAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import http2 from "node:http2"
import https from "node:https"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import tls from "node:tls"
import { deafPort } from "./deaf-port.ts"
import { until } from "./raw-server.ts"
import { cert, key } from "./localhost-certificate.ts"

const folder = mkdtempSync(join(tmpdir(), "memproxy-https-"))
const authority = join(folder, "ca.pem")
writeFileSync(authority, cert)
const seen = { requests: 0, aborted: 0 }

function answer(request: any, response: any): void {
  seen.requests++
  const { url, httpVersion } = request
  const headers = { "x-protocol": httpVersion, "content-type": "text/plain" }
  request.on("data", () => {})
  response.on("close", () => {
    if (!response.writableEnded) seen.aborted++
  })
  request.on("end", () => {
    if (url.endsWith("/silent")) return
    if (url.endsWith("/redirect")) return void response.writeHead(302, { location: "https://localhost:1/" }).end()
    if (url.endsWith("/cookies")) return void response.writeHead(200, { "set-cookie": ["a=1; Path=/", "b=2, 3"] }).end()
    if (url.endsWith("/gzip"))
      return void response.writeHead(200, { ...headers, "content-encoding": "gzip" }).end(Bun.gzipSync("unpacked"))
    response.writeHead(200, headers)
    if (url.endsWith("/stall")) return void response.write("some")
    if (url.endsWith("/cut")) {
      response.write("some")
      return void setTimeout(
        () => (httpVersion === "2.0" ? response.stream.destroy(new Error("cut")) : response.socket.destroy()),
        50,
      )
    }
    if (!url.endsWith("/stream")) return void response.end("hello")
    let n = 0
    const writing = setInterval(
      () => (n < 5 ? response.write(`${n++},`) : (clearInterval(writing), response.end("end"))),
      10,
    )
  })
}

/** The stream's own error when a test cuts it: expected, and unhandled it would end the test run. */
const quiet = (stream: { on(event: "error", listener: () => void): void }) => stream.on("error", () => {})

const servers = {
  "HTTP/2": http2.createSecureServer({ key, cert, allowHTTP1: false }, answer),
  "HTTP/1.1": https.createServer({ key, cert }, answer),
}
servers["HTTP/2"].on("stream", quiet)
for (const server of Object.values(servers))
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
afterAll(() => {
  for (const server of Object.values(servers)) server.close()
  rmSync(folder, { recursive: true })
})
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port

async function run(scenario: string, port: number, trusted = true, meanwhile?: () => Promise<void>) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "https-client.ts"), scenario, String(port)], {
    env: {
      ...process.env,
      NODE_EXTRA_CA_CERTS: trusted ? authority : undefined,
      NODE_TLS_REJECT_UNAUTHORIZED: undefined,
    },
    stdin: "pipe",
    stderr: "inherit",
  })
  const reader = child.stdout.getReader()
  const { value } = await reader.read()
  await meanwhile?.()
  child.stdin.end()
  await child.exited
  return JSON.parse(new TextDecoder().decode(value)) as { outcome: unknown; active: number }
}

for (const [name, server] of Object.entries(servers)) {
  describe(`an https provider that speaks ${name}`, () => {
    const port = portOf(server)
    const protocol = name === "HTTP/2" ? "2.0" : "1.1"
    const expected: Record<string, unknown> = {
      twice: [`${protocol} 200 hello`, `${protocol} 200 hello`],
      together: 1,
      stream: "0,1,2,3,4,end",
      cut: ["some", "502 connection_lost", "502 connection_lost"],
      cookies: ["a=1; Path=/", "b=2, 3"],
      gzip: `${protocol} 200 unpacked`,
      redirect: "502 redirect_refused",
      silent: "504 first_byte_timeout",
      stall: "504 idle_timeout",
      large: "502 answer_too_large",
    }
    for (const [scenario, outcome] of Object.entries(expected)) {
      test(`comes to the right end: ${scenario}`, async () => {
        const before = seen.requests
        expect(await run(scenario, port)).toEqual({ outcome, active: 0 })
        if (scenario === "twice") expect(seen.requests - before).toBe(2)
      })
    }
    for (const scenario of ["abort-before", "abort-middle", "cancel-middle"]) {
      test(`hears within a second of a client that leaves: ${scenario}`, async () => {
        const before = seen.aborted
        const { outcome, active } = await run(scenario, port, true, () =>
          until(() => seen.aborted === before + 1, 1000),
        )
        expect([outcome, active]).toEqual([scenario === "cancel-middle" ? "cancelled" : true, 0])
      })
    }
    test("is refused when nobody vouches for its certificate", async () => {
      const before = seen.requests
      expect(await run("untrusted", port, false)).toEqual({ outcome: "502 tls_failed", active: 0 })
      expect(seen.requests).toBe(before)
    })
  })
}

test("a provider that never heard of ALPN gets the request once, in HTTP/1.1, and no byte of it before", async () => {
  const heard: string[] = []
  const server = tls.createServer({ key, cert }, (socket) => {
    const at = heard.push("") - 1
    socket.on("error", () => {})
    socket.on("data", (bytes) => {
      heard[at] += bytes.toString("latin1")
      socket.write("HTTP/1.1 200 OK\r\nx-protocol: 1.1\r\ncontent-length: 5\r\n\r\nhello")
    })
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  expect(await run("twice", portOf(server))).toEqual({ outcome: ["1.1 200 hello", "1.1 200 hello"], active: 0 })
  const said = heard.filter((text) => text !== "").join("")
  expect(said.match(/POST/g)).toHaveLength(2)
  expect(said.startsWith("POST /v1/x HTTP/1.1\r\n")).toBe(true)
  server.close()
})

test("a port where nobody listens is said to be one", async () => {
  expect(await run("refused", 1)).toEqual({ outcome: "502 connect_failed", active: 0 })
})

test("a host that lets nobody in is given up after the connect timeout, unless a proxy leads to it", async () => {
  const deaf = await deafPort()
  expect(await run("deaf", deaf.port)).toEqual({ outcome: "504 connect_timeout", active: 0 })
  expect(await run("proxied", deaf.port)).toEqual({ outcome: "504 first_byte_timeout", active: 0 })
  deaf.stop()
})
