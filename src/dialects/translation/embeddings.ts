/** Embeddings across dialects: OpenAI's `/v1/embeddings` and Gemini's `embedContent` and `batchEmbedContents`. https://ai.google.dev/api/embeddings */
import { type Json, type JsonObject, Refusal } from "../../exchange.ts"
import { countOf, invalid, listOf, numberOf, objectOf, objectsOf, textOf, textsOf, wordOf } from "../fields.ts"
import { Losses } from "../form.ts"
import { member } from "../gemini/members.ts"
import type { Client, Outbound, Translation } from "./call.ts"
import { unusable } from "./failure.ts"

interface Asked {
  texts: string[]
  dimensions: number | null
  /** Gemini's word, in either direction */
  taskType: string | null
  isBase64: boolean
  /** one text that was not in a list, or Gemini's `embedContent` */
  isSingle: boolean
}

export function translateEmbeddings(body: JsonObject, client: Client, to: Outbound): Translation {
  const losses = new Losses()
  const asked = client.dialect === "gemini" ? readGemini(body) : readOpenAi(body, losses)
  const estimated = () => asked.texts.reduce((sum, text) => sum + client.estimate(text), 0)
  return {
    operation: "embeddings",
    body: to.dialect === "gemini" ? writeGemini(asked, to) : writeOpenAi(asked, to),
    losses,
    whole(answer) {
      const vectors = readVectors(answer)
      if (vectors.length !== asked.texts.length) throw unusable("does not hold an embedding for each input")
      if (client.dialect === "gemini") return geminiAnswer(vectors, asked.isSingle)
      return openAiAnswer(
        vectors,
        asked.isBase64,
        wordOf(objectOf(answer)?.["model"]) ?? to.model,
        tokensIn(answer) ?? estimated(),
      )
    },
    local: null,
  }
}

function readOpenAi(body: JsonObject, losses: Losses): Asked {
  const { input } = body
  const texts = typeof input === "string" ? [input] : textsOf(input)
  if (texts.length === 0 || (Array.isArray(input) && texts.length !== input.length))
    throw invalid("input", "must be a string or an array of strings: this provider takes no tokens")
  if (body["user"] !== undefined) losses.note("user")
  return {
    texts,
    dimensions: numberOf(body["dimensions"]),
    taskType: wordOf(body["task_type"]) ?? wordOf(body["input_type"]),
    isBase64: body["encoding_format"] === "base64",
    isSingle: typeof input === "string",
  }
}

function readGemini(body: JsonObject): Asked {
  const requests = objectsOf(body["requests"])
  const all = requests.length > 0 ? requests : [body]
  const texts = all.map((one) =>
    objectsOf(objectOf(one["content"])?.["parts"])
      .map((part) => textOf(part["text"]) ?? "")
      .join("\n"),
  )
  if (texts.some((text) => text === "")) throw invalid("content", "must hold a text: this provider embeds nothing else")
  const [first] = all
  return {
    texts,
    dimensions: numberOf(member(first ?? null, "outputDimensionality")),
    taskType: null,
    isBase64: false,
    isSingle: requests.length === 0,
  }
}

function writeGemini({ texts, dimensions, taskType }: Asked, { model }: Outbound): JsonObject {
  const more: JsonObject = {}
  if (dimensions !== null) more["outputDimensionality"] = dimensions
  if (taskType !== null) more["taskType"] = taskType.toUpperCase()
  return { requests: texts.map((text) => ({ model: `models/${model}`, content: { parts: [{ text }] }, ...more })) }
}

function writeOpenAi({ texts, dimensions }: Asked, { model }: Outbound): JsonObject {
  return { model, input: texts, encoding_format: "float", ...(dimensions !== null && { dimensions }) }
}

function readVectors(answer: Json): number[][] {
  const body = objectOf(answer)
  const single = objectOf(body?.["embedding"])
  const gemini = single ? [single] : objectsOf(body?.["embeddings"])
  if (gemini.length > 0) return gemini.map((one) => listOf(one["values"]) as number[])
  const data = objectsOf(body?.["data"]).toSorted((a, b) => (numberOf(a["index"]) ?? 0) - (numberOf(b["index"]) ?? 0))
  return data.map(({ embedding }) =>
    typeof embedding === "string" ? fromBase64(embedding) : (listOf(embedding) as number[]),
  )
}

function tokensIn(answer: Json): number | null {
  const usage = objectOf(objectOf(answer)?.["usage"])
  return countOf(usage?.["prompt_tokens"])
}

export function openAiAnswer(vectors: number[][], isBase64: boolean, model: string, tokens: number): JsonObject {
  return {
    object: "list",
    data: vectors.map((values, index) => ({
      object: "embedding",
      index,
      embedding: isBase64 ? toBase64(values) : values,
    })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}

export function geminiAnswer(vectors: number[][], isSingle: boolean): JsonObject {
  const embeddings = vectors.map((values) => ({ values }))
  return isSingle ? { embedding: embeddings[0]! } : { embeddings }
}

/** Little-endian 32-bit floats: what OpenAI's SDKs ask for and decode themselves. */
const toBase64 = (values: number[]) => Buffer.from(new Float32Array(values).buffer).toString("base64")

function fromBase64(text: string): number[] {
  const bytes = Buffer.from(text, "base64")
  if (bytes.length % 4 !== 0)
    throw new Refusal(502, "upstream", "The provider's embedding cannot be read.", { origin: "upstream" })
  return [...new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))]
}
