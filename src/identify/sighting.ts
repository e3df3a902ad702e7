import type { Caller, HeaderFields } from "../exchange.ts"
import type { JsonNode } from "../json/json-node.ts"

/** What `identify` may look at. */
export interface Sighting {
  headers: HeaderFields
  /** null for requests without one */
  body: JsonNode | null
  /** from the path: `/u/USER`, `/p/PROJECT` */
  prefixUser: string | null
  prefixProject: string | null
  caller: Caller
}
