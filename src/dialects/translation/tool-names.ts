/** Tool names as the provider takes them, and back. Made anew for each request from its own tools and calls: nothing is kept. Pure. */
import type { FormRequest, FunctionTool } from "../form.ts"
import type { Dialect } from "../../exchange.ts"

/** What is not allowed, and how long. Gemini: https://ai.google.dev/api/caching#FunctionDeclaration; OpenAI and Anthropic agree on 64. */
const RULES: Readonly<Record<Dialect, { bad: RegExp; badStart: RegExp | null }>> = {
  "openai-chat": { bad: /[^a-zA-Z0-9_-]/g, badStart: null },
  "openai-responses": { bad: /[^a-zA-Z0-9_-]/g, badStart: null },
  anthropic: { bad: /[^a-zA-Z0-9_-]/g, badStart: null },
  gemini: { bad: /[^a-zA-Z0-9_.:-]/g, badStart: /^[^a-zA-Z_]/ },
}
const MOST_CHARS = 64

/** A tool as its client calls it. */
interface Named {
  name: string
  namespace?: string
}

/** Reversible for every tool of the request: two tools never share a name. */
export class ToolNames {
  readonly #rule: { bad: RegExp; badStart: RegExp | null }
  readonly #outward = new Map<string, string>()
  readonly #inward = new Map<string, Named>()
  readonly #freeform = new Set<string>()

  constructor(dialect: Dialect) {
    this.#rule = RULES[dialect]
  }

  /** The provider's name for the tool. Names that can stay come first, so call it for tools before calls. */
  outward({ name, namespace }: Named): string {
    const key = namespace === undefined ? name : `${namespace}\n${name}`
    let out = this.#outward.get(key)
    if (out === undefined) {
      out = this.#free(this.#clean(namespace === undefined ? name : flat(namespace, name)), key)
      this.#outward.set(key, out)
      this.#inward.set(out, namespace === undefined ? { name } : { name, namespace })
    }
    return out
  }

  /** The client's name for what the provider calls `name`; a name it made up stays. */
  inward(name: string): Named {
    return this.#inward.get(name) ?? { name }
  }

  /** Remembers that the client's tool takes a bare string, which the provider gets as one JSON argument. */
  wrap(tool: FunctionTool): void {
    this.#freeform.add(this.outward(tool))
  }

  isWrapped(outward: string): boolean {
    return this.#freeform.has(outward)
  }

  #clean(name: string): string {
    const { bad, badStart } = this.#rule
    const clean = name.replace(bad, "_")
    return badStart?.test(clean) ? `_${clean}` : clean || "_"
  }

  #free(clean: string, key: string): string {
    if (clean.length <= MOST_CHARS && !this.#inward.has(clean)) return clean
    const mark = `_${Bun.hash(key).toString(36)}`
    return clean.slice(0, MOST_CHARS - mark.length) + mark
  }
}

/** Codex' MCP namespaces end in `__` themselves. */
const flat = (namespace: string, name: string) =>
  namespace.endsWith("__") ? namespace + name : `${namespace}__${name}`

/** The names of everything in the request, the tools' own first. */
export function nameTools(form: FormRequest, dialect: Dialect): ToolNames {
  const names = new ToolNames(dialect)
  const functions = form.tools.filter((tool) => tool.kind === "function")
  for (const tool of functions) if (tool.namespace === undefined) names.outward(tool)
  for (const tool of functions) if (tool.namespace !== undefined) names.outward(tool)
  return names
}
