import { describe, expect, test } from "bun:test"
import net from "node:net"
import { chunk, fastUpstream, ok, post, refusalOf, streamHead, text, until, useServers } from "./raw-server.ts"

const { open, serve } = useServers()

describe("what goes out", () => {
  test("the request is one well-formed HTTP/1.1 message with our framing and nothing else added", async () => {
    const { server, upstream } = await serve((socket) => socket.write(ok("{}")))
    await (await upstream.send(post(`${server.url}?a=b`, { headers: [["x-a", "é"]], body: ["ü"] }))).body.whole(100)
    expect(server.heard[0]).toBe(
      `POST /v1/chat/completions?a=b HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\naccept-encoding: identity\r\nx-a: é\r\ncontent-length: 2\r\n\r\n\xc3\xbc`,
    )
  })

  test("a header that would split the request is refused by name, without its value", async () => {
    const { server, upstream } = await serve((socket) => socket.write(ok("{}")))
    for (const [name, value] of [
      ["x-key", "sk-canary\r\nx-evil: 1"],
      ["x-key", "sk-canary\0"],
      ["x-ke\ny", "sk-canary"],
    ] as const) {
      const failure = await upstream.send(post(server.url, { headers: [[name, value]] })).catch((error: Error) => error)
      expect(failure).toMatchObject({ code: "bad_header" })
      expect(String(failure)).not.toContain("canary")
    }
    expect(server.heard.join("")).toBe("")
    expect(upstream.stats().active).toBe(0)
  })

  test("a body of 20 MB reaches a slow reader whole and in order", async () => {
    const body = Buffer.alloc(20_000_000)
    for (let i = 0; i < body.length; i += 4) body.writeUInt32LE(i, i)
    const hash = new Bun.CryptoHasher("sha1")
    let seen = 0
    const listener = net.createServer({ highWaterMark: 4096 }, (socket) => {
      socket.on("error", () => {})
      let head = ""
      socket.on("data", (bytes: Buffer) => {
        if (head === "" || !head.includes("\r\n\r\n")) {
          head += bytes.toString("latin1")
          if (!head.includes("\r\n\r\n")) return
          bytes = Buffer.from(head.slice(head.indexOf("\r\n\r\n") + 4), "latin1")
        }
        hash.update(bytes)
        seen += bytes.length
        socket.pause()
        setTimeout(() => socket.resume(), seen % 5 === 0 ? 1 : 0)
        if (seen === body.length) socket.write(ok("done"))
      })
    })
    await new Promise<void>((listening) => listener.listen(0, "127.0.0.1", listening))
    const upstream = fastUpstream()
    open.push({ stop: () => (listener.close(), upstream.close()) })
    const answer = await upstream.send(
      post(`http://127.0.0.1:${(listener.address() as net.AddressInfo).port}/`, {
        body: [body],
        firstByteTimeoutMs: 30_000,
      }),
    )
    expect(text(await answer.body.whole(100))).toBe("done")
    expect(hash.digest("hex")).toBe(new Bun.CryptoHasher("sha1").update(body).digest("hex"))
  }, 40_000)
})

describe("what comes back", () => {
  test("the head and body of one packet are there at once, and the body is the bytes sent", async () => {
    const { server, upstream } = await serve((socket) =>
      socket.write(`HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nX-A: 1\r\nx-a: 2\r\ncontent-length: 2\r\n\r\nno`),
    )
    const answer = await upstream.send(post(server.url))
    expect(answer.status).toBe(429)
    expect(answer.headers.get("retry-after")).toBe("7")
    expect(answer.headers.get("x-a")).toBe("1, 2")
    expect(answer.headers.get("absent")).toBeNull()
    expect(text(await answer.body.whole(100))).toBe("no")
    expect(await answer.body.read()).toBeNull()
  })

  test("every packet's chunks come in one piece, as soon as they are there", async () => {
    const { server, upstream } = await serve((socket) => {
      socket.write(streamHead + chunk("a") + chunk("b") + chunk("c"))
    })
    const { body } = await upstream.send(post(server.url))
    expect(text(await body.read())).toBe("abc")
    const next = body.read()
    server.sockets[0]!.write(chunk("d"))
    expect(text(await next)).toBe("d")
    const end = body.read()
    server.sockets[0]!.write("0\r\n\r\n")
    expect(await end).toBeNull()
  })

  test("what came in one large packet goes to a slow reader in parts, cut between events, or anywhere where there are none", async () => {
    const events = Array.from({ length: 3000 }, (_, at) => `data: {"at":${at},"pad":"${"x".repeat(at % 400)}"}\n\n`)
    for (const sent of [events.join(""), "z".repeat(1_000_000)]) {
      const { server, upstream } = await serve((socket) => socket.write(`${streamHead}${chunk(sent)}0\r\n\r\n`))
      const { body } = await upstream.send(post(server.url))
      const parts: string[] = []
      for (let part; (part = await body.read()) !== null; await Bun.sleep(5)) parts.push(text(part)!)
      expect(parts.join("") === sent).toBe(true)
      expect(Math.max(...parts.map(({ length }) => length))).toBeLessThan(256 * 1024)
      const whole = parts.filter((part) => part.endsWith("\n\n"))
      expect(whole.length > parts.length / 2).toBe(sent.startsWith("data"))
    }
  })

  test("a large packet's memory is free once its reader, done with all of it, asks for more; a reader that says nothing keeps it", async () => {
    const sent = "z".repeat(1_000_000)
    for (const isSpent of [true, false]) {
      const { server, upstream } = await serve((socket) => socket.write(`${streamHead}${chunk(sent)}0\r\n\r\n`))
      const { body } = await upstream.send(post(server.url))
      const parts: Uint8Array[] = []
      let got = ""
      const take = () => new Promise<Uint8Array | null>((resolve) => body.next(resolve, isSpent))
      for (let part; (part = await take()) !== null; await Bun.sleep(5)) {
        got += text(part)
        parts.push(part)
      }
      expect(got === sent).toBe(true)
      const large = parts.filter(({ length }) => length !== 0)
      expect(isSpent ? parts.length - large.length > 1 : large.length === parts.length).toBe(true)
    }
  })

  test("an answer larger than the limit is refused and its connection closed", async () => {
    const { server, upstream } = await serve((socket) =>
      socket.write(streamHead + chunk("x".repeat(5000)) + chunk("y".repeat(5000))),
    )
    const answer = await upstream.send(post(server.url))
    expect(await refusalOf(Promise.resolve(answer.body.whole(6000)))).toBe("502 answer_too_large")
    await until(() => server.closed === 1)
    const small = await serve((socket) => socket.write(ok("x".repeat(50))))
    const tooLong = small.upstream.send(post(small.server.url)).then((answer) => answer.body.whole(49))
    expect(await refusalOf(tooLong)).toBe("502 answer_too_large")
  })

  test("a redirect is refused and nobody is asked again", async () => {
    const { server, upstream } = await serve((socket, request) =>
      socket.write(
        request.startsWith("POST /v1")
          ? "HTTP/1.1 307 x\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"
          : ok("followed"),
      ),
    )
    expect(await refusalOf(upstream.send(post(server.url)))).toBe("502 redirect_refused")
    expect(server.heard.join("").match(/POST/g)).toHaveLength(1)
    expect(upstream.stats().active).toBe(0)
  })
})

describe("an answer that is cut", () => {
  const framings = {
    length: ok('{"a":"0123456789"}'),
    chunked: streamHead + chunk("data: 1\n\n") + chunk("data: 2\n\n") + "0\r\n\r\n",
    compressed: (() => {
      const body = Buffer.from(Bun.gzipSync("hello world, hello world")).toString("latin1")
      return `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    })(),
  }
  for (const [name, wire] of Object.entries(framings)) {
    for (const how of ["FIN", "RST"] as const) {
      test(`with ${how} at any byte of a ${name} answer is a failure, never a short success`, async () => {
        let cut = 0
        const { server, upstream } = await serve((socket) => {
          const end = () => (how === "FIN" ? socket.end() : socket.resetAndDestroy())
          if (cut === 0) end()
          else socket.write(Buffer.from(wire.slice(0, cut), "latin1"), end)
        })
        for (cut = 0; cut < wire.length; cut++) {
          const outcome = await refusalOf(upstream.send(post(server.url)).then((answer) => answer.body.whole(1000)))
          expect([cut, outcome]).toEqual([cut, "502 connection_lost"])
        }
        expect(upstream.stats().active).toBe(0)
      })
    }
  }

  test("ends well by FIN and badly by RST when only closing marks its end", async () => {
    let reset = false
    const { server, upstream } = await serve((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\nall of it")
      setTimeout(() => (reset ? socket.resetAndDestroy() : socket.end()), 20)
    })
    expect(text(await (await upstream.send(post(server.url))).body.whole(100))).toBe("all of it")
    reset = true
    const { body } = await upstream.send(post(server.url))
    expect(text(await body.read())).toBe("all of it")
    expect(await refusalOf(body.read())).toBe("502 connection_lost")
    expect(await refusalOf(body.read())).toBe("502 connection_lost")
  })

  test("what came before the cut is still delivered", async () => {
    const { server, upstream } = await serve((socket) =>
      socket.write(streamHead + chunk("one") + chunk("two"), () => socket.resetAndDestroy()),
    )
    const { body } = await upstream.send(post(server.url))
    await until(() => upstream.stats().active === 0)
    expect(text(await body.read())).toBe("onetwo")
    expect(await refusalOf(body.read())).toBe("502 connection_lost")
  })

  test("or malformed in its chunks says that it cannot be read", async () => {
    const { server, upstream } = await serve((socket) => socket.write(`${streamHead + chunk("one")}zz\r\n`))
    expect(await refusalOf(upstream.send(post(server.url)).then((answer) => answer.body.whole(100)))).toBe(
      "502 bad_response",
    )
    const other = await serve((socket) => socket.write("220 mail.example ESMTP\r\n"))
    expect(await refusalOf(other.upstream.send(post(other.server.url)))).toBe("502 bad_response")
  })
})

describe("connections", () => {
  test("one after the other share a connection, at once have their own", async () => {
    const { server, upstream } = await serve((socket) => setTimeout(() => socket.write(ok("{}")), 5))
    const one = async () => {
      const answer = await upstream.send(post(server.url))
      await answer.body.whole(100)
      return answer.reused
    }
    expect(await one()).toBe(false)
    expect(await one()).toBe(true)
    await Promise.all(Array.from({ length: 300 }, one))
    expect(server.sockets.length).toBe(300)
    await Promise.all(Array.from({ length: 300 }, one))
    expect(server.sockets.length).toBe(300)
    expect(upstream.stats()).toEqual({ open: 300, idle: 300, active: 0 })
  })

  test("an idle one that the provider closed is not used, one that it closes under the request is replaced once", async () => {
    let die = false
    const { server, upstream } = await serve((socket, _request, connection) => {
      if (die && connection === 0) socket.resetAndDestroy()
      else socket.write(ok(String(connection)))
    })
    const one = async () => text(await (await upstream.send(post(server.url))).body.whole(100))
    expect(await one()).toBe("0")
    die = true
    expect(await one()).toBe("1")
    expect(server.heard[0]!.match(/POST/g)).toHaveLength(2)
    server.sockets[1]!.end()
    await until(() => upstream.stats().open === 0)
    expect(await one()).toBe("2")
  })

  test("a fresh one that dies is not tried again, nor a reused one after its first byte", async () => {
    let served = 0
    const { server, upstream } = await serve((socket) => {
      if (served++ === 1) socket.write("HTTP/1.1 200 OK\r\n", () => socket.resetAndDestroy())
      else if (served <= 1) socket.write(ok("{}"))
      else socket.resetAndDestroy()
    })
    await (await upstream.send(post(server.url))).body.whole(100)
    expect(await refusalOf(upstream.send(post(server.url)))).toBe("502 connection_lost")
    expect(await refusalOf(upstream.send(post(server.url)))).toBe("502 connection_lost")
    expect(served).toBe(3)
  })

  test("bytes nobody asked for close it, so that no answer is taken for another's", async () => {
    const { server, upstream } = await serve((socket, _request, connection) =>
      socket.write(connection === 0 ? `${ok("mine")}HTTP/1.1 200 OK\r\n` : ok("fresh")),
    )
    const one = async () => text(await (await upstream.send(post(server.url))).body.whole(100))
    expect(await one()).toBe("mine")
    expect(await one()).toBe("fresh")
    server.sockets[1]!.write(ok("poison"))
    await until(() => server.closed === 2)
    expect(await one()).toBe("fresh")
    expect(server.sockets.length).toBe(3)
  })

  test("`connection: close` and HTTP/1.0 are obeyed", async () => {
    const { server, upstream } = await serve((socket, _request, connection) =>
      socket.write(
        connection === 0
          ? "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
          : "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
      ),
    )
    for (let i = 0; i < 3; i++) expect(text(await (await upstream.send(post(server.url))).body.whole(1))).toBe("")
    expect(server.sockets.length).toBe(3)
    expect(upstream.stats().idle).toBe(0)
  })

  test("an answer that comes before the request is all written ends the connection", async () => {
    const { server, upstream } = await serve((socket) => {
      socket.pause()
      socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
    })
    expect((await upstream.send(post(server.url, { body: [new Uint8Array(30_000_000)] }))).status).toBe(413)
    expect(upstream.stats().idle).toBe(0)
  })

  test("2,000 streams at once all come to their end", async () => {
    const { server, upstream } = await serve((socket) => {
      socket.write(streamHead + chunk("data: 1\n\n"))
      setTimeout(() => socket.write(`${chunk("data: 2\n\n")}0\r\n\r\n`), 300)
    })
    const all = await Promise.all(
      Array.from({ length: 2000 }, async () =>
        text(await (await upstream.send(post(server.url, { firstByteTimeoutMs: 30_000 }))).body.whole(100)),
      ),
    )
    expect(new Set(all)).toEqual(new Set(["data: 1\n\ndata: 2\n\n"]))
    expect(server.sockets.length).toBe(2000)
  }, 30_000)

  test("unused connections are closed after their time", async () => {
    const { server } = await serve((socket) => socket.write(ok("{}")))
    const { createUpstream } = await import("../../src/upstream/send.ts")
    const upstream = createUpstream({ sweepMs: 10, idleSocketMs: 50 })
    await (await upstream.send(post(server.url))).body.whole(100)
    expect(upstream.stats().idle).toBe(1)
    await until(() => server.closed === 1)
    expect(upstream.stats()).toEqual({ open: 0, idle: 0, active: 0 })
  })
})
