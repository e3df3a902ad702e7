/** What a client's connection sees of the server, whoever answers. */
import { afterEach, expect, test } from "bun:test"
import { type Arrival, Refusal } from "../../src/exchange.ts"
import type { Answer, Sink } from "../../src/http/answer.ts"
import { receiveBody } from "../../src/http/body.ts"
import { createServer } from "../../src/http/server.ts"
import type { Config } from "../../src/settings.ts"
import { openRaw, requestBytes } from "../support/raw-http.ts"
import { eventually } from "../support/rig.ts"

type Answering = (arrival: Arrival) => Answer | Promise<Answer>
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

let nowMs = 0
function serve(answering: Answering) {
  const server = createServer({
    config: () => ({ host: "127.0.0.1", allowedHosts: [], allowedOrigins: [] }) as unknown as Config,
    async answer(arrival) {
      try {
        return await answering(arrival)
      } catch (error) {
        return { status: error instanceof Refusal ? error.status : 500, head: "", body: String(error) }
      }
    },
    route: () => new Response(),
    refuse: (error) => ({ status: 500, head: "", body: String(error) }),
    isModelRoute: () => true,
    clock: () => 1_700_000_000_000,
    now: () => nowMs,
    log: (line, error) => expect([line, error]).toEqual([]),
  })
  const { port } = server.listen("127.0.0.1", 0)
  stops.push(() => server.terminate())
  return { server, port: Number(port) }
}

const text = (body: string): Answer => ({ status: 200, head: "content-type: text/plain\r\n", body })
const echo: Answering = async (arrival) => text(Buffer.from(await receiveBody(arrival, 6_000_000)).toString())

test("an answer has a date, its length, the lines of its head and the bytes of its body", async () => {
  const { port } = serve(() => ({ status: 429, head: "retry-after: 7\r\nx-name: a\xe9\r\n", body: "größe" }))
  const raw = await openRaw(port)
  raw.send(requestBytes("GET", "/"))
  const answer = await raw.answer()
  expect([answer.status, answer.reason, answer.text]).toEqual([429, "Too Many Requests", "größe"])
  expect(answer.headerLines.map((line) => line.join(": "))).toEqual([
    "date: Tue, 14 Nov 2023 22:13:20 GMT",
    "retry-after: 7",
    "x-name: a\xe9",
    "content-length: 7",
  ])
  raw.close()
})

test("requests sent ahead are answered in their order, one at a time", async () => {
  let atOnce = 0
  let most = 0
  const { port } = serve(async ({ path }) => {
    most = Math.max(most, ++atOnce)
    await Bun.sleep(path === "/slow" ? 30 : 1)
    atOnce--
    return text(path)
  })
  const raw = await openRaw(port)
  raw.send(Buffer.concat(["/slow", "/b", "/slow", "/d"].map((path) => requestBytes("GET", path))))
  for (const path of ["/slow", "/b", "/slow", "/d"]) expect((await raw.answer()).text).toBe(path)
  expect(most).toBe(1)
  raw.close()
})

test("a body of megabytes in chunks, one packet after the other, arrives whole, and the next request behind it", async () => {
  const { port } = serve(echo)
  const raw = await openRaw(port)
  const body = "0123456789".repeat(90_000)
  raw.send("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
  for (let at = 0; at < body.length; at += 50_000) {
    raw.send(`${(50_000).toString(16)}\r\n${body.slice(at, at + 50_000)}\r\n`)
    await Bun.sleep(1)
  }
  raw.send(`0\r\n\r\n${requestBytes("POST", "/", {}, "next")}`)
  expect((await raw.answer()).text).toBe(body)
  expect((await raw.answer()).text).toBe("next")
  raw.close()
})

test("a body of a declared length in many packets arrives whole, however long, and the next request behind it", async () => {
  const { port } = serve(echo)
  const raw = await openRaw(port)
  for (const length of [10, 900_000, 5_000_000]) {
    const body = Buffer.from(Array.from({ length }, (_, at) => 97 + (at % 23)))
    raw.send(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`)
    for (let at = 0; at < length; at += 70_001) {
      raw.send(body.subarray(at, at + 70_001))
      await Bun.sleep(1)
    }
    raw.send(requestBytes("POST", "/", {}, "next"))
    expect((await raw.answer()).body.equals(body)).toBe(true)
    expect((await raw.answer()).text).toBe("next")
  }
  raw.close()
})

test("a client that waits for leave to send gets it, but for a body that nobody wants", async () => {
  const { port } = serve((arrival) => (arrival.path === "/no" ? { status: 401, head: "", body: null } : echo(arrival)))
  const asks = (path: string) =>
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`
  const raw = await openRaw(port)
  raw.send(asks("/"))
  expect((await raw.until(1)).toString()).toBe("HTTP/1.1 100 Continue\r\n\r\n")
  raw.send("hello")
  expect((await raw.answer()).text).toBe("hello")
  raw.send(asks("/no"))
  const refused = await raw.answer()
  expect([refused.status, refused.headers["connection"]]).toEqual([401, "close"])
  expect(await raw.closed()).toBe("fin")
})

test("a client that still sends can read why its request is refused", async () => {
  const { port } = serve(echo)
  const raw = await openRaw(port)
  raw.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n")
  raw.send("x".repeat(3_000_000))
  const answer = await raw.answer()
  expect([answer.status, answer.text]).toEqual([413, expect.stringContaining("MiB")])
  raw.send("x".repeat(3_000_000))
  expect(await raw.closed()).toBe("fin")
})

test("HTTP/1.0, `connection: close` and HEAD are answered as they ask", async () => {
  const { port } = serve(() => text("hello"))
  for (const head of ["GET / HTTP/1.0\r\nHost: localhost", "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close"]) {
    const raw = await openRaw(port)
    raw.send(`${head}\r\n\r\n`)
    const answer = await raw.answer()
    expect([answer.text, answer.headers["connection"], await raw.closed()]).toEqual(["hello", "close", "fin"])
  }
  const raw = await openRaw(port)
  raw.send(Buffer.concat([requestBytes("HEAD", "/x"), requestBytes("GET", "/x")]))
  const bare = await raw.answer({ method: "HEAD" })
  expect([bare.headers["content-length"], bare.body.length]).toEqual(["5", 0])
  expect((await raw.answer()).text).toBe("hello")
  raw.close()
})

/** An endless answer, and how often it was asked for more. */
function endless(partBytes: number) {
  const seen = { pulls: 0, cancelled: false }
  let sink: Sink
  const part = new Uint8Array(partBytes).fill(120)
  const body = {
    start: (its: Sink) => void (sink = its),
    pull() {
      seen.pulls++
      setTimeout(() => sink.enqueue(part))
    },
    cancel: () => void (seen.cancelled = true),
  }
  return { seen, answer: (): Answer => ({ status: 200, head: "", body }) }
}

test("nothing more is asked for while a client does not read, and all it reads is whole", async () => {
  const { seen, answer } = endless(100_000)
  const { port } = serve(answer)
  const raw = await openRaw(port)
  raw.socket.pause()
  raw.send(requestBytes("GET", "/"))
  let before = -1
  while (seen.pulls !== before) {
    before = seen.pulls
    await Bun.sleep(200)
  }
  raw.socket.resume()
  const bytes = await raw.until((before + 3) * 100_000)
  const start = bytes.indexOf("\r\n\r\n") + 4
  const chunk = `186a0\r\n${"x".repeat(100_000)}\r\n`
  expect(bytes.subarray(start, start + chunk.length * before).equals(Buffer.from(chunk.repeat(before)))).toBe(true)
  raw.close()
  await eventually("the answer is given up", () => seen.cancelled)
})

test("a client that leaves before, amid or without an answer is told of to those who answer", async () => {
  const left: string[] = []
  const asked: string[] = []
  const { seen, answer } = endless(10)
  const { port } = serve(async (arrival) => {
    asked.push(arrival.path)
    arrival.body.watch().addEventListener("abort", () => left.push(arrival.path))
    if (arrival.path === "/stream") return answer()
    if (arrival.path === "/body") await Promise.resolve(arrival.body.bytes(1000)).catch(() => left.push("no body"))
    await Bun.sleep(100)
    return text("too late")
  })
  for (const [path, length] of [
    ["/stream", 0],
    ["/late", 0],
    ["/body", 10],
  ] as const) {
    const raw = await openRaw(port)
    raw.send(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`)
    if (path === "/stream") await raw.until(100)
    await eventually("it is asked", () => asked.includes(path))
    raw.reset()
    await eventually("it is told", () => left.includes(path))
  }
  await eventually("the answer is given up", () => seen.cancelled)
  expect(left).toEqual(["/stream", "/late", "/body", "no body"])
})

test("an answer that fails amid its chunks has no last one", async () => {
  const { port } = serve(() => {
    let sink: Sink
    const parts = [() => sink.enqueue(Buffer.from("so far")), () => sink.error(new Error("cut"))]
    return {
      status: 200,
      head: "",
      body: { start: (its: Sink) => void (sink = its), pull: () => parts.shift()?.(), cancel() {} },
    }
  })
  const raw = await openRaw(port)
  raw.send(requestBytes("GET", "/"))
  const answer = await raw.answer()
  expect([answer.text, answer.complete]).toEqual(["so far", false])
})

test("slow senders and idle connections are closed, and told why; who waits for an answer is not", async () => {
  const answered = Promise.withResolvers<Answer>()
  const { port } = serve((arrival) => (arrival.path === "/body" ? echo(arrival) : answered.promise))
  const opened = async (bytes: string) => {
    const raw = await openRaw(port)
    raw.send(bytes)
    return raw
  }
  const amidHead = await opened("GET / HTTP/1.1\r\nHost: loc")
  const amid = (path: string) => opened(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhe`)
  const amidBody = await amid("/body")
  const amidUnasked = await amid("/unasked")
  const idle = await openRaw(port)
  const waiting = await opened(requestBytes("GET", "/").toString())
  await Bun.sleep(50) // what is not whole cannot be seen to have come
  nowMs += 31_000
  expect(await amidHead.closed()).toBe("fin")
  expect([(await amidBody.answer()).status, await amidBody.closed()]).toEqual([408, "fin"])
  await amidUnasked.closed()
  nowMs += 45_000
  expect(await idle.closed()).toBe("fin")
  answered.resolve(text("at last"))
  expect((await waiting.answer()).text).toBe("at last")
  waiting.close()
})

test("who goes on sending a head, or a body that was refused, byte for byte, is closed too", async () => {
  const { port } = serve(() => ({ status: 401, head: "", body: null }))
  const head = await openRaw(port)
  const refused = await openRaw(port)
  refused.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n")
  expect((await refused.answer()).status).toBe(401)
  head.send("GET / HTTP/1.1\r\nX: ")
  for (const raw of [head, refused]) raw.socket.on("error", () => {})
  for (let sentMs = 0; sentMs < 40_000; sentMs += 1500) {
    nowMs += 1500
    for (const raw of [head, refused]) raw.send("x")
    await Bun.sleep(5)
  }
  for (const raw of [head, refused])
    await eventually("it is closed", () => {
      raw.send("x")
      return raw.socket.destroyed
    })
})

test("a server that stops takes no connection, closes idle ones and ends what is under way", async () => {
  const answered = Promise.withResolvers<Answer>()
  const asked = Promise.withResolvers<void>()
  const { server, port } = serve(() => {
    asked.resolve()
    return answered.promise
  })
  const idle = await openRaw(port)
  const busy = await openRaw(port)
  busy.send(requestBytes("GET", "/"))
  await asked.promise
  const stopped = server.stop()
  expect(await idle.closed()).toBe("fin")
  expect(await openRaw(port).catch(() => "refused")).toBe("refused")
  answered.resolve(text("the last one"))
  const answer = await busy.answer()
  expect([answer.text, answer.headers["connection"], await busy.closed()]).toEqual(["the last one", "close", "fin"])
  busy.close()
  await stopped
})

test("a connection whose answer began before the stop is closed behind it", async () => {
  let sink: Sink
  const body = { start: (its: Sink) => void (sink = its), pull() {}, cancel() {} }
  const { server, port } = serve(() => ({ status: 200, head: "", body }))
  const raw = await openRaw(port)
  raw.send(requestBytes("GET", "/"))
  await raw.until(1)
  const stopped = server.stop()
  sink!.enqueue(Buffer.from("the last words"))
  sink!.close()
  expect([(await raw.answer()).text, await raw.closed()]).toEqual(["the last words", "fin"])
  raw.close()
  await stopped
})
