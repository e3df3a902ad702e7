/** The frame around every view: navigation, theme, the way in and out. */
import { useEffect, useRef, useState } from "preact/hooks"
import { LOGIN_NEEDED, post, useAsked } from "./ask.ts"
import { Icon, type IconName } from "./parts/icon.tsx"
import { Mark } from "./parts/mark.tsx"
import { Failed } from "./parts/states.tsx"
import { linkTo, useRoute } from "./route.ts"
import type { Status } from "./shapes.ts"
import { applyTheme, readTheme, type Theme } from "./theme.ts"
import { Clients } from "./views/clients.tsx"
import { Keys } from "./views/keys.tsx"
import { Login } from "./views/login.tsx"
import { Memories } from "./views/memories.tsx"
import { Overview } from "./views/overview.tsx"
import { QualityView } from "./views/quality.tsx"
import { Requests } from "./views/requests.tsx"
import { Sessions } from "./views/sessions.tsx"
import { Settings } from "./views/settings.tsx"
import type { ViewProps } from "./views/view.ts"

const VIEWS: readonly { name: IconName & string; label: string; View: (props: ViewProps) => preact.JSX.Element }[] = [
  { name: "overview", label: "Overview", View: Overview },
  { name: "requests", label: "Requests", View: Requests },
  { name: "sessions", label: "Sessions", View: Sessions },
  { name: "clients", label: "Clients", View: Clients },
  { name: "memory", label: "Memory", View: Memories },
  { name: "quality", label: "Quality & errors", View: QualityView },
  { name: "keys", label: "Keys", View: Keys },
  { name: "settings", label: "Settings", View: Settings },
]

export function Shell() {
  const route = useRoute()
  const login = useAsked<{ needed: boolean }>("/api/login")
  const status = useAsked<Status>(login.data?.needed === false ? "/api/status" : null)
  useEffect(() => {
    addEventListener(LOGIN_NEEDED, login.reload)
    return () => removeEventListener(LOGIN_NEEDED, login.reload)
  }, [login.reload])
  if (login.error) return <Failed error={login.error} retry={login.reload} />
  if (login.data?.needed) return <Login onEnter={login.reload} />
  if (!status.data)
    return status.error ? <Failed error={status.error} retry={status.reload} /> : <div class="waiting" />
  return <Frame route={route} status={status.data} />
}

function Frame({ route, status }: ViewProps) {
  const { View, name } = VIEWS.find((one) => one.name === route.view) ?? VIEWS[0]!
  const main = useRef<HTMLElement>(null)
  const isFirst = useRef(true)
  // A reader of the page should hear that it changed; at the beginning it has not.
  useEffect(() => {
    if (!isFirst.current) main.current?.querySelector<HTMLElement>("#view-title")?.focus({ preventScroll: true })
    isFirst.current = false
    // Where the navigation is a strip, the view's own name may lie outside of it.
    main.current?.parentElement?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" })
    scrollTo(0, 0)
  }, [name])
  return (
    <div class="frame">
      <a class="skip" href="#view" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the content
      </a>
      <header class="side">
        <a class="brand" href={linkTo("overview")}>
          <Mark />
          <span>
            memproxy <span class="version">{status.version}</span>
          </span>
        </a>
        <nav aria-label="Views">
          {VIEWS.map((view) => (
            <a
              key={view.name}
              href={linkTo(view.name, { range: route.params["range"] })}
              aria-current={view.name === name ? "page" : undefined}
            >
              <Icon name={view.name} />
              {view.label}
              {view.name === "settings" && status.findings.error > 0 && (
                <span class="badge bad" title={`${status.findings.error} errors in the configuration`}>
                  {status.findings.error}
                </span>
              )}
            </a>
          ))}
        </nav>
        <div class="side-foot">
          <ThemeSwitch />
          {status.key_needed && (
            <button type="button" class="button small quiet" onClick={leave}>
              <Icon name="leave" />
              Sign out
            </button>
          )}
        </div>
      </header>
      <main id="view" ref={main} tabIndex={-1}>
        {status.ledger.last_error !== null && (
          <div class="notice error" role="alert">
            The ledger cannot be written: {status.ledger.last_error}. {status.ledger.queued} rows wait in memory.
          </div>
        )}
        <View route={route} status={status} />
      </main>
    </div>
  )
}

async function leave() {
  await post("/api/logout", {})
  location.reload()
}

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" }

function ThemeSwitch() {
  const [theme, setTheme] = useState(readTheme)
  const label = `Theme: ${theme}. Change to ${NEXT[theme]}.`
  const choose = () => {
    const next = NEXT[theme]
    applyTheme(next)
    setTheme(next)
  }
  return (
    <button type="button" class="button small quiet" onClick={choose} aria-label={label} title={label}>
      <Icon name={theme} />
      <span class="theme-word">{theme}</span>
    </button>
  )
}
