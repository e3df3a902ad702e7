/** The same turn sent again of the same memories has the same block: agents and programs send requests again all the time. Bounded and in memory. */
import type { SentBlock } from "../store/sent-blocks.ts"
import type { TurnPlace } from "./sent-blocks.ts"

const MOST_KEPT = 500

interface Known {
  place: TurnPlace
  maxTokens: number
  /** null: nothing fits the turn */
  block: SentBlock | null
}

export class BlockMemo {
  readonly #known = new Map<number, Known>()
  #version: string | null = null

  /** Undefined: it has to be looked for. `version` is another one whenever what would be found may be another; null: that cannot be told. */
  find(
    { key, namespace, sessionId }: TurnPlace,
    maxTokens: number,
    version: string | null,
  ): SentBlock | null | undefined {
    if (version === null || version !== this.#version) return undefined
    const known = this.#known.get(key)
    const isSame =
      known?.maxTokens === maxTokens &&
      known.place.sessionId === sessionId &&
      known.place.namespace.userId === namespace.userId &&
      known.place.namespace.projectKey === namespace.projectKey
    return isSame ? known.block : undefined
  }

  /** `version`: from before it was looked for. */
  keep(place: TurnPlace, maxTokens: number, version: string | null, block: SentBlock | null): void {
    if (version === null) return
    if (version !== this.#version || this.#known.size >= MOST_KEPT) this.#known.clear()
    this.#version = version
    this.#known.set(place.key, { place, maxTokens, block })
  }
}
