/** A chart over time that explains itself: a title, a sentence, a legend with totals, the values under the pointer, and the same as a table. */
import { useEffect, useRef, useState } from "preact/hooks"
import uPlot from "uplot"
import { withoutZeros } from "../format.ts"
import { go } from "../route.ts"
import { useThemeChanges } from "../theme.ts"
import { Table } from "./table.tsx"

export interface Series {
  name: string
  /** a colour token: `--series-1` */
  colour: string
  values: readonly (number | null)[]
  /** beside the name in the legend */
  total: string
}

interface ChartProps {
  title: string
  note: string
  /** starts of the buckets, epoch milliseconds */
  starts: readonly number[]
  unit: "hour" | "day"
  series: readonly Series[]
  /** bars stand on each other; lines do not */
  kind: "bars" | "lines"
  format: (value: number | null) => string
  /** of things counted: half of one is none */
  isWhole?: boolean
  /** where a bucket leads, from its start to its end: by a click on the chart, or from the table */
  linkOf?: (from: number, to: number) => string
}

const HEIGHT = 190
/** Distances of an axis' lines. */
const WHOLE = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((one) => one * 10 ** power)).flat()
const HOUR_MS = 3_600_000
const dayName = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" })
const hourName = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" })

const bucketName = (start: number, unit: "hour" | "day") =>
  (unit === "day" ? dayName : hourName).format(new Date(start))

export function Chart(props: ChartProps) {
  const { title, note, starts, unit, series, kind, format, linkOf } = props
  const frame = useRef<HTMLDivElement>(null)
  const [under, setUnder] = useState<number | null>(null)
  const colours = useThemeChanges()
  const endOf = (index: number) => starts[index + 1] ?? starts[index]! + (unit === "day" ? 24 : 1) * HOUR_MS

  useEffect(() => {
    const into = frame.current!
    const plot = draw(into, { ...props, onUnder: setUnder })
    const observer = new ResizeObserver(() => plot.setSize({ width: into.clientWidth, height: HEIGHT }))
    observer.observe(into)
    const clicked = () => {
      const index = plot.cursor.idx
      if (typeof index !== "number" || starts[index] === undefined) return
      go(linkOf!(starts[index], endOf(index)))
    }
    if (linkOf) plot.over.addEventListener("click", clicked)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [starts, series, colours])

  const at = under === null ? null : starts[under]
  return (
    <figure class="card chart" aria-label={title}>
      <figcaption>
        <h2>{title}</h2>
        <p class="note">{note}</p>
      </figcaption>
      <ul class="legend">
        <li class="muted">{at == null ? (kind === "bars" ? "in all" : "each bucket") : bucketName(at, unit)}</li>
        {series.map(({ name, colour, total, values }) => (
          <li key={name}>
            <svg class={`swatch ${colour}`} viewBox="0 0 10 10" aria-hidden="true">
              <rect width="10" height="10" rx="2.5" />
            </svg>
            {name} <b>{under === null ? total : format(values[under] ?? null)}</b>
          </li>
        ))}
      </ul>
      <div class={linkOf ? "plot pickable" : "plot"} ref={frame} aria-hidden="true" />
      <details>
        <summary>As a table</summary>
        <Table
          caption={title}
          rows={starts.map((start, index) => ({ start, index }))}
          keyOf={({ start }) => String(start)}
          columns={[
            {
              name: unit === "day" ? "Day" : "Hour",
              cell: ({ start, index }) =>
                linkOf ? <a href={linkOf(start, endOf(index))}>{bucketName(start, unit)}</a> : bucketName(start, unit),
            },
            ...series.map(({ name, values }) => ({
              name,
              isNumber: true,
              cell: ({ index }: { index: number }) => format(values[index] ?? null),
            })),
          ]}
        />
      </details>
      <p class="unseen">{kind === "bars" ? "Stacked bars" : "Lines"} over time.</p>
    </figure>
  )
}

/** Each on top of those before it. */
function stack(series: readonly Series[]): (number | null)[][] {
  let below: (number | null)[] = []
  return series.map(({ values }) => (below = values.map((value, index) => (value ?? 0) + (below[index] ?? 0))))
}

function draw(
  into: HTMLElement,
  { starts, unit, series, kind, format, isWhole, onUnder }: ChartProps & { onUnder: (index: number | null) => void },
): uPlot {
  const style = getComputedStyle(into)
  const colour = (token: string) => style.getPropertyValue(`--${token}`).trim()
  const isBars = kind === "bars"
  const columns = isBars ? stack(series) : series.map(({ values }) => [...values])
  // The tallest is drawn first, and what stands in front of it over it.
  const drawn = series.map(({ colour: token, name }, index) => ({ token, name, values: columns[index]! }))
  if (isBars) drawn.reverse()
  const bars = uPlot.paths.bars!({ size: [0.66, 34] })
  const axis = { stroke: colour("muted"), font: `11px ${style.fontFamily}`, ticks: { show: false } }
  const half = (unit === "day" ? 24 : 1) * 1800
  return new uPlot(
    {
      width: into.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      padding: [10, 18, 0, 0], // the last label needs room
      cursor: { y: false, drag: { x: false, y: false }, points: { show: !isBars } },
      scales: {
        x: { range: () => [starts[0]! / 1000 - half, starts.at(-1)! / 1000 + half] },
        y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
      },
      series: [
        {},
        ...drawn.map(({ token, name }) => ({
          label: name,
          stroke: colour(token),
          ...(isBars
            ? { fill: colour(token), width: 0, paths: bars, points: { show: false } }
            : { width: 2, spanGaps: true, points: { show: starts.length < 40, size: 5, fill: colour(token) } }),
        })),
      ],
      axes: [
        {
          ...axis,
          size: 30,
          grid: { show: false },
          splits: () => evenly(starts, into.clientWidth).map((start) => start / 1000),
          values: (_, splits) => splits.map((second) => bucketName(second * 1000, unit)),
        },
        {
          ...axis,
          size: 56,
          ...(isWhole && { incrs: WHOLE }),
          grid: { stroke: colour("line"), width: 1 },
          values: (_, splits) => splits.map((value) => withoutZeros(format(value))),
        },
      ],
      hooks: {
        setCursor: [
          ({ cursor }) => onUnder(cursor.left !== undefined && cursor.left >= 0 ? (cursor.idx ?? null) : null),
        ],
      },
    },
    [starts.map((start) => start / 1000), ...drawn.map(({ values }) => values)] as uPlot.AlignedData,
    into,
  )
}

/** As many labels as there is room for. */
function evenly(starts: readonly number[], width: number): number[] {
  const step = Math.max(1, Math.ceil(starts.length / Math.max(2, Math.floor(width / 76))))
  return starts.filter((_, index) => (starts.length - 1 - index) % step === 0)
}
