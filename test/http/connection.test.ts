/** One connection against a socket that takes what it likes. What clients see of it is in `server.test.ts`. */
import { expect, test } from "bun:test"
import { Connection, type Host } from "../../src/http/connection.ts"
import { writeBatch } from "../../src/event-loop/write-batch.ts"

test("a stop waits for the rest of an answer that the kernel has not taken yet", () => {
  let sent = ""
  let room = 20
  const socket = {
    write(bytes: Uint8Array, from = 0, length = bytes.length) {
      const taken = Math.min(room, length)
      sent += Buffer.from(bytes.subarray(from, from + taken)).toString()
      room -= taken
      return taken
    },
    end: () => (sent += "[closed]"),
  }
  const host = {
    answer: () => ({ status: 200, head: "", body: "the answer" }),
    start: (status) => `HTTP/1.1 ${status} OK\r\n`,
    now: () => 0,
    isStopping: false as boolean,
    closed() {},
  } satisfies Host
  const connection = new Connection(socket as unknown as ConstructorParameters<typeof Connection>[0], host)
  connection.received(Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n\r\n"))
  writeBatch.flush()
  host.isStopping = true
  connection.retire()
  expect(sent).not.toContain("[closed]")
  room = 1000
  connection.drained()
  expect(sent).toEndWith("the answer[closed]")
})
