import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chunkListKey, spansKey } from '../../etl/naming.ts';
import type { RunRecord } from '../../etl/stages/documents.ts';
import { type EmbeddedLake, embeddedLake, figuresOf } from './support/embedded.ts';
import { connect, type Platform } from './support/platform.ts';
import { badTransaction, transactions } from './support/transactions.ts';

/** A file that is larger than what one function refines: cut here, and whole in the embedded run beside it. */

const DATASET = 'mortgages.transactions';

let platform: Platform;
let embedded: EmbeddedLake;
let run: RunRecord | undefined;
const text = transactions('large', 60_000, [
  badTransaction('large-bad'),
  'large-7,C-1,1.00,GBP,2024-05-08T10:00:00Z',
]);
const files = { 'large.csv': Buffer.from(text) };

beforeAll(async () => {
  platform = await connect('large');
  embedded = await embeddedLake();
  [run] = await platform.dropAndSettle(DATASET, files);
}, 300_000);
afterAll(() => embedded?.dispose());

const jsonAt = async (key: string): Promise<unknown> =>
  JSON.parse(Buffer.from((await platform.store.get(key)) ?? '').toString('utf8'));

test('is refined in ranges, each by a function of its own', async () => {
  const { runId = '' } = run ?? {};
  expect(await jsonAt(chunkListKey(DATASET, runId))).toHaveLength(Math.ceil(text.length / (1024 * 1024)));
  const spans = Object.values(
    (await jsonAt(spansKey(DATASET, runId))) as Record<string, { records: number }>,
  );
  expect(spans.length).toBeGreaterThan(2);
  expect(spans.reduce((sum, { records }) => sum + records, 0)).toBe(60_002);
});

test('gives the digest and every figure that it gives where it is read whole', async () => {
  expect(run).toMatchObject({
    status: 'promoted',
    counts: { records: 60_002, condemned: 1, quarantined: 1 },
  });
  expect(figuresOf(await embedded.run(DATASET, files))).toEqual(figuresOf(run as RunRecord));
});
