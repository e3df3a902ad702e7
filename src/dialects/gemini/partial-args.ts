/** A call's arguments as Vertex streams them: values by JSON path, strings in pieces. https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc */
import type { Json, JsonObject } from "../../exchange.ts"
import { objectsOf, textOf } from "../fields.ts"

const MOST_INDEX = 10_000

export class PartialArgs {
  readonly #root: JsonObject = {}

  add(partials: Json | undefined): void {
    for (const partial of objectsOf(partials)) {
      const path = stepsOf(textOf(partial["jsonPath"]) ?? "")
      if (path.length > 0) this.#set(path, partial)
    }
  }

  get json(): string {
    return JSON.stringify(this.#root)
  }

  #set(path: (string | number)[], partial: JsonObject): void {
    let at: JsonObject | Json[] = this.#root
    path.forEach((step, index) => {
      const slots = at as Record<string | number, Json>
      if (index === path.length - 1) {
        const before = slots[step]
        const piece = valueOf(partial)
        slots[step] = typeof before === "string" && typeof piece === "string" ? before + piece : piece
        return
      }
      const inside = slots[step]
      if (typeof inside !== "object" || inside === null) slots[step] = typeof path[index + 1] === "number" ? [] : {}
      at = slots[step] as JsonObject | Json[]
    })
  }
}

function valueOf(partial: JsonObject): Json {
  for (const name of ["stringValue", "numberValue", "boolValue"]) if (partial[name] !== undefined) return partial[name]!
  return null
}

/** `$.a.b[0]['c']` */
function stepsOf(path: string): (string | number)[] {
  const steps: (string | number)[] = []
  for (const [, name, index, quoted] of path.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\[['"](.*?)['"]\]/g)) {
    if (index !== undefined) steps.push(Math.min(MOST_INDEX, Number(index)))
    else steps.push(safeName(name ?? quoted ?? ""))
  }
  return steps
}

const safeName = (name: string) => (name === "__proto__" ? "_proto_" : name)
