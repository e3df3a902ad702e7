/** New rows as they happen. The browser connects again by itself after a break. */
import { useEffect, useRef, useState } from "preact/hooks"
import type { LedgerRow } from "../../exchange.ts"

/** null: do not listen. @returns whether the connection stands */
export function useLiveRows(path: string | null, onRow: (row: LedgerRow) => void): boolean {
  const [isOpen, setOpen] = useState(false)
  const latest = useRef(onRow)
  latest.current = onRow
  useEffect(() => {
    if (path === null) return
    const source = new EventSource(path)
    source.addEventListener("open", () => setOpen(true))
    source.addEventListener("error", () => setOpen(false))
    source.addEventListener("message", ({ data }) => latest.current(JSON.parse(String(data)) as LedgerRow))
    return () => {
      source.close()
      setOpen(false)
    }
  }, [path])
  return isOpen
}

const QUIET_MS = 1_500

/** What it returns may be called often; `act` is called a moment later, once for all. */
export function useSoon(act: () => void): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const latest = useRef(act)
  latest.current = act
  useEffect(() => () => clearTimeout(timer.current ?? undefined), [])
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = null
      latest.current()
    }, QUIET_MS)
  }
}

/** Calls back a moment after requests ended, however many there were. */
export function useChanges(reload: () => void): void {
  useLiveRows("/api/requests/stream", useSoon(reload))
}
