/** What every view is given. Types only. */
import type { Route } from "../route.ts"
import type { Status } from "../shapes.ts"

export interface ViewProps {
  route: Route
  status: Status
}
