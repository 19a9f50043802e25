import { createHash } from 'node:crypto';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { planKey } from '../../etl/naming/runs.ts';
import { metadataFolder } from '../../etl/naming/tables.ts';
import { closeMonth } from '../../etl/operations/close-month.ts';
import { reopenMonth } from '../../etl/operations/reopen-month.ts';
import type { Effects } from '../../etl/ports.ts';
import { readRecords } from '../../etl/quarantine/read-records.ts';
import { retryRecords } from '../../etl/quarantine/retry-records.ts';
import { makePlan } from '../../etl/stages/make-plan.ts';
import { newRunId } from '../../etl/stages/run-id.ts';
import { putDocument } from '../../etl/stages/stored-documents.ts';
import { openTable } from '../../etl/table/lake-table.ts';
import { movePointer, readPointer } from '../../etl/table/pointer.ts';
import { tagTable } from '../../etl/table/tag-table.ts';
import type { TestLake } from '../stages/harness.ts';
import { adoptPayments, Planting, paymentsContract, paymentsLake, WORD } from './adopted-shop.ts';

/** What keeps a dataset from being adopted: each refusal says what and what to do, and the lake's bytes are as before. */

let lake: TestLake;
let planting: Planting;
beforeAll(async () => {
  lake = await paymentsLake('clear');
  planting = new Planting();
  const lines = [planting.line('a'), planting.line('b'), planting.line('mail', { mail: planting.plant() })];
  await lake.dropAndRun({ 'may.csv': planting.file(...lines) });
});
afterAll(() => lake.dispose());

/** Every file of the lake, by what is in it. */
async function bytes(): Promise<Map<string, string>> {
  const { root } = lake.lake;
  const found = new Map<string, string>();
  for (const name of (await readdir(root, { recursive: true })).sort()) {
    const file = path.join(root, name);
    if (!(await stat(file)).isFile()) continue;
    found.set(
      name,
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    );
  }
  return found;
}

async function expectRefused(code: string, said: string | RegExp, request = {}): Promise<void> {
  const before = await bytes();
  await expect(adoptPayments(lake, request)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(said),
  });
  expect(await bytes()).toEqual(before);
}

/** Tags the current snapshot of a table, as another engine may, and takes the tag away again. */
async function whileTagged(
  layer: 'silver' | 'gold',
  dataset: string,
  work: () => Promise<void>,
): Promise<void> {
  const { objects } = lake.lake.effects;
  const read = await readPointer(objects, layer, dataset);
  const state = read?.pointer.tables[layer];
  if (read === undefined || state === undefined) throw new Error('nothing was published');
  const table = await openTable(objects, state);
  const tagged = await tagTable({
    ...{ objects, table, state, keyPrefix: metadataFolder(table.root), nowMs: 0, attempt: 'tagged' },
    tag: 'kept-by-spark',
  });
  await movePointer(
    objects,
    layer,
    { ...read.pointer, tables: { ...read.pointer.tables, [layer]: { ...tagged, dropped: [] } } },
    read.etag,
  );
  await work();
  const etag = (await readPointer(objects, layer, dataset))?.etag;
  await movePointer(objects, layer, read.pointer, etag);
}

describe('a dataset whose contract protects it now', () => {
  beforeAll(() => lake.setContract(paymentsContract('protected', '2.0.0')));

  test('is not adopted while a run is under way, nor minutes after one was killed', async () => {
    const { effects } = lake.lake;
    await lake.setContract(paymentsContract('clear', '1.0.0'));
    await lake.drop({ 'next.csv': planting.file(planting.line('next')) });
    const runId = newRunId(effects.clock.now());
    const planned = await makePlan({ dataset: lake.dataset, runId }, effects);
    if (planned.status !== 'planned') throw new Error(`not planned: ${planned.status}`);
    const key = planKey(lake.dataset, runId);
    await putDocument(effects.objects, key, planned.plan);
    await lake.setContract(paymentsContract('protected', '2.0.0'));
    const now = effects.clock.now().getTime() / 1000;
    const file = path.join(lake.lake.root, key);
    await utimes(file, now - 60, now - 60);
    await expectRefused('RUN_ACTIVE', `run ${runId} is under way, or was killed in the last minutes`);
    // Silent for longer, it is none any more: the next reason is another one.
    await utimes(file, now - 16 * 60, now - 16 * 60);
    await whileTagged('silver', lake.dataset, () => expectRefused('TAGGED', 'kept-by-spark'));
    await lake.remove(key);
  });

  test.each([
    ['silver', 'shop.payments'],
    ['gold', 'shop.totals'],
  ] as const)('is not adopted while a tag keeps a snapshot of %s.%s', async (layer, dataset) => {
    await whileTagged(layer, dataset, () =>
      expectRefused('TAGGED', `the tag or branch 'kept-by-spark' keeps a snapshot of ${layer}.${dataset}`),
    );
  });

  test('is not adopted where a file can’t be read of which nothing was made, unless a person lets it go', async () => {
    await lake.setContract(paymentsContract('clear', '1.0.0'));
    await lake.drop({ 'other.csv': 'name,address\nzoe,some street\n' });
    await lake.setContract(paymentsContract('protected', '2.0.0'));
    await expectRefused('UNREADABLE', '--discard-unreadable lets them go: nothing was ever made of them');
  });

  test('is not adopted where its contract can’t read a file that was read before, whoever asks', async () => {
    await lake.setContract(paymentsContract('protected', '2.0.0').replaceAll('customer', 'client'));
    const said = /may\.csv was read before and is needed: its contract must read it/;
    await expectRefused('UNREADABLE', said, { discardUnreadable: true });
    await lake.setContract(paymentsContract('protected', '2.0.0'));
  });

  test('is not adopted where months of a report were closed, though they be open again', async () => {
    const { effects } = lake.lake;
    const month = { report: 'shop.totals', month: '2024-05' };
    await lake.setContract(paymentsContract('clear', '1.0.0'));
    await closeMonth(effects, month, WORD);
    await lake.setContract(paymentsContract('protected', '2.0.0'));
    await expectRefused('CLOSED_MONTHS', 'Give the protected dataset another name');
    await reopenMonth(effects, month, WORD);
    await expectRefused('CLOSED_MONTHS', 'months of a report on it were closed');
  });
});

describe('once nothing is in its way', () => {
  test('a file that a person lets go is gone, and all else is adopted', async () => {
    const other = await paymentsLake('clear');
    try {
      await other.dropAndRun({ 'may.csv': planting.file(planting.line('a'), planting.line('b')) });
      await other.drop({ 'other.csv': 'name,address\nzoe,some street\n' });
      await other.setContract(paymentsContract('protected', '2.0.0'));
      const done = await adoptPayments(other, { discardUnreadable: true });
      expect(done.record?.discarded).toEqual([
        { key: expect.stringContaining('/other.csv'), why: expect.any(String) },
      ]);
      expect(done.record?.files).toHaveLength(1);
      const names = await readdir(path.join(other.lake.root, 'bronze'), { recursive: true });
      expect(names.filter((name) => name.endsWith('.csv'))).toEqual([
        expect.stringMatching(/\.sealed\.csv$/),
      ]);
      expect(await other.rows('silver')).toHaveLength(2);
    } finally {
      await other.dispose();
    }
  });

  test('a retry whose sealed records are not those of the clear one is found, and nothing goes', async () => {
    const other = await paymentsLake('clear');
    try {
      await tellRetry(other);
      const { effects } = other.lake;
      const before = await bronzeOf(other);
      await expect(adoptPayments(other, {}, mixingUp(effects))).rejects.toMatchObject({
        code: 'NOT_EQUAL',
        message: expect.stringMatching(
          /retry-[\w-]+\.csv and what was sealed of it are not equal in record 1/,
        ),
      });
      for (const name of before) expect(await bronzeOf(other)).toContain(name);
      expect((await adoptPayments(other)).record?.files.length).toBe(1);
      expect((await runOnce(other.dataset, effects)).status).not.toBe('failed');
    } finally {
      await other.dispose();
    }
  });
});

const bronzeOf = async ({ lake: { root } }: TestLake): Promise<string[]> =>
  (await readdir(path.join(root, 'bronze'), { recursive: true })).filter((name) => name.endsWith('.csv'));

/** Two records that fail, and a retry of both that no run has taken up. */
async function tellRetry(other: TestLake): Promise<void> {
  const { effects } = other.lake;
  const wrong = () => planting.line(planting.plant(), { mail: planting.plant() });
  await other.dropAndRun({
    'may.csv': planting.file(planting.line('a'), planting.line('b'), wrong(), wrong()),
  });
  const contract = requireSourceContract(await loadContracts(effects.contracts), other.dataset);
  const filter = { ids: [], code: 'FORMAT_ERROR' };
  const { records } = await readRecords(effects, other.dataset, { filter, states: ['open'] });
  await retryRecords(effects, contract, records, WORD);
  await other.setContract(paymentsContract('protected', '2.0.0'));
}

/** A lake whose sealed retries have the envelopes of `code` of their first two records exchanged. */
function mixingUp(effects: Effects): Effects {
  const publish: Effects['data']['publish'] = async (scratchPath, key) => {
    if (key.endsWith('-sealed.csv')) {
      const lines = (await readFile(scratchPath, 'utf8')).split('\n').map((line) => line.split(','));
      const [header = [], one = [], other = []] = lines;
      const at = header.indexOf('"code"');
      [one[at], other[at]] = [other[at] ?? '', one[at] ?? ''];
      await writeFile(scratchPath, lines.map((line) => line.join(',')).join('\n'));
    }
    return await effects.data.publish(scratchPath, key);
  };
  return { ...effects, data: { ...effects.data, publish } };
}
