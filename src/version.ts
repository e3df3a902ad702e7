/** The version, from package.json, so that it is written once. */
import { version } from "../package.json" with { type: "json" }

export { version }
