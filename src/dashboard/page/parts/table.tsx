/** A table from rows and columns. Narrow screens scroll it sideways, inside its own frame. */
import type { ComponentChildren } from "preact"

export interface Column<T> {
  name: string
  /** numbers stand at the right, under each other */
  isNumber?: boolean
  /** left out where the screen is narrow */
  isMinor?: boolean
  /** shown where the screen is wide */
  isExtra?: boolean
  title?: string
  cell: (row: T) => ComponentChildren
}

interface TableProps<T> {
  caption: string
  columns: readonly Column<T>[]
  rows: readonly T[]
  keyOf: (row: T) => string
  onOpen?: (row: T) => void
  isOpen?: (row: T) => boolean
  isNew?: (row: T) => boolean
}

const classOf = <T,>({ isNumber, isMinor, isExtra }: Column<T>) =>
  [isNumber && "number", isMinor && "minor", isExtra && "extra"].filter(Boolean).join(" ") || undefined

/** What its place cuts off is told under the pointer. */
function tellWhole({ target }: MouseEvent): void {
  const cell = (target as Element).closest("td")
  if (cell && cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent ?? ""
}

export function Table<T>({ caption, columns, rows, keyOf, onOpen, isOpen, isNew }: TableProps<T>) {
  return (
    <div class="table-frame" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" class={classOf(column)} title={column.title}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody onMouseOver={tellWhole}>
          {rows.map((row) => (
            <tr
              key={keyOf(row)}
              class={
                [onOpen && "openable", isOpen?.(row) && "open", isNew?.(row) && "new"].filter(Boolean).join(" ") ||
                undefined
              }
              onClick={onOpen && ((event) => !(event.target as Element).closest("a, button") && onOpen(row))}
            >
              {columns.map((column) => (
                <td key={column.name} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
