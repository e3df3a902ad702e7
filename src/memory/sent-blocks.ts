/**
 * The blocks that went out with user turns, so that the same turns go out the same again: a provider's prompt cache holds a conversation only while its
 * beginning stays.
 */
import type { SentBlockStore } from "../store/sent-blocks.ts"
import type { Namespace } from "./namespace.ts"

/** A user turn's place in its conversation. Turns alike in another namespace are other turns. */
export interface TurnPlace {
  namespace: Namespace
  /** what tells it from turns alike: the client's session, else the name of its block (`answered-turns.ts`) */
  sessionId: string | null
  /** stands for the turn and all before it */
  key: number
}

export type SentBlocks = Pick<SentBlockStore, "find" | "findRecent" | "put" | "remove">
