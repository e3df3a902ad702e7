/** The way in: the master key goes to the server once, and a cookie that no script can read comes back. */
import { useState } from "preact/hooks"
import { post, type Refused } from "../ask.ts"
import { Mark } from "../parts/mark.tsx"

export function Login({ onEnter }: { onEnter: () => void }) {
  const [error, setError] = useState<string | null>(null)
  const [isWaiting, setWaiting] = useState(false)
  const enter = async (event: Event) => {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    const key = String(new FormData(form).get("key") ?? "").trim()
    setWaiting(true)
    try {
      await post("/api/login", { key })
      form.reset()
      onEnter()
    } catch (refused) {
      setError((refused as Refused).message)
      setWaiting(false)
    }
  }
  return (
    <main class="login">
      <form class="card" onSubmit={enter}>
        <Mark />
        <h1>memproxy</h1>
        <p class="lead">Sign in with the master key of your configuration.</p>
        <label for="key">Master key</label>
        <input
          id="key"
          name="key"
          type="password"
          autocomplete="current-password"
          required
          autofocus
          spellcheck={false}
          aria-describedby={error ? "login-error" : "login-note"}
        />
        {error && (
          <p id="login-error" class="notice error" role="alert">
            {error}
          </p>
        )}
        <button type="submit" class="button primary" disabled={isWaiting}>
          {isWaiting ? "Signing in…" : "Sign in"}
        </button>
        <p id="login-note" class="note">
          It is <code>general_settings.master_key</code> in your config. The page does not keep it.
        </p>
      </form>
    </main>
  )
}
