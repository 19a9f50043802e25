import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type SaleEvent, salesEvents } from '../eventstore/sales.ts';
import { type ContractToWrite, contractText } from '../stages/contract-text.ts';
import { type TestLake, type TestLakeOptions, testLake } from '../stages/harness.ts';
import { type Row, readRows } from '../stages/read-rows.ts';

/** A contract of a projection of sales, its key the sale unless said. */
export function salesProjection(
  name: string,
  columns: ContractToWrite['columns'],
  {
    version = '1.0.0',
    fold,
    key = [],
  }: { version?: string; fold?: string; key?: ContractToWrite['columns'] } = {},
): string {
  return contractText({
    dataset: `shop.${name}`,
    version,
    columns: [{ name: 'sale', key: true }, ...key, ...columns],
    assay: { layer: 'projection', inputs: ['shop.sales'], ...(fold === undefined ? {} : { fold }) },
  });
}

export const TOTALS = salesProjection('totals', [
  { name: 'sold', type: 'integer', required: true },
  { name: 'total', type: 'number', physicalType: 'DECIMAL(12,2)', required: true },
  { name: 'last_event' },
]);

/** Its state depends on the order of the events. */
export const TOTALS_CODE = `
export const initial = { sold: 0, total: '0', trail: '' };
export function apply(state, event) {
  return {
    sold: state.sold + 1,
    total: decimal.add(state.total, event.amount ?? '0'),
    last_event: event.event,
    trail: state.trail + event.event + '@' + event.nr + ';',
  };
}
`;

/** A lake with sales, their totals and other projections. */
export async function salesLake(
  others: readonly string[] = [],
  projections: Readonly<Record<string, string>> = {},
  options: Partial<TestLakeOptions> = {},
): Promise<TestLake> {
  return await testLake({
    ...options,
    contracts: [salesEvents(), TOTALS, ...others],
    projections: { 'shop/totals.ts': TOTALS_CODE, ...projections },
  });
}

/** Replaces a projection's code. */
export async function setCode(lake: TestLake, name: string, text: string): Promise<void> {
  const file = path.join(path.dirname(lake.lake.root), 'projections', name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

/** The published rows of a projection, as hyparquet reads them, without the snapshot that they came from. */
export async function projected(lake: TestLake, name: string, order = 'sale'): Promise<Row[]> {
  const { root, effects } = lake.lake;
  const rows = await readRows(effects.objects, { layer: 'projection', dataset: `shop.${name}`, root });
  return rows
    .map(({ silver_snapshot_id: _, ...row }) =>
      // hyparquet makes doubles of decimals, some of them off by an ulp.
      typeof row.total === 'number' ? { ...row, total: Math.round(row.total * 100) / 100 } : row,
    )
    .sort((a, b) => (String(a[order]) < String(b[order]) ? -1 : 1));
}

/** The totals of some events, by plain code that shares nothing with the platform: of equal versions the smaller id. */
export function totalsOf(events: readonly SaleEvent[]): Row[] {
  const sales = new Map<string, Map<number, SaleEvent>>();
  for (const event of events) {
    const own = sales.get(event.sale) ?? new Map<number, SaleEvent>();
    const other = own.get(event.nr);
    if (other === undefined || event.event < other.event) own.set(event.nr, event);
    sales.set(event.sale, own);
  }
  return [...sales.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([sale, own]) => {
      const inOrder = [...own.values()].sort((a, b) => a.nr - b.nr);
      const cents = inOrder.reduce((sum, { amount }) => sum + Math.round(Number(amount) * 100), 0);
      const times = inOrder.map(({ at }) => at).sort();
      return {
        sale,
        sold: BigInt(inOrder.length),
        total: cents / 100,
        last_event: inOrder.at(-1)?.event,
        _stream_version: BigInt(inOrder.at(-1)?.nr ?? 0),
        _event_at: `${times.at(-1)?.slice(0, 19)}.000000Z`,
      };
    });
}

/** What a follower of the totals holds in the end, by stream: the version of its last event, and its row. */
export const heldTotals = (events: readonly SaleEvent[]): Map<string, unknown> =>
  new Map(
    totalsOf(events).map(({ sale, sold, total, last_event, _stream_version }) => [
      String(sale),
      {
        version: String(_stream_version),
        sale,
        sold: Number(sold),
        total: Number(total).toFixed(2),
        last_event,
      },
    ]),
  );
