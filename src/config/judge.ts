/** Whether a model judges answers, and how many for how much. Who asks it is `pipeline/judge.ts`. */
import type { Config } from "../settings.ts"
import type { ConfigFile } from "./schema.ts"
import { find, type MapTree, type Report } from "./tree.ts"

/** Off without a model: what it costs is the owner's to decide. */
export function readJudge(
  root: MapTree,
  written: NonNullable<ConfigFile["memproxy"]>["judge"],
  report: Report,
): Config["judge"] {
  if (!written) return null
  const { model, sample = 0.05, budget_usd_per_day: budgetUsdPerDay = 1 } = written
  if (model !== undefined) return { model, sample, budgetUsdPerDay }
  const node = find(root, "memproxy", "judge")
  report("error", node?.key ?? node ?? root, "needs `model`, the name of a model of model_list: nothing is judged")
  return null
}
