/** The value that would stand at `rank` were those from `left` to `right` sorted; afterwards none before it is larger. Hoare's selection, https://doi.org/10.1145/366622.366647 */
export function nthSmallest(values: Float64Array, rank: number, left: number, right: number): number {
  while (left < right) {
    const pivot = values[(left + right) >> 1]!
    let low = left
    let high = right
    while (low <= high) {
      while (values[low]! < pivot) low++
      while (values[high]! > pivot) high--
      if (low > high) break
      const swapped = values[low]!
      values[low++] = values[high]!
      values[high--] = swapped
    }
    if (rank <= high) right = high
    else if (rank >= low) left = low
    else break
  }
  return values[rank]!
}
