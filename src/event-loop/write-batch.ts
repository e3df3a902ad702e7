/**
 * What one turn of the event loop has to say to clients and providers, handed to the kernel at its end, one write after the other. A write between two
 * requests' work would wake its receiver each time, and it would be asleep again before the next: the waking costs more than the write.
 */

export interface Sender {
  /** Hands `bytes` from `from` to `to` to the kernel, and keeps a copy of what it does not take. */
  send(bytes: Uint8Array, from: number, to: number): void
}

const ROOM_BYTES = 256 * 1024
/** Longer messages go past the batch, and are copied nowhere. */
export const MOST_BYTES = 64 * 1024
/** Messages that wait for the rest of a turn: with more, the first would wait for milliseconds. */
const MOST_WAITING = 64

class WriteBatch {
  /** messages are written where they wait */
  readonly bytes = Buffer.allocUnsafeSlow(ROOM_BYTES)
  #end = 0
  readonly #senders: Sender[] = []
  readonly #ends: number[] = []
  /** of the messages */
  #next = 0

  /** Where in `bytes` a message may be written that has `most` bytes at the most. */
  room(most: number): number {
    if (this.#end + most > ROOM_BYTES) this.flush()
    return this.#end
  }

  /** The message was written from `room` to `end`. */
  post(sender: Sender, end: number): void {
    this.#end = end
    const count = this.#ends.length
    if (count === 0) setImmediate(flush)
    else if (count > this.#next && this.#senders[count - 1] === sender) {
      this.#ends[count - 1] = end
      return
    }
    this.#senders.push(sender)
    this.#ends.push(end)
    if (count + 1 === MOST_WAITING) this.flush()
  }

  /** Before anything that must come after what waits: a write past the batch, the connection's end. */
  flush(): void {
    try {
      while (this.#next < this.#ends.length) {
        const at = this.#next++
        this.#senders[at]!.send(this.bytes, at === 0 ? 0 : this.#ends[at - 1]!, this.#ends[at]!)
      }
    } finally {
      if (this.#next < this.#ends.length)
        setImmediate(flush) // one failed, which keeps nobody else's back
      else this.#senders.length = this.#ends.length = this.#next = this.#end = 0
    }
  }
}

/** One for all sockets of the process. */
export const writeBatch = new WriteBatch()
const flush = () => writeBatch.flush()
