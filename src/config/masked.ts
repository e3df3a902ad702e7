/** Objects that show no secrets when printed. They are what they were to everybody who reads their keys. */

import type { Json } from "../exchange.ts"
import { looksSecret, type Tree } from "./tree.ts"

const HIDDEN = "[secret]"

/** The same object, whose JSON and console text say `[secret]` for every text that `hides` names. */
export function masked<T extends object>(object: T, hides: (key: string) => boolean = looksSecret): T {
  const shown = (): unknown =>
    JSON.parse(
      JSON.stringify({ ...object }, (key, value: unknown) =>
        typeof value === "string" && hides(key) ? HIDDEN : value,
      ),
    )
  Object.defineProperty(object, "toJSON", { value: shown })
  return Object.defineProperty(object, Symbol.for("nodejs.util.inspect.custom"), { value: shown })
}

/** A node as the file says it: variables by name, keys and passwords not at all. */
export function asWritten(tree: Tree, name = ""): Json {
  if (tree.kind === "map")
    return Object.fromEntries([...tree.entries].map(([key, child]) => [key, asWritten(child, key)]))
  if (tree.kind === "list") return tree.items.map((item) => asWritten(item, name))
  if (tree.variable !== null) return `os.environ/${tree.variable}`
  const text = typeof tree.value === "string" && Number.isNaN(Number(tree.value))
  return text && looksSecret(name) ? HIDDEN : tree.value
}
