/** Parsed JSON that a test looks into: the one place where the tests do without types. */
// oxlint-disable-next-line no-explicit-any
export type Loose = any

/** Parses, or null where it is not JSON. */
export function parseLoose(text: string): Loose {
  try {
    return JSON.parse(text)
  } catch {
    return null // the caller looks at the text instead
  }
}
