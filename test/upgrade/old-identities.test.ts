import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Seal } from '../../etl/stages/documents.ts';
import { digestSeal } from '../../etl/stages/seal-digest.ts';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { AuditJson } from '../cli/shapes.ts';
import { openOldLake } from './old-lake.ts';

/** Seals of before identities had a version: they are audited by the old one, and what comes next has the new one. */

let old: Awaited<ReturnType<typeof openOldLake>>;
beforeEach(async () => {
  old = await openOldLake('2026-11-30');
});
afterEach(() => old.dispose());

const audit = async () => {
  const { json } = await runMainJson(['audit'], old);
  return AuditJson.parse(json).flatMap(({ problems }) =>
    problems.map(({ code, problem }) => `${code}: ${problem}`),
  );
};
/** The runs' seals, oldest first: where they lie and what they say. */
const seals = async () => {
  const silver = path.join(old.cwd, 'lake/silver/shop/visits');
  const files = (await readdir(silver, { recursive: true }))
    .filter((name) => name.endsWith('_SUCCESS'))
    .sort();
  return Promise.all(
    files.map(async (name) => {
      const file = path.join(silver, name);
      return { file, seal: Seal.parse(JSON.parse(await readFile(file, 'utf8'))) };
    }),
  );
};
const say = async (file: string, seal: Seal): Promise<void> => {
  const { digest: _, ...body } = seal;
  await writeFile(file, JSON.stringify({ ...body, digest: digestSeal(body) }));
};

test('a lake sealed by the old identity is sound, takes another run, and is sound again', async () => {
  expect(await audit()).toEqual([]);
  expect((await seals()).map(({ seal }) => seal.identityVersion)).toEqual([undefined, undefined]);
  // Some of both, some new, and a record that fails.
  const again = [
    'visitor,on,amount',
    'v0,2024-01-10,0.5',
    'v1,2024-02-11,1.5',
    'new,2024-03-01,9.5',
    'x,never,1',
    '',
  ];
  await writeFile(path.join(old.cwd, 'c.csv'), again.join('\n'));
  expect((await runMain(['ingest', 'c.csv', '--dataset', 'shop.visits'], old)).code).toBe(0);
  await runMain(['run'], old);
  const [, , newest] = await seals();
  expect(newest?.seal).toMatchObject({
    identityVersion: 1,
    counts: { silver: 1, repeats: 2, quarantined: 1 },
  });
  expect(await audit()).toEqual([]);
  // The same number of other records in Silver.
  if (newest === undefined) throw new Error('The run left no seal.');
  const files = newest.seal.files.map((file) => ({ ...file, silverIdentity: '1' }));
  await say(newest.file, { ...newest.seal, files });
  expect((await audit()).join()).toMatch(/CONSERVATION: .*c.csv: its 1 records in Silver are not those/);
});

test('other repeats than an old seal was sealed over are found', async () => {
  const [, second] = await seals();
  if (second === undefined) throw new Error('The old lake has two seals.');
  await say(second.file, { ...second.seal, repeatsDigest: '0'.repeat(64) });
  expect(await audit()).toContain('SEAL: its repeats are not those that it was sealed over');
});

test('a seal by identities that this release does not know says so', async () => {
  const [first] = await seals();
  if (first === undefined) throw new Error('The old lake has two seals.');
  await say(first.file, { ...first.seal, identityVersion: 2 });
  expect(await audit()).toContain(
    "SEAL: its identities are of version 2, which this release doesn't compute: audit it with the release that sealed it, or a later one",
  );
});
