/** Light or dark: the system's choice until somebody chooses here. The choice is all that the page keeps in the browser. */
import { useEffect, useState } from "preact/hooks"

export type Theme = "system" | "light" | "dark"
const KEY = "memproxy-theme"
const CHANGED = "memproxy-theme-changed"
const systemIsDark = matchMedia("(prefers-color-scheme: dark)")

export function readTheme(): Theme {
  const kept = localStorage.getItem(KEY)
  return kept === "light" || kept === "dark" ? kept : "system"
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(KEY)
  else localStorage.setItem(KEY, theme)
  const isDark = theme === "dark" || (theme === "system" && systemIsDark.matches)
  document.documentElement.dataset["theme"] = isDark ? "dark" : "light"
  dispatchEvent(new Event(CHANGED))
}

/** Changes whenever colours do: charts are drawn with them. */
export function useThemeChanges(): number {
  const [changes, setChanges] = useState(0)
  useEffect(() => {
    const changed = () => setChanges((count) => count + 1)
    addEventListener(CHANGED, changed)
    return () => removeEventListener(CHANGED, changed)
  }, [])
  return changes
}

systemIsDark.addEventListener("change", () => applyTheme(readTheme()))
