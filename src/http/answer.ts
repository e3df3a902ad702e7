/** What the client gets, before it is bytes on a socket. */

/** Where a flow's bytes go: what a `ReadableStream`'s controller is. */
export interface Sink {
  enqueue(bytes: Uint8Array): void
  close(): void
  /** the rest will not come: the client sees an answer cut short */
  error(reason: unknown): void
}

/** A body that comes over time. `pull` asks for more once all before it is with the kernel; its shape is that of a `ReadableStream`'s source. */
export interface Flow {
  start(sink: Sink): void
  pull(): void
  cancel(): void
}

export interface Answer {
  status: number
  /** header lines that many answers share: written apart, since to make one text of them and others costs more than to write twice */
  shared?: string
  /** header lines, each with its CRLF, without those of framing */
  head: string
  body: Uint8Array | string | Flow | null
}

export const isFlow = (body: Answer["body"]): body is Flow =>
  body !== null && typeof body === "object" && !(body instanceof Uint8Array)

const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/

/** @throws Error for what would end the line */
export function headerLine(name: string, value: string): string {
  if (FORBIDDEN.test(value)) throw new Error(`the value of ${name} cannot be written into a header`)
  return `${name}: ${value}\r\n`
}

export function headerLines(fields: Iterable<readonly [string, string]>): string {
  let lines = ""
  for (const [name, value] of fields) lines += headerLine(name, value)
  return lines
}

/** Written by the connection. */
const FRAMING = new Set(["connection", "content-length", "date", "keep-alive", "transfer-encoding"])
/** Types of answers that are made while they are read. */
const STREAMED = /^(text\/event-stream|application\/x-ndjson)/

export async function answerOf(response: Response): Promise<Answer> {
  const { status, headers, body } = response
  const isStreamed = body !== null && STREAMED.test(headers.get("content-type") ?? "")
  return {
    status,
    head: headerLines([...headers].filter(([name]) => !FRAMING.has(name))),
    body: isStreamed ? new StreamFlow(body) : body && (await response.bytes()),
  }
}

export function responseOf({ status, shared = "", head, body }: Answer): Response {
  const headers = new Headers()
  for (const line of (shared + head).split("\r\n")) {
    const at = line.indexOf(": ")
    if (at > 0) headers.append(line.slice(0, at), line.slice(at + 2))
  }
  const content = isFlow(body) ? new ReadableStream(body, { highWaterMark: 0 }) : body
  return new Response(content as BodyInit | null, { status, headers })
}

class StreamFlow implements Flow {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #sink!: Sink
  #isAsking = false

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader()
  }

  start(sink: Sink): void {
    this.#sink = sink
  }

  pull(): void {
    if (this.#isAsking) return
    this.#isAsking = true
    void this.#pass()
  }

  async #pass(): Promise<void> {
    try {
      const { done, value } = await this.#reader.read()
      this.#isAsking = false
      if (done) this.#sink.close()
      else this.#sink.enqueue(value)
    } catch (error) {
      this.#sink.error(error)
    }
  }

  cancel(): void {
    this.#reader.cancel().catch(() => {}) // nobody is left to hear of it
  }
}
