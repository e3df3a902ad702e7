/** New rows as they happen. The browser connects again by itself after a break. */
import { useEffect, useRef, useState } from "preact/hooks"
import type { LedgerRow } from "../../exchange.ts"
import { LOGIN_NEEDED } from "./ask.ts"

/** Drawing a list takes as long for one row as for a hundred: hundreds of requests a second are not drawn one by one. */
const TOGETHER_MS = 250
const AGAIN_MS = 5_000

function useVisible(): boolean {
  const [isVisible, setVisible] = useState(!document.hidden)
  useEffect(() => {
    const changed = () => setVisible(!document.hidden)
    document.addEventListener("visibilitychange", changed)
    return () => document.removeEventListener("visibilitychange", changed)
  }, [])
  return isVisible
}

/**
 * null: do not listen. `onRows` gets the newest first; `onGap` is told when rows may have been missed. A page that nobody sees does not listen: a browser has six
 * connections to a server for all its tabs, and six that listen would leave the seventh without an answer.
 * @returns whether the connection stands
 */
export function useLiveRows(path: string | null, onRows: (rows: LedgerRow[]) => void, onGap: () => void): boolean {
  const [isOpen, setOpen] = useState(false)
  const latest = useRef({ onRows, onGap })
  latest.current = { onRows, onGap }
  const opened = useRef<string | null>(null)
  const isVisible = useVisible()
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    if (path === null || !isVisible) return
    const source = new EventSource(path)
    let waiting: LedgerRow[] = []
    let timer: ReturnType<typeof setTimeout> | null = null
    let again: ReturnType<typeof setTimeout> | null = null
    const pass = () => {
      timer = null
      latest.current.onRows(waiting.reverse())
      waiting = []
    }
    source.addEventListener("open", () => {
      setOpen(true)
      if (opened.current === path) latest.current.onGap()
      opened.current = path
    })
    source.addEventListener("error", () => {
      setOpen(false)
      // A lost connection the browser makes anew; what was refused it gives up: the session is over, or there are too many listeners.
      if (source.readyState !== EventSource.CLOSED) return
      dispatchEvent(new Event(LOGIN_NEEDED))
      again = setTimeout(() => setAttempt(attempt + 1), AGAIN_MS)
    })
    source.addEventListener("message", ({ data }) => {
      waiting.push(JSON.parse(String(data)) as LedgerRow)
      timer ??= setTimeout(pass, TOGETHER_MS)
    })
    return () => {
      source.close()
      clearTimeout(timer ?? undefined)
      clearTimeout(again ?? undefined)
      setOpen(false)
    }
  }, [path, isVisible, attempt])
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
  const soon = useSoon(reload)
  useLiveRows("/api/requests/stream", soon, soon)
}
