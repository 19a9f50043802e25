import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bindStages } from '../../etl/stages/handlers.ts';
import { contractText } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/** Full histories with records past their retention: that nobody can read those is told once, and then holds no run. */

const CONTRACT = (assay: Record<string, unknown>) => `${contractText({
  dataset: 'shop.customers',
  partitionColumn: 'day',
  columns: [
    {
      ...{ name: 'id', key: true, classification: 'personal' },
      assay: { protect: { as: 'pseudonym', group: 'ids' } },
    },
    {
      ...{ name: 'mail', classification: 'personal' },
      assay: { protect: { as: 'encrypted', group: 'contact' } },
    },
    { name: 'day', type: 'date', required: true },
  ],
  assay: {
    subject: { column: 'id', kind: 'customer' },
    duplicates: 'replace',
    limits: { maxQuarantineRate: 0.3, smallBatchRecords: 1 },
    ...assay,
  },
})}slaProperties:
  - {property: retention, value: 6, unit: y, element: customers.day}
`;
const rows = (from: number, to: number, day: string): string =>
  Array.from({ length: to - from }, (_, n) => `c${from + n},c${from + n}@example.org,${day}\n`).join('');

describe.each([
  ['that knows no repeats', {}],
  ['whose files repeat earlier ones', { redelivery: 'expected' }],
])('under a contract %s', (_, assay) => {
  let lake: TestLake;
  let old = rows(0, 4, '2010-05-01');
  let readable = rows(10, 16, '2024-05-01');
  const deliver = (name: string) => lake.dropAndRun({ [name]: `id,mail,day\n${old}${readable}` });
  beforeAll(async () => {
    lake = await testLake({ contracts: [CONTRACT(assay)], vault: true });
  });
  afterAll(() => lake.dispose());

  test('the first time a person looks', async () => {
    const { record, seal } = await deliver('a.csv');
    expect(record).toMatchObject({ status: 'held', counts: { quarantined: 4, silver: 6 } });
    expect(record?.why).toEqual(['4 of 10 records (40.0 %) failed; the limit is 30 %']);
    const approved = { digest: seal?.digest ?? '', by: 'ann', reason: 'past their retention' };
    const run = { dataset: lake.dataset, runId: record?.runId ?? '' };
    await bindStages(lake.lake.effects).promote({ ...run, approved });
  });

  test('afterwards they fail as before, and hold no run', async () => {
    readable += rows(16, 17, '2024-05-02');
    const { record, seal } = await deliver('b.csv');
    expect(record).toMatchObject({ status: 'promoted', counts: { quarantined: 4 } });
    expect(seal?.first).toMatchObject({ quarantined: 0 });
  });

  test('others of that kind are news again', async () => {
    old += rows(4, 10, '2011-05-01');
    const { record } = await deliver('c.csv');
    expect(record).toMatchObject({ status: 'held', counts: { quarantined: 10 } });
  });
});
