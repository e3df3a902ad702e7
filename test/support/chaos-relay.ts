/** A TCP relay that misbehaves as told: cuts, stalls, delays, crumbles, resets. It knows nothing of HTTP. */
import { connect, createServer, type Socket } from "node:net"

/** What is done to one direction of a connection. Byte counts are of that direction, per connection. */
export interface Trouble {
  /** the connection ends after that many bytes */
  cutAfter?: number
  /** how: a FIN to both sides, a reset to both, or a FIN in this direction only */
  cutWith?: "fin" | "rst" | "half"
  /** silence after that many bytes */
  stallAfter?: number
  /** ms before each piece is passed on */
  delayMs?: number
  /** at most that many bytes in one packet */
  packetBytes?: number
  bytesPerSecond?: number
  /** this byte is flipped */
  corruptAt?: number
}

export interface Chaos {
  /** towards the target */
  up?: Trouble
  /** towards the client */
  down?: Trouble
  /** connections are accepted and reset at once */
  refuse?: boolean
}

export interface Relay {
  url: string
  port: number
  /** for connections made from now on, and, where they have not yet passed the point, for open ones */
  chaos(next: Chaos): void
  /** resets everything that is open */
  dropAll(): void
  openConnections(): number
  bytes: { up: number; down: number }
  stop(): Promise<void>
}

export async function startRelay(targetPort: number, first: Chaos = {}): Promise<Relay> {
  let chaos = first
  const pairs = new Set<[Socket, Socket]>()
  const bytes = { up: 0, down: 0 }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (chaos.refuse) {
      client.resetAndDestroy()
      return
    }
    const target = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true })
    const pair: [Socket, Socket] = [client, target]
    pairs.add(pair)
    const drop = () => {
      client.destroy()
      target.destroy()
      pairs.delete(pair)
    }
    for (const socket of pair) {
      socket.on("error", drop)
      socket.on("close", drop)
    }
    const pass = (from: Socket, to: Socket, which: "up" | "down") =>
      pump(
        from,
        to,
        () => chaos[which] ?? {},
        (count) => (bytes[which] += count),
        (how) => {
          if (how === "half") to.end()
          else if (how === "rst") {
            client.resetAndDestroy()
            target.resetAndDestroy()
          } else {
            client.end()
            target.end()
          }
        },
      ).catch(drop)
    void pass(client, target, "up")
    void pass(target, client, "down")
  })
  await new Promise<void>((ready, failed) => {
    server.once("error", failed)
    server.listen(0, "127.0.0.1", 4096, () => ready())
  })
  const address = server.address()
  if (!address || typeof address === "string") throw new Error("no port")
  const dropAll = () => {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy()
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    bytes,
    chaos(next) {
      chaos = next
    },
    dropAll,
    openConnections: () => pairs.size,
    async stop() {
      dropAll()
      await new Promise<void>((done) => server.close(() => done()))
    },
  }
}

/** Moves one direction until its end; the trouble is looked up for every piece, so that it can change meanwhile. */
async function pump(
  from: Socket,
  to: Socket,
  trouble: () => Trouble,
  count: (bytes: number) => void,
  cut: (how: "fin" | "rst" | "half") => void,
): Promise<void> {
  let passed = 0
  for await (const data of from as AsyncIterable<Buffer>) {
    for (let at = 0; at < data.length;) {
      const { cutAfter = Infinity, stallAfter = Infinity, packetBytes = data.length, ...more } = trouble()
      const room = Math.min(cutAfter, stallAfter) - passed
      if (room <= 0) {
        if (cutAfter <= stallAfter) cut(more.cutWith ?? "fin")
        else await new Promise((done) => to.once("close", done))
        return
      }
      if (more.delayMs) await Bun.sleep(more.delayMs)
      const part = Buffer.from(data.subarray(at, at + Math.min(packetBytes, room)))
      if (more.corruptAt !== undefined && more.corruptAt >= passed && more.corruptAt < passed + part.length)
        part[more.corruptAt - passed]! ^= 0xff
      if (!to.write(part)) await new Promise((done) => to.once("drain", done).once("close", done))
      at += part.length
      passed += part.length
      count(part.length)
      if (more.bytesPerSecond) await Bun.sleep((part.length * 1000) / more.bytesPerSecond)
      else if (packetBytes < data.length) await new Promise((done) => setImmediate(done))
      if (passed === cutAfter) {
        // let the last bytes leave before a reset throws them away
        await Bun.sleep(20)
        return cut(more.cutWith ?? "fin")
      }
    }
  }
  to.end()
}
