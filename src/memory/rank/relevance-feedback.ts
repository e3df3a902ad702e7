/**
 * How like the likeliest a text is in its words: what says more of the same likely answers, too (pseudo-relevance feedback, https://en.wikipedia.org/wiki/Relevance_feedback).
 * Each of the best counts alone and as far as it is likely: their mean brought nothing. Pure.
 */

/** Those that others are compared with. */
const BEST = 5

export interface Likely {
  /** 0 to 1 */
  likelihood: number
  terms: readonly string[]
}

interface Word {
  /** the texts it is in */
  count: number
  /** the best it is in, as bits */
  best: number
}

/** `texts` best first. For each the greatest likelihood of one of the best, times how like that it is (the cosine of their words by idf among `texts`). */
export function likeBest(texts: readonly Likely[]): number[] {
  const known = new Map<string, Word>()
  const said = texts.map(({ terms }, at) =>
    [...new Set(terms)].map((term) => {
      let word = known.get(term)
      if (!word) known.set(term, (word = { count: 0, best: 0 }))
      word.count++
      if (at < BEST) word.best |= 1 << at
      return word
    }),
  )
  const products = said.map((words) => {
    const shared = new Float64Array(BEST)
    let own = 0
    for (const { count, best } of words) {
      const square = Math.log1p(texts.length / count) ** 2
      own += square
      for (let at = 0; best >> at; at++) if ((best >> at) & 1) shared[at]! += square
    }
    return { shared, length: Math.sqrt(own) || 1 }
  })
  return products.map(({ shared, length }) => {
    let most = 0
    texts.slice(0, BEST).forEach(({ likelihood }, at) => {
      most = Math.max(most, (likelihood * shared[at]!) / (length * products[at]!.length))
    })
    return most
  })
}
