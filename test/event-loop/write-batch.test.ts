import { expect, spyOn, test } from "bun:test"
import { writeBatch, type Sender } from "../../src/event-loop/write-batch.ts"

/** Notes what is sent in its name. */
function sender(name: string, sent: string[], also: () => void = () => {}): Sender {
  return {
    send(bytes, from, to) {
      sent.push(`${name}: ${Buffer.from(bytes.subarray(from, to)).toString()}`)
      also()
    },
  }
}

function post(to: Sender, text: string): void {
  const at = writeBatch.room(text.length)
  writeBatch.post(to, at + writeBatch.bytes.write(text, at))
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test("messages wait for the end of the turn and are then sent in their order", async () => {
  const sent: string[] = []
  const [a, b] = [sender("a", sent), sender("b", sent)]
  post(a, "one")
  post(b, "two")
  await Promise.resolve()
  post(a, "three")
  expect(sent).toEqual([])
  await turn()
  expect(sent).toEqual(["a: one", "b: two", "a: three"])
})

test("what one sender says twice in a row is one write", async () => {
  const sent: string[] = []
  const a = sender("a", sent)
  post(a, "head ")
  post(a, "body")
  await turn()
  expect(sent).toEqual(["a: head body"])
})

test("a message posted while others are being sent is sent behind them", async () => {
  const sent: string[] = []
  const b = sender("b", sent)
  post(
    sender("a", sent, () => post(b, "answer")),
    "question",
  )
  await turn()
  await turn()
  expect(sent).toEqual(["a: question", "b: answer"])
})

test("who says more while being sent is sent again", async () => {
  const sent: string[] = []
  const said = ["more"]
  const a = sender("a", sent, () => {
    const more = said.pop()
    if (more) post(a, more)
  })
  post(a, "first")
  await turn()
  await turn()
  expect(sent).toEqual(["a: first", "a: more"])
})

test("a sender that fails keeps nobody else's message back", () => {
  const sent: string[] = []
  const turns: (() => void)[] = []
  const failing = sender("a", sent, () => {
    throw new Error("no socket")
  })
  const later = spyOn(globalThis, "setImmediate").mockImplementation(((act: () => void) => turns.push(act)) as never)
  try {
    post(failing, "one")
    post(sender("b", sent), "two")
    expect(() => turns.shift()!()).toThrow("no socket")
    turns.shift()!()
  } finally {
    later.mockRestore()
  }
  expect(sent).toEqual(["a: one", "b: two"])
})

test("many or long messages do not wait for the turn's end", async () => {
  const sent: string[] = []
  const [a, b] = [sender("a", sent), sender("b", sent)]
  for (let i = 0; i < 64; i++) post(i % 2 === 0 ? a : b, String(i))
  expect(sent).toHaveLength(64)
  const long = "x".repeat(64 * 1024)
  for (let i = 0; i < 5; i++) post(i % 2 === 0 ? a : b, long)
  expect(sent).toHaveLength(68)
  await turn()
  expect(sent.slice(64)).toEqual([..."ababa"].map((name) => `${name}: ${long}`))
})
