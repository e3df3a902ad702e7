/** One connection's writing, against a socket that takes what it likes. The rest of the pool is seen in `http1.test.ts`. */
import { expect, test } from "bun:test"
import { writeBatch } from "../../src/event-loop/write-batch.ts"
import { Connection, Pool } from "../../src/upstream/pool.ts"
import { Sweep } from "../../src/event-loop/sweep.ts"

const rider = { opened() {}, received() {}, lost() {}, unreachable() {} }

test("what the kernel does not take at once is sent as it was, whatever the next request writes to the same memory", () => {
  const sent: Uint8Array[] = []
  let room = 4
  const socket = {
    write(bytes: Uint8Array, from = 0, length = bytes.length) {
      const taken = Math.min(room, length)
      sent.push(new Uint8Array(bytes.subarray(from, from + taken)))
      room -= taken
      return taken
    },
  }
  const connection = new Connection(new Pool("h", "h", 80, new Sweep(250, () => 0), 1000), rider)
  connection.opened(socket as unknown as Parameters<typeof connection.opened>[0])
  const at = writeBatch.room(100)
  connection.post(at + writeBatch.bytes.write("POST /a: the first request", at))
  writeBatch.flush()
  writeBatch.bytes.fill("#")
  room = 100
  connection.flush()
  expect(Buffer.concat(sent).toString()).toBe("POST /a: the first request")
})

test("what a provider says on a used connection before the next request has left is no answer to it", () => {
  const heard: string[] = []
  const socket = { write: (_: Uint8Array, __: number, length: number) => length, terminate: () => heard.push("closed") }
  const connection = new Connection(new Pool("h", "h", 80, new Sweep(250, () => 0), 1000), rider)
  connection.opened(socket as unknown as Parameters<typeof connection.opened>[0])
  connection.release()
  connection.user = { ...rider, received: () => heard.push("received"), lost: () => heard.push("lost") }
  connection.post(writeBatch.room(100) + 1)
  connection.received(Buffer.from("HTTP/1.1 408 Request Timeout\r\n\r\n"))
  writeBatch.flush()
  expect(heard).toEqual(["closed", "lost"])
})
