/** Anthropic's `cache_control`, which others took over. https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching */
import type { Json, JsonObject } from "../exchange.ts"
import { objectOf } from "./fields.ts"
import type { CacheMark } from "./form.ts"

/** To be spread into a part: empty where there is no mark. */
export function readCache(mark: Json | undefined): { cache?: CacheMark } {
  const control = objectOf(mark)
  return control ? { cache: { ttl: control["ttl"] === "1h" ? "1h" : "5m" } } : {}
}

export const writeCache = ({ ttl }: CacheMark): JsonObject =>
  ttl === "1h" ? { type: "ephemeral", ttl } : { type: "ephemeral" }
