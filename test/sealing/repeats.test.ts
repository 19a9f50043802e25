import { expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { salesContract } from '../cli/shop.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';

test('of a key in two files one record stays in Silver, also where a third file repeats the first, in the same run', async () => {
  const first = ['accepted', 'accepted', 'repeat'];
  for (const [policy, statuses] of [
    ['condemn', first],
    ['keep-first', first],
    // The bytes of the first came again at last, and the last arrival counts.
    ['replace', ['repeat', 'accepted', 'accepted']],
  ] as const) {
    const contract = salesContract().replace(
      'customProperties:\n',
      `customProperties:\n      - property: assay.duplicates\n        value: ${policy}\n`,
    );
    const lake = await testLake({ contracts: [contract] });
    const file = (customer: string) =>
      `sale_id,customer,amount,sold_on\n1,${customer},1.00,2024-01-02\n2${customer},x,1.00,2024-01-02\n`;
    const { seal } = await lake.dropAndRun({
      'one.csv': file('one'),
      'two.csv': file('two'),
      'zzz.csv': file('one'),
    });
    expect(seal?.files.map(({ status }) => status)).toEqual(statuses);
    const rows = await lake.rows('silver');
    expect(rows.filter((row) => row.sale_id === '1')).toMatchObject([{ customer: 'one' }]);
    expect(rows).toHaveLength(3);
    await lake.dispose();
  }
});

test('of repeated keys the first stays, also where a rule makes DuckDB give the records back in another order', async () => {
  const values = Array.from({ length: 60 }, (_, n) => `'v${n}'`).join(', ');
  const lake = await testLake({
    contracts: [
      contractText({
        ...PAYMENTS,
        rules: { known: `id NOT IN (${values})` },
        assay: { limits: { maxQuarantineRate: 1, maxCondemned: 1000, breakerErrors: 1000 } },
      }),
    ],
    segmentBytes: 400,
  });
  try {
    const lines = Array.from({ length: 120 }, (_, n) => `k${n % 60},${n}.00,2024-01-05`);
    await lake.dropAndRun({ 'a.csv': `id,amount,paid_on\n${lines.join('\n')}\n` });
    const numbers = (rows: readonly Row[]) =>
      rows.map((row) => Number(row.source_row_number)).sort((a, b) => a - b);
    const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
    expect(numbers(await lake.rows('silver'))).toEqual(upTo(1, 60));
    expect(numbers(await lake.rows('condemned'))).toEqual(upTo(61, 120));
  } finally {
    await lake.dispose();
  }
});

test('a file that comes again leaves the rows beside it, replaces what came since, and no file that nobody names', async () => {
  const lake = await testLake({
    contracts: [contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, duplicates: 'replace' } })],
  });
  try {
    const text = (note: string, ids: readonly string[]): string =>
      `id,paid_on,amount,note\n${ids.map((id) => `${id},2024-01-31,1.00,${note}\n`).join('')}`;
    const first = text('first', ['1', '3', '3']);
    await lake.drop({ 'a.csv': first });
    await lake.dropAndRun({ 'b.csv': text('second', ['1', '2']) });
    expect(await lake.dropAndRun({ 'c.csv': first })).toMatchObject({ status: 'promoted' });
    const notes = (await lake.rows('silver')).map(({ id, note }) => [id, note]);
    expect(Object.fromEntries(notes)).toEqual({ 1: 'first', 2: 'second', 3: 'first' });
    expect((await auditDataset(lake.lake.effects, { dataset: lake.dataset })).problems).toEqual([]);
  } finally {
    await lake.dispose();
  }
});
