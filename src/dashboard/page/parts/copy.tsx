/** A piece of text to take along: a command, a setting. */
import { useState } from "preact/hooks"
import { Icon } from "./icon.tsx"

const SAID_MS = 1_600

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [said, setSaid] = useState<string | null>(null)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setSaid("Copied")
    } catch {
      setSaid("Not allowed here")
    }
    setTimeout(() => setSaid(null), SAID_MS)
  }
  return (
    <button type="button" class="button small" onClick={copy}>
      <Icon name="copy" />
      <span aria-live="polite">{said ?? label}</span>
    </button>
  )
}

export const Snippet = ({ text, label }: { text: string; label: string }) => (
  <div class="snippet">
    <pre tabIndex={0} aria-label={label}>
      {text}
    </pre>
    <CopyButton text={text} />
  </div>
)
