import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { testLake } from '../stages/harness.ts';

const FOLDER = 'examples/products';
const text = (name: string): Promise<string> => readFile(path.join(FOLDER, name), 'utf8');

test('the example has a repeat, a late event and two events that claim one version, and all adds up', async () => {
  const lake = await testLake({ contracts: [await text('contracts/products/events.yaml')] });
  try {
    const told = [];
    for (const month of ['2026-01', '2026-02', '2026-03']) {
      const name = `${month}.jsonl`;
      const { record } = await lake.dropAndRun({ [name]: await text(name) });
      told.push([record?.status, record?.counts, record?.events?.gaps?.examples]);
    }
    const counts = { quarantined: 0, condemned: 0, blank: 0 };
    expect(told).toEqual([
      ['promoted', { ...counts, records: 9, silver: 9 }, undefined],
      [
        'promoted',
        { ...counts, records: 21, silver: 19, condemned: 1, repeats: 1 },
        [{ stream: 'CP-004', missing: 1, firstMissing: '2' }],
      ],
      ['promoted', { ...counts, records: 11, silver: 11 }, undefined],
    ]);
    const [gone] = await lake.rows('condemned');
    expect(gone?.reasons).toMatchObject([{ code: 'DUPLICATE', value: 'E-1030' }]);
    const audit = await auditDataset(lake.lake.effects, { dataset: lake.dataset });
    expect(audit).toMatchObject({ problems: [], checked: { records: 41 } });
  } finally {
    await lake.dispose();
  }
});
