import { beforeAll, expect, test } from '@jest/globals';
import { connect, type Platform } from './support/platform.ts';
import { readTables } from './support/read-tables.ts';
import { badTransaction, transactions } from './support/transactions.ts';

/** A record that fails again and again is condemned with its third failure. */

const DATASET = 'mortgages.transactions';
const BAD = badTransaction('ATTEMPTS-BAD');

let platform: Platform;
beforeAll(async () => {
  platform = await connect('attempts');
});

async function verdictOf(file: string): Promise<unknown> {
  const [record] = await platform.dropAndSettle(DATASET, { [`${file}.csv`]: transactions(file, 5, [BAD]) });
  const { quarantined, condemned, silver } = record?.counts ?? {};
  return { status: record?.status, quarantined, condemned, silver, reasons: record?.reasons };
}

test('the same bad record in three files over three runs is quarantined twice, then condemned, then at once', async () => {
  const failed = { status: 'promoted', silver: 5 };
  const first = { ...failed, quarantined: 1, condemned: 0, reasons: { TYPE_ERROR: 1 } };
  expect(await verdictOf('attempt-1')).toEqual(first);
  expect(await verdictOf('attempt-2')).toEqual(first);
  expect(await verdictOf('attempt-3')).toMatchObject({ ...failed, quarantined: 0, condemned: 1 });
  expect(await verdictOf('attempt-4')).toMatchObject({
    ...failed,
    quarantined: 0,
    condemned: 1,
    reasons: { PREVIOUSLY_CONDEMNED: 1 },
  });
  const [condemned] = await readTables(platform.session, [
    { table: platform.glueName('condemned', DATASET), rows: ['attempt_count'] },
  ]);
  expect(condemned?.rows.map(({ attempt_count }) => attempt_count)).toEqual([3, 4]);
});
