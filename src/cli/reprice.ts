/** `memproxy reprice`: costs of past requests anew, by today's price table and the config's own prices. */
import { resolve } from "node:path"
import type { Usage } from "../exchange.ts"
import type { Config, Deployment } from "../settings.ts"
import { repriceRows } from "../store/reprice.ts"
import type { LedgerEntry } from "../store/rows.ts"
import { billedCost } from "../usage/billing.ts"
import { createPriceBook, type PriceBook } from "../usage/price-book.ts"
import { isRegional } from "../usage/tier-shares.ts"
import { command, messageOf, readOptions, WRONG_USAGE } from "./command.ts"
import { type LedgerIo, noLedger, ownZone, readConfig, readSince } from "./ledger-options.ts"
import { formatUsd } from "./terminal.ts"

const OPTIONS = {
  since: { type: "string", default: "all" },
  config: { type: "string" },
  "data-dir": { type: "string" },
} as const

/** @returns the exit code: 0 done, 1 no ledger or an unreadable one, 2 wrong usage */
export const runReprice = command("reprice", async (args, io: LedgerIo) => {
  const { values: given } = readOptions({ args, options: OPTIONS })
  const from = readSince(given.since, ownZone(), (io.now ?? Date.now)())
  const config = readConfig(given.config, io)
  if (config === null) return WRONG_USAGE
  const dir = given["data-dir"] === undefined ? (io.dataDir ?? config.dataDir) : resolve(io.cwd, given["data-dir"])
  const book = createPriceBook()
  await book.load()
  try {
    const done = await repriceRows(dir, from, (row) => priceOf(row, book, config))
    if (done === null) {
      io.err(noLedger(dir))
      return 1
    }
    const { rows, changed, before, after } = done
    io.out(
      `${changed} of ${rows} requests have another price now: ${formatUsd(before)} before, ${formatUsd(after)} after.`,
    )
    return 0
  } catch (error) {
    io.err(`The ledger in ${dir} cannot be repriced: ${messageOf(error)}`)
    return 1
  }
})

/** The row's own; else, since an entry that was given a price has another id, the one that is called so and asks for the same. null: it is in the config no more. */
function deploymentOf({ deployment_id, model, provider, upstream_model }: LedgerEntry, { deployments }: Config) {
  const alike = (one: Deployment) => one.provider === provider && one.model === upstream_model
  return (
    deployments.find(({ id }) => id === deployment_id) ??
    deployments.find((one) => one.name === model && alike(one)) ??
    deployments.find(alike)
  )
}

function priceOf(row: LedgerEntry, book: PriceBook, config: Config) {
  const deployment = deploymentOf(row, config)
  const provider = row.provider ?? ""
  const list = book.price({
    usage: usageOf(row),
    provider,
    model: row.upstream_model ?? "",
    answered: row.answered_model ?? row.upstream_model,
    baseModel: deployment?.baseModel ?? null,
    custom: deployment?.prices ?? null,
    serviceTier: row.service_tier,
    isRegional: deployment !== undefined && isRegional(deployment),
    operation: row.operation,
    at: Date.parse(row.started_at),
  })
  return { list, billed: billedCost(list.cost, provider, config.billing) }
}

const usageOf = (row: LedgerEntry): Usage => ({
  input: row.input_tokens ?? 0,
  cacheRead: row.cache_read_tokens ?? 0,
  cacheWrite: row.cache_write_tokens ?? 0,
  cacheWrite1h: row.cache_write_1h_tokens ?? 0,
  output: row.output_tokens ?? 0,
  reasoning: row.reasoning_tokens ?? 0,
  inputAudio: row.audio?.input ?? 0,
  cacheReadAudio: row.audio ? row.audio.cache_read : 0,
  outputAudio: row.audio?.output ?? 0,
  webSearches: row.web_searches ?? 0,
})
