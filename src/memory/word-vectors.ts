/**
 * Reads the table of what words mean. It was made from sentence-transformers/all-MiniLM-L6-v2 (Apache License 2.0, https://www.apache.org/licenses/LICENSE-2.0), as model2vec
 * makes its own (https://github.com/MinishLab/model2vec): each of the 60,000 commonest English words (the order of GloVe's, public domain) is embedded alone; the mean and the
 * first principal component are taken away; 128 components are kept; words of one stem are averaged by 1 / (10 + rank) and weighted by 10⁻³ / (10⁻³ + frequency)
 * (Arora et al. 2017); a row is int8. In conversations left out of a fit it brings R@10 on BEAM-100K from 60.2 to 63.7, on LoCoMo from 83.0 to 84.3. Of others that were tried the token table of WordLlama was as good,
 * GloVe and tokenlearn's 64 dimensions did half as much. It makes ranking one to two milliseconds longer.
 */
import { readFileSync } from "node:fs"
import path from "./word-vectors.bin" with { type: "file" }
import { type WordVectors, readWordVectors } from "./rank/word-vectors.ts"

/** 5.7 MB: read when it is first needed. */
export function openWordVectors(): WordVectors {
  return readWordVectors(new Uint8Array(readFileSync(path)))
}
