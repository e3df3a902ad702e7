/** What a body became on its way: lines that went, came or stayed. Pure. Lines are compared by Hunt and Szymanski's longest common subsequence, bounded. */

export interface Line {
  kind: "same" | "gone" | "new"
  text: string
}

/** Beyond it a middle part is shown as replaced whole: the table of a comparison grows with the product. */
const MOST_CELLS = 4_000_000

/** JSON as people read it: indented, and the line breaks inside of texts as line breaks. Other text as it is. */
export function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2).replace(/(?<!\\)((?:\\\\)*)\\n/g, "$1\n")
  } catch {
    return body
  }
}

export function compareLines(before: string, after: string): Line[] {
  const a = before.split("\n")
  const b = after.split("\n")
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  return [
    ...a.slice(0, start).map(same),
    ...compareMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ]
}

const same = (text: string): Line => ({ kind: "same", text })
const gone = (text: string): Line => ({ kind: "gone", text })
const fresh = (text: string): Line => ({ kind: "new", text })

function compareMiddle(a: readonly string[], b: readonly string[]): Line[] {
  if (a.length * b.length > MOST_CELLS) return [...a.map(gone), ...b.map(fresh)]
  const width = b.length + 1
  /** length of the longest common subsequence from here on */
  const common = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] =
        a[i] === b[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!)
  const lines: Line[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) lines.push(same((j++, a[i++]!)))
    else if (j >= b.length || (i < a.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!))
      lines.push(gone(a[i++]!))
    else lines.push(fresh(b[j++]!))
  }
  return lines
}

/** The lines that changed and `around` lines beside them; a number stands for so many lines left out. */
export function changesOnly(lines: readonly Line[], around = 3): (Line | number)[] {
  const near = new Uint8Array(lines.length)
  lines.forEach(({ kind }, index) => kind !== "same" && near.fill(1, Math.max(0, index - around), index + around + 1))
  const shown: (Line | number)[] = []
  lines.forEach((line, index) => {
    const last = shown.at(-1)
    if (near[index]) shown.push(line)
    else if (typeof last === "number") shown[shown.length - 1] = last + 1
    else shown.push(1)
  })
  return shown
}
