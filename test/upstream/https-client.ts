/** The child of https.test.ts: it must start with NODE_EXTRA_CA_CERTS set. Runs one scenario and prints what came of it. */
import { createUpstream } from "../../src/upstream/send.ts"
import { post, refusalOf } from "./raw-server.ts"

const [scenario, port] = process.argv.slice(2)
const upstream = createUpstream({ sweepMs: 10, direct: scenario !== "proxied" })
const url = `https://localhost:${port}/v1/x`
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const ask = async (path = "", more = {}) => {
  const answer = await upstream.send(post(url + path, more))
  return `${answer.headers.get("x-protocol")} ${answer.status} ${text(await answer.body.whole(1e6))}`
}

const scenarios: Record<string, () => Promise<unknown>> = {
  twice: async () => [await ask(), await ask()],
  together: async () => new Set(await Promise.all(Array.from({ length: 100 }, () => ask()))).size,
  stream: async () => {
    const { body } = await upstream.send(post(`${url}/stream`))
    const got: string[] = []
    for (let bytes; (bytes = await body.read()) !== null;) got.push(text(bytes))
    return got.join("")
  },
  cut: async () => {
    const { body } = await upstream.send(post(`${url}/cut`))
    return [text((await body.read())!), await refusalOf(body.read()), await refusalOf(body.read())]
  },
  cookies: async () => {
    const answer = await upstream.send(post(`${url}/cookies`))
    await answer.body.whole(10)
    return [...answer.headers].filter(([name]) => name === "set-cookie").map(([, value]) => value)
  },
  gzip: () => ask("/gzip"),
  redirect: () => refusalOf(ask("/redirect")),
  silent: () => refusalOf(ask("/silent", { firstByteTimeoutMs: 100 })),
  stall: () => refusalOf(ask("/stall", { idleTimeoutMs: 100 })),
  large: () => refusalOf(upstream.send(post(url)).then((answer) => answer.body.whole(3))),
  untrusted: () => refusalOf(ask()),
  deaf: () => refusalOf(ask("", { connectTimeoutMs: 300, firstByteTimeoutMs: 5000 })),
  proxied: () => refusalOf(ask("", { connectTimeoutMs: 300, firstByteTimeoutMs: 900 })),
  refused: () => refusalOf(ask()),
  "abort-before": async () => {
    const aborting = new AbortController()
    setTimeout(() => aborting.abort(), 100)
    return upstream
      .send(post(`${url}/silent`, { signal: aborting.signal }))
      .catch((error: unknown) => error === aborting.signal.reason)
  },
  "abort-middle": async () => {
    const aborting = new AbortController()
    const { body } = await upstream.send(post(`${url}/stall`, { signal: aborting.signal }))
    await body.read()
    setTimeout(() => aborting.abort(), 50)
    return body.read().catch((error: unknown) => error === aborting.signal.reason)
  },
  "cancel-middle": async () => {
    const { body } = await upstream.send(post(`${url}/stall`))
    await body.read()
    body.cancel()
    return "cancelled"
  },
}

const outcome = await scenarios[scenario!]!()
console.log(JSON.stringify({ outcome, active: upstream.stats().active }))
// Stays until its parent has seen what the network shows.
await Bun.stdin.text()
process.exit()
