/**
 * The blocks that went out with user turns, so that the same turns go out the same again: a provider's prompt cache holds a conversation only while its
 * beginning stays. What keeps them is given in; see `store/sent-blocks.ts`.
 */
import type { SentBlock } from "../store/sent-blocks.ts"
import type { Namespace } from "./namespace.ts"

/** A user turn's place in its conversation. Turns alike in another namespace are other turns. */
export interface TurnPlace {
  namespace: Namespace
  sessionId: string | null
  /** stands for the turn and all before it */
  key: number
}

/** Reads are synchronous and throw what the disk throws; writes are on disk within 50 ms. */
export interface SentBlocks {
  /** In the order of `keys`: what the turn of this session carried, else what a turn alike of another carried last, else null. */
  find(namespace: Namespace, sessionId: string | null, keys: readonly number[]): (SentBlock | null)[]
  put(place: TurnPlace, block: SentBlock): void
  /** The turn goes out without one now, whether it had one or not. */
  remove(place: TurnPlace): void
}
