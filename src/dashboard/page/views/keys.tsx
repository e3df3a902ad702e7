/** Keys and what each spent, by their aliases: no key is ever shown. */
import { useAsked, withQuery } from "../ask.ts"
import { compact, costOf, count, money } from "../format.ts"
import { PageHead, RangePicker } from "../parts/page-head.tsx"
import { Answer, Empty, FirstRequest } from "../parts/states.tsx"
import { Snippet } from "../parts/copy.tsx"
import { type Column, Table } from "../parts/table.tsx"
import { useSpan } from "../range.ts"
import { filteredBy, linkTo } from "../route.ts"
import type { UsageReport } from "../shapes.ts"
import type { ViewProps } from "./view.ts"

type Row = UsageReport["rows"][number]

export function Keys({ route, status }: ViewProps) {
  const { range, from } = useSpan(route.params)
  const asked = useAsked<UsageReport>(withQuery("/api/usage", { group_by: "key", from }))
  return (
    <>
      <PageHead title="Keys" lead="Which key opened the door, and what was spent with it.">
        <RangePicker route={route} value={range} />
      </PageHead>
      <section class="card">
        <h2>Master key</h2>
        {status.key_needed ? (
          <p>
            Set in <code>general_settings.master_key</code>. It opens everything, this page too: who has it sees what
            everybody asked and spent.
          </p>
        ) : (
          <>
            <p>Not set. memproxy answers callers on this machine only, and any key they send is ignored.</p>
            <Snippet
              label="Setting a master key"
              text={"general_settings:\n  master_key: os.environ/MEMPROXY_MASTER_KEY"}
            />
          </>
        )}
      </section>
      <h2 class="between">Spending by key</h2>
      <Answer asked={asked}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="Nothing was spent yet">
              <FirstRequest status={status} />
            </Empty>
          ) : (
            <Table caption="Spending by key" columns={columns(range)} rows={rows} keyOf={({ key }) => String(key)} />
          )
        }
      </Answer>
    </>
  )
}

const rowsOf = (key: Row["key"], range: string) =>
  linkTo("requests", filteredBy({ range }, "key", key as string | null))

const columns = (range: string): Column<Row>[] => [
  {
    name: "Key",
    cell: ({ key }) => (
      <a class="strong" href={rowsOf(key, range)}>
        {key ?? "no key"}
      </a>
    ),
  },
  {
    name: "Requests",
    isNumber: true,
    cell: ({ key, requests }) => <a href={rowsOf(key, range)}>{count(requests)}</a>,
  },
  { name: "Failed", isNumber: true, cell: ({ errors }) => count(errors) },
  { name: "Input", isNumber: true, title: "tokens", cell: ({ input_tokens }) => compact(input_tokens) },
  { name: "Output", isNumber: true, title: "tokens", cell: ({ output_tokens }) => compact(output_tokens) },
  { name: "Billed", isNumber: true, cell: ({ billed_usd }) => money(billed_usd) },
  { name: "Cost", isNumber: true, cell: costOf },
]
