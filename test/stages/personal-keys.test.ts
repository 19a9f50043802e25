import { afterEach, expect, test } from '@jest/globals';
import { openOutside } from '../support/outside-table.ts';
import { contractText, NO_LIMITS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/**
 * A key that is personal, and so is the day that partitions its table. Manifests and documents have no bounds of
 * either: files that may share a key must be found all the same.
 */
const contractOf = (duplicates: string): string =>
  contractText({
    partitionColumn: 'born_on',
    columns: [
      { name: 'member', type: 'integer', key: true, classification: 'personal' },
      { name: 'born_on', type: 'date', required: true, key: true, classification: 'confidential' },
      { name: 'points', type: 'integer', required: true },
    ],
    assay: { duplicates, limits: NO_LIMITS },
  });

const fileOf = (...rows: string[]): string => `member,born_on,points\n${rows.join('\n')}\n`;
const FIRST = fileOf('1,1980-01-05,10', '2,1980-01-06,10', '3,1990-07-01,10');
const SECOND = fileOf('2,1980-01-06,20', '3,1990-07-01,20', '3,1990-07-02,20', '9,1990-07-01,20');
const THIRD = fileOf('1,1980-01-05,30', '2,1980-02-06,30', '4,2001-12-31,30', '4,2001-12-31,31');

let made: TestLake;
afterEach(() => made.dispose());

test.each([
  ['keep-first', ['1 10', '2 10', '2 30', '3 10', '3 20', '4 30', '9 20'], 4],
  ['replace', ['1 30', '2 20', '2 30', '3 20', '3 20', '4 31', '9 20'], 1],
])(
  'with duplicates: %s the right records stay, without bounds of what is personal',
  async (duplicates, points, others) => {
    made = await testLake({ contracts: [contractOf(duplicates)] });
    for (const [n, file] of [FIRST, SECOND, THIRD].entries())
      expect(await made.dropAndRun({ [`${n}.csv`]: file })).toMatchObject({ status: 'promoted' });
    const rows = await made.rows('silver');
    expect(rows.map(({ member, points: of }) => `${member} ${of}`).sort()).toEqual(points);
    expect((await made.rows('quarantine')).length + (await made.rows('condemned')).length).toBe(others);
    const { ids, files } = await openOutside(
      made.lake.root,
      'silver/test/records/_LATEST.json',
      'silver/test/records',
    );
    expect(files.length).toBeGreaterThan(2);
    const idOf = (name: string): number => ids.get(name) ?? 0;
    for (const { lower, upper } of files)
      for (const bounds of [lower, upper])
        expect(['member', 'born_on', 'points', 'run_id'].map((name) => bounds.has(idOf(name)))).toEqual([
          false,
          false,
          true,
          true,
        ]);
  },
);
