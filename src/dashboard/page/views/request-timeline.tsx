/** Where a request's time went: memory, memproxy itself, the wait for the first token, the stream. */
import { duration } from "../format.ts"
import type { Entry } from "../shapes.ts"

interface Step {
  name: string
  colour: string
  ms: number
}

/** The parts of `duration_ms` in their order; an answer that was not streamed has one wait. */
export function stepsOf({ duration_ms, overhead_ms, memory_ms, ttft_ms }: Entry): Step[] {
  const own = Math.min(overhead_ms ?? 0, duration_ms)
  const memory = Math.min(memory_ms ?? 0, own)
  const first = Math.max(own, Math.min(ttft_ms ?? duration_ms, duration_ms))
  return [
    { name: "memory", colour: "series-4", ms: memory },
    { name: "memproxy", colour: "series-3", ms: own - memory },
    {
      name: ttft_ms === null ? "waiting for the provider" : "waiting for the first token",
      colour: "series-1",
      ms: first - own,
    },
    { name: "streaming", colour: "series-2", ms: duration_ms - first },
  ].filter(({ ms }) => ms > 0)
}

export function Timeline({ entry }: { entry: Entry }) {
  const steps = stepsOf(entry)
  const whole = Math.max(entry.duration_ms, Number.MIN_VALUE)
  let before = 0
  return (
    <section>
      <h3>Timeline</h3>
      <svg class="timeline" viewBox="0 0 1000 18" preserveAspectRatio="none" aria-hidden="true">
        {steps.map(({ name, colour, ms }) => {
          const x = (1000 * before) / whole
          before += ms
          return <rect key={name} class={colour} x={x} width={Math.max(2, (1000 * ms) / whole)} height="18" />
        })}
      </svg>
      <ul class="legend">
        {steps.map(({ name, colour, ms }) => (
          <li key={name}>
            <svg class={`swatch ${colour}`} viewBox="0 0 10 10" aria-hidden="true">
              <rect width="10" height="10" rx="2.5" />
            </svg>
            {name} <b>{duration(ms)}</b>
          </li>
        ))}
        <li>
          in all <b>{duration(entry.duration_ms)}</b>
        </li>
      </ul>
      {entry.timeline.length > 0 && (
        <ol class="moments">
          {entry.timeline.map(({ at_ms, what }, index) => (
            <li key={index}>
              <b>{duration(at_ms)}</b> {what}
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
