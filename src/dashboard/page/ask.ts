/** What the page asks of `/api`: with the session's cookie, never with a key. Who is not let in is sent to the login. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks"
import type { Page } from "./shapes.ts"

export class Refused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Told when an answer was 401: the session is over. */
export const LOGIN_NEEDED = "memproxy-login-needed"

/** @throws Refused with what the server said */
export async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  let answer: Response
  try {
    answer = await fetch(path, { credentials: "same-origin", ...init })
  } catch {
    throw new Refused(0, "memproxy does not answer. Is it running?")
  }
  if (answer.ok) return (answer.status === 204 ? null : await answer.json()) as T
  if (answer.status === 401 && path !== "/api/login") dispatchEvent(new Event(LOGIN_NEEDED))
  throw new Refused(answer.status, await reasonOf(answer))
}

export const post = <T>(path: string, body: unknown, method = "POST") =>
  ask<T>(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) })

async function reasonOf(answer: Response): Promise<string> {
  const text = await answer.text()
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string } | string }
    if (typeof error === "string") return error
    if (error?.message) return error.message
  } catch {
    // no JSON: the status says enough
  }
  return `The server answered ${answer.status}.`
}

export interface Asked<T> {
  /** of the last good answer: kept while the next one is on its way */
  data: T | null
  error: Refused | null
  isLoading: boolean
  reload: () => void
}

/** Asks again whenever the path changes; null asks nothing. */
export function useAsked<T>(path: string | null): Asked<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; error: Refused | null }>({
    path: null,
    data: null,
    error: null,
  })
  const latest = useRef(0)
  const reload = useCallback(() => {
    const turn = ++latest.current
    if (path === null) return
    ask<T>(path).then(
      (data) => turn === latest.current && setState({ path, data, error: null }),
      (error: Refused) => turn === latest.current && setState(({ data }) => ({ path, data, error })),
    )
  }, [path])
  useEffect(reload, [reload])
  return { data: state.data, error: state.error, isLoading: path !== null && state.path !== path, reload }
}

/** A list page by page: `more` adds the next one to those shown. Another first page begins anew, as does `reload`. */
export function usePages<T>(pathOf: (cursor: string | null) => string) {
  const first = pathOf(null)
  const asked = useAsked<Page<T>>(first)
  const [older, setOlder] = useState<{ of: string; page: Page<T> } | null>(null)
  const [error, setError] = useState<Refused | null>(null)
  const added = older?.of === first ? older.page : null
  const cursor = (added ?? asked.data)?.next_cursor ?? null
  const more = async () => {
    try {
      const page = await ask<Page<T>>(pathOf(cursor))
      setOlder({ of: first, page: { ...page, data: [...(added?.data ?? []), ...page.data] } })
    } catch (refused) {
      setError(refused as Refused)
    }
  }
  const reload = () => {
    setOlder(null)
    asked.reload()
  }
  return { asked, rows: [...(asked.data?.data ?? []), ...(added?.data ?? [])], cursor, more, error, reload }
}

/** The path with its parameters, empty ones left out. */
export function withQuery(path: string, params: Readonly<Record<string, string | number | null | undefined>>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(params))
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value))
  const query = search.toString()
  return query ? `${path}?${query}` : path
}
