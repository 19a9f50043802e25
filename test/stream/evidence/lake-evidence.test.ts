import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lakeFolder } from '../../../adapters/local/lake-folder.ts';
import { fileObjectStore } from '../../../adapters/local/object-store.ts';
import type { ObjectStore } from '../../../etl/ports.ts';
import { lakeEvidence } from '../../../stream/evidence/lake-evidence.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { evidenceOf, MINUTE_MS, START_MS } from '../signals/making.ts';

let [objects, folder, dispose]: [ObjectStore, string, () => Promise<void>] = [
  {} as ObjectStore,
  '',
  async () => undefined,
];
beforeEach(async () => {
  ({ folder, dispose } = await tempFolder());
  objects = fileObjectStore(lakeFolder(folder));
});
afterEach(() => dispose());

/** Evidence of events, one a minute; all fail or all pass. */
const batch = (from: number, to: number, reason?: string) =>
  Array.from({ length: to - from }, (_, n) =>
    evidenceOf({
      atMs: START_MS + (from + n) * MINUTE_MS,
      offset: from + n,
      ...(reason === undefined ? {} : { reason }),
    }),
  );

const results = (all: readonly { validation: { result: string } }[]) =>
  all.map(({ validation }) => validation.result);

/** Ids in the lake's files, in order. */
async function ids(): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.jsonl'));
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
  const lines = texts.flatMap((text) => text.split('\n').filter(Boolean));
  return lines.map((line) => (JSON.parse(line) as { evidence_id: string }).evidence_id).sort();
}

test('what an enforcer kept stands for the next one, wherever that cuts its batches', async () => {
  await lakeEvidence(objects).keep(batch(100, 160));
  const next = lakeEvidence(objects);
  expect(results(await next.keep(batch(130, 150, 'SCHEMA_REGISTRY_UNAVAILABLE')))).toEqual(
    Array(20).fill('PASS'),
  );
  expect(results(await next.keep(batch(150, 170, 'SCHEMA_REGISTRY_UNAVAILABLE')))).toEqual([
    ...Array(10).fill('PASS'),
    ...Array(10).fill('FAIL'),
  ]);
  // And for a third, that begins within what the second one wrote.
  expect(results(await lakeEvidence(objects).keep(batch(165, 172)))).toEqual([
    ...Array(5).fill('FAIL'),
    'PASS',
    'PASS',
  ]);
  const wanted = batch(100, 172).map((one) => one.evidence_id);
  expect(await ids()).toEqual(wanted.sort());
});

test('what was kept days before is found as well, also of events that landed', async () => {
  const old = batch(0, 3).map((one, n) => ({
    ...one,
    source: {
      ...one.source,
      broker_time: new Date(START_MS + n * 40 * 24 * 60 * MINUTE_MS).toISOString(),
    },
  }));
  await lakeEvidence(objects).keep(old);
  const again = old
    .slice(2)
    .map((one) => ({ ...one, validation: { ...one.validation, result: 'FAIL' as const } }));
  expect(results(await lakeEvidence(objects).kept(again))).toEqual(['PASS']);
  expect(results(await lakeEvidence(objects).keep(again))).toEqual(['PASS']);
  // Of another partition nothing is known.
  const other = again.map((one) => ({ ...one, source: { ...one.source, partition: 4 } }));
  expect(results(await lakeEvidence(objects).kept(other))).toEqual(['FAIL']);
});
