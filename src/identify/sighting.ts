import type { Caller, HeaderFields } from "../exchange.ts"
import type { Prompt } from "./prompt.ts"

/** What `identify` may look at. */
export interface Sighting {
  headers: HeaderFields
  /** null for requests without one */
  body: Prompt | null
  /** from the path: `/u/USER`, `/p/PROJECT` */
  prefixUser: string | null
  prefixProject: string | null
  caller: Caller
}
