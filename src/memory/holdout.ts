/** Whether a session goes without recalled memories, so that the others can be compared with it: the only honest proof that memory helps. Pure. */

/**
 * The same answer for a session whenever it is asked, decided by nothing but its id: over many sessions a `share` (0 to 1) of them is held out. Called by
 * `pipeline/memory.ts` before anything is recalled. A request without a session is never held out: its next one could not be kept apart.
 */
export function isHeldOut(sessionId: string | null, share: number): boolean {
  return sessionId !== null && share > 0 && fraction(sessionId) < share
}

/** FNV-1a (https://datatracker.ietf.org/doc/html/draft-eastlake-fnv) and MurmurHash3's finaliser, as a number from 0 to below 1. */
function fraction(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
