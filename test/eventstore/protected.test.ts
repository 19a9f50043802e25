import { expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { supersededPaths } from '../../etl/eventstore/superseded.ts';
import { contractText } from '../stages/contract-text.ts';
import { testLake } from '../stages/harness.ts';
import { readParquetRows } from '../stages/read-rows.ts';

const CONTRACT = `${contractText({
  dataset: 'shop.moves',
  columns: [
    { name: 'event', required: true },
    {
      ...{ name: 'customer', required: true, classification: 'personal' },
      assay: { protect: { as: 'pseudonym', group: 'ids' } },
    },
    { name: 'nr', type: 'integer', required: true },
    { name: 'what', required: true },
    { name: 'at', type: 'timestamp', required: true },
    {
      ...{ name: 'address', classification: 'personal' },
      assay: { protect: { as: 'encrypted', group: 'contact' } },
    },
  ],
  assay: {
    subject: { column: 'customer', kind: 'customer' },
    events: { stream: 'customer', type: 'what', at: 'at', version: 'nr', id: 'event' },
  },
})}slaProperties:
  - {property: retention, value: 60, unit: y, element: moves.at}
`;
const line = (event: string, customer: string, nr: number, address: string): string =>
  `${event},${customer},${nr},moved,2024-05-0${nr}T10:00:00Z,${address}\n`;
const file = (...lines: readonly string[]): string => `event,customer,nr,what,at,address\n${lines.join('')}`;

test('events of people are repeats and give way in their envelopes, and nothing of them is in the clear', async () => {
  const lake = await testLake({ contracts: [CONTRACT], vault: true });
  try {
    const [second, other] = [
      line('e2', 'cust-anna', 1, '1 Elm Row'),
      line('e3', 'cust-bert', 1, '2 Elm Row'),
    ];
    await lake.dropAndRun({ 'a.csv': file(second, other) });
    const again = await lake.dropAndRun({ 'b.csv': file(second, line('e4', 'cust-anna', 2, '3 Elm Row')) });
    expect(again.seal?.counts).toMatchObject({ silver: 1, repeats: 1 });
    const { seal } = await lake.dropAndRun({ 'c.csv': file(line('e1', 'cust-anna', 1, '9 Oak Row')) });
    expect(seal?.superseded).toMatchObject({ records: 1 });
    const silver = await lake.rows('silver');
    expect(silver.map((row) => row.event).sort()).toEqual(['e1', 'e3', 'e4']);
    const [gone] = await lake.rows('condemned');
    expect(gone?.reasons).toMatchObject([{ rule: 'gave way', code: 'DUPLICATE', value: 'e1' }]);
    const path = (await supersededPaths(lake.lake.effects, lake.dataset)).get('run-003') ?? '';
    const kept = await readParquetRows(path);
    expect(kept).toHaveLength(1);
    const stream = silver.find((row) => row.event === 'e1')?.customer;
    expect(kept[0]?.customer).toBe(stream);
    const text = (value: unknown): string =>
      JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one));
    expect(text([silver, gone, kept])).not.toMatch(/cust-|Elm|Oak/);
    expect((await auditDataset(lake.lake.effects, { dataset: lake.dataset })).problems).toEqual([]);
  } finally {
    await lake.dispose();
  }
});
