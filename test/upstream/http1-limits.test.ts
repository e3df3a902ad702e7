/** When an exchange over plain HTTP is given up: by its client, by time, and when its reader stops. */
import { describe, expect, test } from "bun:test"
import { deafPort } from "./deaf-port.ts"
import { chunk, ok, post, refusalOf, streamHead, text, until, useServers } from "./raw-server.ts"

const { open, serve } = useServers()

describe("giving up", () => {
  test("an abort before the head closes the connection, in the middle of the body too", async () => {
    const { server, upstream } = await serve((socket, request) => {
      if (request.includes("stream")) socket.write(streamHead + chunk("one"))
    })
    const before = new AbortController()
    const waiting = upstream.send(post(server.url, { signal: before.signal })).catch((error: unknown) => error)
    await until(() => server.heard[0]?.includes("POST") === true)
    before.abort()
    expect(await waiting).toBe(before.signal.reason)
    await until(() => server.closed === 1, 1000)

    const middle = new AbortController()
    const { body } = await upstream.send(post(server.url, { signal: middle.signal, body: ["stream"] }))
    expect(text(await body.read())).toBe("one")
    const pending = body.read().catch((error: unknown) => error)
    middle.abort()
    expect(await pending).toBe(middle.signal.reason)
    await until(() => server.closed === 2, 1000)
    expect(upstream.stats()).toEqual({ open: 0, idle: 0, active: 0 })
  })

  test("an abort before the start connects to nobody", async () => {
    const { server, upstream } = await serve(() => {})
    const signal = AbortSignal.abort()
    expect(await upstream.send(post(server.url, { signal })).catch((error: unknown) => error)).toBe(signal.reason)
    await Bun.sleep(50)
    expect(server.sockets.length).toBe(0)
  })

  test("cancel closes a stream's connection, and after the end does nothing", async () => {
    const { server, upstream } = await serve((socket, request) =>
      socket.write(request.includes("stream") ? streamHead + chunk("one") : ok("{}")),
    )
    const { body } = await upstream.send(post(server.url, { body: ["stream"] }))
    body.cancel()
    body.cancel()
    await until(() => server.closed === 1, 1000)
    const whole = await upstream.send(post(server.url))
    await whole.body.whole(100)
    whole.body.cancel()
    expect(upstream.stats().idle).toBe(1)
  })
})

describe("time", () => {
  test("a provider that says nothing is given up after the first-byte timeout", async () => {
    const { server, upstream } = await serve(() => {})
    expect(await refusalOf(upstream.send(post(server.url, { firstByteTimeoutMs: 60 })))).toBe("504 first_byte_timeout")
    await until(() => server.closed === 1)
  })

  test("a stream that falls silent is given up after the idle timeout, one that talks slowly is not", async () => {
    const { server, upstream } = await serve((socket) => {
      socket.write(streamHead + chunk("0"))
      let said = 0
      const talking = setInterval(() => {
        if (said++ < 5) socket.write(chunk("x"))
        else clearInterval(talking)
      }, 50)
    })
    const { body } = await upstream.send(post(server.url, { idleTimeoutMs: 250 }))
    let got = ""
    const failure = await refusalOf(
      (async () => {
        for (let bytes; (bytes = await body.read()) !== null;) got += text(bytes)
      })(),
    )
    expect(failure).toBe("504 idle_timeout")
    expect(got).toBe("0xxxxx")
    await until(() => server.closed === 1)
  })

  test("a reader that takes its time is not the provider's silence", async () => {
    const { server, upstream } = await serve((socket) => socket.write(streamHead + chunk("a")))
    const { body } = await upstream.send(post(server.url, { idleTimeoutMs: 50 }))
    await Bun.sleep(200)
    server.sockets[0]!.write(`${chunk("b")}0\r\n\r\n`)
    expect(text(await body.whole(10))).toBe("ab")
  })

  test("the total timeout ends an answer however lively it is", async () => {
    const { server, upstream } = await serve((socket) => {
      socket.write(streamHead)
      const talking = setInterval(() => (socket.destroyed ? clearInterval(talking) : socket.write(chunk("x"))), 10)
    })
    const work = upstream.send(post(server.url, { totalTimeoutMs: 150 })).then((answer) => answer.body.whole(1e6))
    expect(await refusalOf(work)).toBe("504 total_timeout")
  })

  test("a host that lets nobody in is given up after the connect timeout", async () => {
    const deaf = await deafPort()
    open.push(deaf)
    const { upstream } = await serve(() => {})
    const request = post(`http://127.0.0.1:${deaf.port}/`, { connectTimeoutMs: 150, firstByteTimeoutMs: 3000 })
    expect(await refusalOf(upstream.send(request))).toBe("504 connect_timeout")
    expect(upstream.stats()).toEqual({ open: 0, idle: 0, active: 0 })
  })

  test("nobody there: refused, unknown or unanswering, each said in its own words and without the query", async () => {
    const { upstream } = await serve(() => {})
    const refused = await upstream.send(post("http://127.0.0.1:1/x?key=sk-canary")).catch((error: Error) => error)
    expect(refused).toMatchObject({ status: 502, code: "connect_failed", origin: "upstream" })
    expect(String(refused)).toContain("127.0.0.1:1")
    expect(String(refused)).not.toContain("canary")
    expect(await refusalOf(upstream.send(post("http://no-such-host.invalid/")))).toBe("502 connect_failed")
    expect(upstream.stats().active).toBe(0)
  })
})

test("a reader that stops holds the provider back, and gets every byte when it goes on", async () => {
  const total = 60_000_000
  let sent = 0
  const { server, upstream } = await serve((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`)
    const piece = Buffer.alloc(100_000, 97)
    const more = () => {
      while (sent < total) {
        sent += piece.length
        if (!socket.write(piece)) return void socket.once("drain", more)
      }
    }
    more()
  })
  const { body } = await upstream.send(post(server.url))
  await body.read()
  await Bun.sleep(300)
  const held = sent
  await Bun.sleep(200)
  expect(sent).toBe(held)
  expect(held).toBeLessThan(20_000_000)
  let got = 0
  for (let bytes; (bytes = await body.read()) !== null;) got += bytes.length
  expect(got).toBeGreaterThan(total - 1_000_000)
  expect(server.closed).toBe(0)
}, 30_000)
