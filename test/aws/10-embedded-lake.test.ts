import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import type { Pointer } from '../../etl/table/pointer.ts';
import { type EmbeddedLake, embeddedLake } from './support/embedded.ts';
import { leedsFiles, sumOf } from './support/examples.ts';
import { readTables } from './support/read-tables.ts';
import { readSession, type Session } from './support/session.ts';

/** PyIceberg reads an embedded lake by its metadata files alone: no catalog, none of our code. */

const DATASET = 'spend.council_payments';

let session: Session;
let embedded: EmbeddedLake;
let record: RunRecord;
let pointer: Pointer;

beforeAll(async () => {
  session = await readSession();
  embedded = await embeddedLake();
  record = await embedded.run(DATASET, await leedsFiles());
  pointer = (await embedded.pointer('silver', DATASET)) as Pointer;
});
afterAll(() => embedded.dispose());

const metadataOf = (table: string): string => pointer.tables[table]?.metadata_location ?? '';

test('PyIceberg finds the counts and the sums of the seal in the embedded Silver', async () => {
  const [silver] = await readTables(session, [{ metadata: metadataOf('silver'), sums: ['net_amount'] }]);
  expect(record.status).toBe('promoted');
  expect(record.counts.silver).toBeGreaterThan(10_000);
  expect(silver?.count).toBe(record.counts.silver);
  expect(silver?.sums.net_amount).toBe(sumOf(record.controlTotals.map((total) => total.silver)));
});

test('PyIceberg reads only the files of the months that a filter on the date leaves', async () => {
  const [december, rest] = await readTables(session, [
    { metadata: metadataOf('silver'), filter: "payment_date < '2011-01-01'" },
    { metadata: metadataOf('silver'), filter: "payment_date >= '2011-01-01'" },
  ]);
  expect(december?.count).toBeGreaterThan(0);
  expect(december?.files).toBeLessThan((december?.all_files ?? 0) / 2);
  expect((december?.count ?? 0) + (rest?.count ?? 0)).toBe(record.counts.silver);
});

test('PyIceberg reads the ledger, and Gold in which every payment of Silver is counted once', async () => {
  const gold = await embedded.pointer('gold', 'spend.monthly_totals');
  const [ledger, totals] = await readTables(session, [
    { metadata: metadataOf('source_files'), sums: ['silver'], rows: ['status'] },
    { metadata: gold?.metadata_location ?? '', sums: ['payments', 'net_amount'] },
  ]);
  expect(ledger?.count).toBe(record.files.length);
  expect(ledger?.sums.silver).toBe(String(record.counts.silver));
  expect(totals?.sums.payments).toBe(String(record.counts.silver));
  expect(totals?.sums.net_amount).toBe(sumOf(record.controlTotals.map((total) => total.silver)));
});

test('PyIceberg reads only the files of the run that a filter on run_id leaves', async () => {
  const other = await embeddedLake();
  try {
    const files = Object.entries(await leedsFiles());
    const records: RunRecord[] = [];
    for (const some of [files.slice(0, -2), files.slice(-2)])
      records.push(await other.run(DATASET, Object.fromEntries(some)));
    const metadata = (await other.pointer('silver', DATASET))?.metadata_location ?? '';
    const answers = await readTables(
      session,
      records.map(({ runId }) => ({ metadata, filter: `run_id = '${runId}'` })),
    );
    expect(answers.map(({ count }) => count)).toEqual(records.map(({ counts }) => counts.silver));
    const planned = answers.map(({ files: ofRun }) => ofRun);
    expect(Math.min(...planned)).toBeGreaterThan(0);
    expect(planned[0] ?? 0).toBe((answers[0]?.all_files ?? 0) - (planned[1] ?? 0));
  } finally {
    await other.dispose();
  }
});
