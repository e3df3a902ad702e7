/** Numbers, texts and tables as a terminal shows them. */

export const number = new Intl.NumberFormat("en-US")
const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" })
const smallDollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumSignificantDigits: 2 })

/** To the cent; below one, two digits that count. */
export function formatUsd(usd: number): string {
  if (usd === 0 || usd >= 0.01) return dollars.format(usd)
  return usd < 0.000001 ? "<$0.000001" : smallDollars.format(usd)
}

export function formatMs(ms: number | null): string {
  if (ms === null) return "-"
  if (ms < 1_000) return `${Math.round(ms)} ms`
  return ms < 100_000 ? `${(ms / 1_000).toFixed(1)} s` : `${number.format(Math.round(ms / 60_000))} min`
}

/** What others wrote: none of it may speak to the terminal. */
export const inert = (text: string) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "�")

/** As `inert`, and no wider than its column. */
export function printable(text: string, width: number): string {
  const safe = inert(text)
  return Bun.stringWidth(safe) <= width ? safe : `${Bun.sliceAnsi(safe, 0, width - 1)}…`
}

/** Columns as wide as their widest cell; those from `numbers` on stand to the right. */
export function alignTable(cells: readonly string[][], numbers: number): string[] {
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => Bun.stringWidth(row[column]!))))
  return cells.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column]!, column >= numbers))
      .join("  ")
      .trimEnd(),
  )
}

function pad(text: string, width: number, isNumber: boolean): string {
  const space = " ".repeat(width - Bun.stringWidth(text))
  return isNumber ? space + text : text + space
}
