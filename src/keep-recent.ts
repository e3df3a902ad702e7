/** The same answers, of which the last is kept: mostly it is asked for again. */
export function keepLast<K, V>(read: (key: K) => V): (key: K) => V {
  let last: { key: K; value: V } | null = null
  return (key) => (last?.key === key ? last : (last = { key, value: read(key) })).value
}

/** Keeps `value` as the newest of at most `limit` entries: the one that was kept longest ago goes. */
export function keepRecent<K, V>(map: Map<K, V>, key: K, value: V, limit: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > limit) map.delete(map.keys().next().value!)
}
