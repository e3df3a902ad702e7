/** New rows as they happen. The browser connects again by itself after a break. */
import { useEffect, useRef, useState } from "preact/hooks"
import type { LedgerRow } from "../../exchange.ts"

/** Drawing a list takes as long for one row as for a hundred: hundreds of requests a second are not drawn one by one. */
const TOGETHER_MS = 250

/** null: do not listen. `onRows` gets the newest first. @returns whether the connection stands */
export function useLiveRows(path: string | null, onRows: (rows: LedgerRow[]) => void): boolean {
  const [isOpen, setOpen] = useState(false)
  const latest = useRef(onRows)
  latest.current = onRows
  useEffect(() => {
    if (path === null) return
    const source = new EventSource(path)
    let waiting: LedgerRow[] = []
    let timer: ReturnType<typeof setTimeout> | null = null
    const pass = () => {
      timer = null
      latest.current(waiting.reverse())
      waiting = []
    }
    source.addEventListener("open", () => setOpen(true))
    source.addEventListener("error", () => setOpen(false))
    source.addEventListener("message", ({ data }) => {
      waiting.push(JSON.parse(String(data)) as LedgerRow)
      timer ??= setTimeout(pass, TOGETHER_MS)
    })
    return () => {
      source.close()
      clearTimeout(timer ?? undefined)
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
