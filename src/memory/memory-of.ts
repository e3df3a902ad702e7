/** A memory as the store has it, as people see it. */
import { parseExactly } from "../json/exact.ts"
import type { JsonObject } from "../exchange.ts"
import type { StoredMemory } from "../store/memory-tables.ts"
import type { Memory } from "./engine.ts"
import { redact } from "./redact.ts"

export const timeOf = ({ created_at }: StoredMemory): string => new Date(created_at).toISOString()

export function memoryOf(stored: StoredMemory): Memory {
  return {
    id: stored.id,
    user_id: stored.user_id,
    project: stored.project,
    session_id: stored.session_id,
    role: stored.role,
    speaker: stored.speaker,
    content: redact(stored.content),
    created_at: timeOf(stored),
    source: stored.source as Memory["source"],
    request_id: stored.request_id,
    metadata: stored.metadata === null ? null : (parseExactly(stored.metadata) as JsonObject),
  }
}
