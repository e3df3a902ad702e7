/** From the list price to what is billed: LiteLLM's `cost_discount_config` and `cost_margin_config`. Pure; a subscription's 0 is decided elsewhere. */
import type { Billing } from "../settings.ts"

/**
 * The discount first, then the margin; a provider's own margin comes before the `global` one. USD.
 * Source: LiteLLM's `cost_calculator.py`, `_apply_cost_discount` and `_apply_cost_margin`.
 */
export function billedCost(list: number | null, provider: string, { discounts, margins }: Billing): number | null {
  if (list === null) return null
  const discounted = list * (1 - (discounts[provider] ?? 0))
  const margin = margins[provider] ?? margins["global"]
  return margin ? discounted * (1 + margin.percentage) + margin.fixedAmount : discounted
}
