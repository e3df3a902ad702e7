/** Features of a text alone, by patterns: does it say when, does it ask, does it instruct for good? Pure. */
import { patternOf } from "./languages.ts"

const TIME =
  /\b(yesterday|today|tonight|tomorrow|last|next|ago|week|weekend|month|year|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|november|december|since|recently|\d{4}|\d+(?:st|nd|rd|th))\b/i
export const saysWhen = (text: string) => TIME.test(text)

const WHEN = /^\s*(when|how long|what (date|day|month|year)|which (day|month|year)|wann|cuándo|quand|quando)\b/i
export const asksWhen = (query: string) => WHEN.test(query)

const SUMMARY = patternOf("summary")
export const asksSummary = (query: string) => query.search(SUMMARY) >= 0

/** The share of its sentences that are questions, 0 to 1. */
export function asking(text: string): number {
  const sentences = text
    .slice(0, 2000)
    .split(/(?<=[.!?？。])\s+/)
    .filter((one) => one.length > 1)
  if (sentences.length === 0) return 0
  return sentences.filter((one) => /[?？]$/.test(one.trim())).length / sentences.length
}

const YOU = /\b(?:you|yours?)\b/gi
/** The share of its words that mean whom it is said to, 0 to 1: who speaks of the other tells little. */
export const addressing = (text: string): number =>
  (text.match(YOU)?.length ?? 0) / Math.max(1, text.split(/\s+/).length)

/**
 * Words of a standing instruction or preference. Measured on BEAM: 6 to 10 % of what users say, and in it nine tenths of the evidence for questions about
 * instructions, which no similarity finds.
 */
const STANDING =
  /\b(always|never|from now on|whenever i|every time i|i (?:really )?prefer|i(?:'d| would) (?:rather|prefer)|my preference|remember (?:that|to|this)|please (?:always|never)|call me|i(?:'m| am) (?:allergic|vegan|vegetarian)|immer|niemals|nenn mich|siempre|nunca|toujours|jamais)\b|总是|永远|以后|いつも|常に|항상/i
/** Text that tries to command a model is nobody's preference: OWASP ASI06, memory poisoning. */
const OVERRIDE =
  /\b(ignore|disregard|forget|override)\b[^.\n]{0,40}\b(previous|prior|above|earlier|all|any|system|safety)\b|\b(system prompt|developer mode|jailbreak|you are now|new instructions)\b|<\/?(system|instructions?)\b/i
/** Pasted text is longer than what people type of themselves. */
const MOST_TYPED = 500

export function isStanding(role: string, text: string): boolean {
  if (role !== "user" || text.length > MOST_TYPED || text.includes("```")) return false
  return STANDING.test(text) && !OVERRIDE.test(text)
}
