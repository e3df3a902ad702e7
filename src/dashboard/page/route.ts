/** Where one is: the hash holds the view and its filters, so that every state of the page is a link. */
import { useEffect, useState } from "preact/hooks"

export type Params = Readonly<Record<string, string>>

export interface Route {
  view: string
  params: Params
}

/** `#/requests?client=codex` */
export function readRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2)
  return { view: path || "overview", params: Object.fromEntries(new URLSearchParams(query)) }
}

/** Parameters that are empty are left out. */
export function linkTo(view: string, params: Readonly<Record<string, string | null | undefined>> = {}): string {
  const given = Object.entries(params).filter((pair): pair is [string, string] => !!pair[1])
  const query = new URLSearchParams(given).toString()
  return `#/${view}${query && `?${query}`}`
}

/** The filters that ask for what is not known: `unknown=client,project`, as in `/api/requests`. */
export const unknownOf = (params: Params): readonly string[] => params["unknown"]?.split(",") ?? []

/** The parameters with one filter more, or another value of it; null: by what is not known; undefined: without it. */
export function filteredBy(params: Params, name: string, value: string | null | undefined): Record<string, string> {
  const { [name]: _, unknown: __, ...others } = params
  const unknown = unknownOf(params).filter((one) => one !== name)
  if (value === null) unknown.push(name)
  return { ...others, ...(value && { [name]: value }), ...(unknown.length > 0 && { unknown: unknown.join(",") }) }
}

/** `replace` leaves no step in the history: for what is a refinement of where one is. */
export function go(link: string, replace = false): void {
  if (!replace) {
    location.hash = link
    return
  }
  history.replaceState(null, "", link)
  dispatchEvent(new HashChangeEvent("hashchange"))
}

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const changed = () => setHash(location.hash)
    addEventListener("hashchange", changed)
    return () => removeEventListener("hashchange", changed)
  }, [])
  return readRoute(hash)
}
