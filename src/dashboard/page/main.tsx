/** The page's beginning. The order of reading: `shell.tsx`, then `views/`. */
import { render } from "preact"
import { Shell } from "./shell.tsx"
import { applyTheme, readTheme } from "./theme.ts"

applyTheme(readTheme())
render(<Shell />, document.getElementById("page")!)
