import { expect, test } from "bun:test"
import { readExport } from "../../src/memory/import-formats.ts"

const owner = { userId: "ann", project: "shop" }
const read = (file: unknown) =>
  readExport(JSON.stringify(file), owner)
    ?.split("\n")
    .map((line) => JSON.parse(line)) ?? null

test("ChatGPT's export: what people and the model said, in order of time, with its day and conversation", () => {
  const message = (role: string, text: string, create_time: number) => ({
    message: { author: { role }, content: { content_type: "text", parts: [text] }, create_time },
  })
  const file = [
    {
      title: "T",
      conversation_id: "c1",
      create_time: 1,
      mapping: {
        b: message("assistant", "Hello.", 1700000001.5),
        a: message("user", "Hi", 1700000000),
        s: message("system", "Be good", 1),
        root: { message: null },
      },
    },
  ]
  expect(read(file)).toEqual([
    { user_id: "ann", project: "shop", role: "user", content: "Hi", session_id: "c1", created_at: 1700000000000 },
    {
      user_id: "ann",
      project: "shop",
      role: "assistant",
      content: "Hello.",
      session_id: "c1",
      created_at: 1700000001500,
    },
  ])
})

test("Claude's export", () => {
  const file = [
    {
      uuid: "u1",
      name: "N",
      chat_messages: [
        {
          sender: "human",
          text: "",
          content: [{ type: "text", text: "Hi" }, { type: "tool_use" }],
          created_at: "2026-01-01T00:00:00Z",
        },
        { sender: "assistant", text: "Hello." },
      ],
    },
  ]
  expect(read(file)).toEqual([
    {
      user_id: "ann",
      project: "shop",
      role: "user",
      content: "Hi",
      session_id: "u1",
      created_at: "2026-01-01T00:00:00Z",
    },
    { user_id: "ann", project: "shop", role: "assistant", content: "Hello.", session_id: "u1", created_at: null },
  ])
})

test("mem0's export, whose memories know their user", () => {
  expect(
    read({
      results: [{ memory: "Likes tea", user_id: "bob", created_at: "2026-01-01T00:00:00Z", metadata: { a: 1 } }],
    }),
  ).toEqual([
    { user_id: "bob", project: "shop", content: "Likes tea", created_at: "2026-01-01T00:00:00Z", metadata: { a: 1 } },
  ])
})

test("anything else is none of them", () => {
  for (const text of ["", "{}", "[]", '{"user_id":"a"}\n{"user_id":"b"}', "not json", '[{"a":1}]'])
    expect(readExport(text, owner)).toBeNull()
})
