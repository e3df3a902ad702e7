/**
 * Which block a turn carried, by how it was answered: conversations may begin with the same words, and where the client names no session nothing else tells them apart.
 * Bounded and in memory: after a restart, and of an answer that the client changed, the newest counts.
 */
import { keepRecent } from "../keep-recent.ts"
import type { TurnPlace } from "./sent-blocks.ts"

const MOST_KEPT = 20_000

/** The name of no block. */
export const NO_BLOCK = "#"

/** Of a block, among those of turns with the same words: alike for blocks that are alike. */
export const blockName = (text: string | null): string =>
  text === null ? NO_BLOCK : NO_BLOCK + Bun.hash.wyhash(text).toString(36)

export class AnsweredTurns {
  readonly #names = new Map<bigint, string>()

  /** `answer`: its mark; "": it is not known, and stands for all that are not. */
  note(turn: Turn, answer: string, name: string): void {
    const id = idOf(turn, answer)
    if (this.#names.get(id) !== name) keepRecent(this.#names, id, name, MOST_KEPT)
  }

  /** The name of the block; null: nothing is known of the turn. */
  find(turn: Turn, answer: string): string | null {
    const name = answer === "" ? undefined : this.#names.get(idOf(turn, answer))
    return name ?? this.#names.get(idOf(turn, "")) ?? null
  }
}

type Turn = Pick<TurnPlace, "namespace" | "key">

/** A turn's key stands for its user, too. */
const idOf = ({ namespace, key }: Turn, answer: string) =>
  Bun.hash.wyhash(`${namespace.projectKey}\n${answer}`, BigInt(key))
