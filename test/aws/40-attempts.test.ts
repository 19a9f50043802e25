import { beforeAll, expect, test } from '@jest/globals';
import { runPrefix } from '../../etl/naming/runs.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
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

test('records that stand in Silver already are left out of new files by workers, as seal asked them to', async () => {
  // Five of these eight came with the first attempt.
  const again = { 'again.csv': transactions('attempt-1', 8) };
  const [record] = await platform.dropAndSettle(DATASET, again);
  expect({ status: record?.status, counts: record?.counts }).toMatchObject({
    ...{ status: 'promoted', counts: { silver: 3, condemned: 5 } },
  });
  const runId = record?.runId ?? '';
  const left = await platform.store.list(runPrefix(DATASET, runId));
  const kinds = left.map((key) => /(rewrites|rewrite-|rewritten-|leaving-|recovered-)/.exec(key)?.[1]);
  expect(kinds.filter((kind) => kind !== undefined).sort()).toEqual(
    ['leaving-', 'recovered-', 'rewrite-', 'rewrites', 'rewritten-'].sort(),
  );
  const [silver] = await readTables(platform.session, [
    { table: platform.glueName('silver', DATASET), rows: ['transaction_id'] },
  ]);
  const ids = silver?.rows
    .map((row) => String(row.transaction_id))
    .filter((id) => id.startsWith('attempt-1-'));
  expect(ids?.sort()).toEqual(Array.from({ length: 8 }, (_, n) => `attempt-1-${n}`));
  expect((await platform.seal(record as RunRecord)).unproven).toEqual([]);
});
