import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { expectCatalogFollows } from './support/catalog.ts';
import { type EmbeddedLake, embeddedLake, figuresOf } from './support/embedded.ts';
import { transactionsFile } from './support/examples.ts';
import { connect, type Platform } from './support/platform.ts';
import { readTables } from './support/read-tables.ts';
import { replay } from './support/replay.ts';

/** Sixty files of generated transactions dropped in one burst: few runs, no event lost, the same figures as embedded. */

const DATASET = 'mortgages.transactions';
const FILES = 60;
const ROWS = 120;
/** So that no run of a single file is held. */
const MAX_BAD_IN_FILE = 4;

let platform: Platform;
let embedded: EmbeddedLake;
let runs: RunRecord[];
let goodRecords = 0;

beforeAll(async () => {
  platform = await connect('burst');
  embedded = await embeddedLake();
  const files: Record<string, string> = {};
  for (let seed = 1; Object.keys(files).length < FILES; seed++) {
    const { body, silver } = transactionsFile({ rows: ROWS, seed, months: 6 });
    if (ROWS - silver > MAX_BAD_IN_FILE) continue;
    files[`burst-${seed}.csv`] = body;
    goodRecords += silver;
  }
  runs = await platform.settled(DATASET, await platform.drop(DATASET, files), 240_000);
}, 300_000);
afterAll(() => embedded?.dispose());

const total = (pick: (run: RunRecord) => number): number => runs.reduce((sum, run) => sum + pick(run), 0);

test('a burst is a few runs, and every file is in exactly one of them', () => {
  expect(runs.map(({ status }) => status)).toEqual(runs.map(() => 'promoted'));
  expect(runs.length).toBeLessThanOrEqual(FILES / 6);
  const keys = runs.flatMap((run) => run.files.map(({ key }) => key));
  expect(keys).toHaveLength(FILES);
  expect(new Set(keys).size).toBe(FILES);
});

test('two runs of a dataset never overlap', () => {
  const overlapping = runs.filter((run, n) => n > 0 && run.startedAt < (runs[n - 1]?.endedAt ?? ''));
  expect(overlapping).toEqual([]);
});

test('every record has one verdict, and what the generator made good is in Silver', async () => {
  expect(total(({ counts }) => counts.records)).toBe(FILES * ROWS);
  expect(total(({ counts }) => counts.silver)).toBe(goodRecords);
  expect(total(({ counts }) => counts.quarantined)).toBe(FILES * ROWS - goodRecords);
  const [silver, quarantine] = await readTables(platform.session, [
    { table: platform.glueName('silver', DATASET) },
    { table: platform.glueName('quarantine', DATASET), rows: ['attempt_count'] },
  ]);
  expect(silver?.count).toBe(goodRecords);
  expect(quarantine?.count).toBe(FILES * ROWS - goodRecords);
  await expectCatalogFollows(platform, 'silver', DATASET, [
    'silver',
    'quarantine',
    'condemned',
    'source_files',
  ]);
});

test('the embedded platform comes to the same digests, figures and balances', async () => {
  const local = await replay(platform, embedded, runs);
  expect(local.map(figuresOf)).toEqual(runs.map(figuresOf));
  const columns = ['account_id', 'currency', 'as_of_month', 'balance'];
  const pointer = await embedded.pointer('gold', 'finance.account_balances');
  const [there, here] = await readTables(platform.session, [
    { table: platform.glueName('gold', 'finance.account_balances'), rows: columns },
    { metadata: pointer?.metadata_location ?? '', rows: columns },
  ]);
  expect(there?.count).toBeGreaterThan(0);
  expect(there?.rows).toEqual(here?.rows);
}, 300_000);
