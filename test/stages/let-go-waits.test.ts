import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { pointerKey } from '../../etl/naming/tables.ts';
import { refuseRun } from '../../etl/operations/decide-run.ts';
import { planRepair } from '../../etl/operations/repair.ts';
import { accessPerson } from '../../etl/personal/access/access-person.ts';
import { letGo, previewLetGo } from '../../etl/quarantine/letting-go/let-go.ts';
import { readRecords } from '../../etl/quarantine/read-records.ts';
import { approveRelease, askRelease } from '../../etl/quarantine/releases.ts';
import { retryRecords } from '../../etl/quarantine/retry-records.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { FILE, shopLake } from '../personal/shop.ts';
import { contractText, NO_LIMITS, PAYMENTS } from './contract-text.ts';
import { execute } from './execute.ts';
import { type TestLake, testLake } from './harness.ts';
import type { Row } from './read-rows.ts';

/** What letting records go waits for, what comes in between, and what it leaves of protected values. */

const WORD = { by: 'ann', reason: 'kept for seven years' };
const HEADER = 'id,paid_on,amount,note\n';
const bad = (id: string): string => `${id},2017-01-05,x,planted-${id}\n`;
const good = (id: string): string => `${id},2017-01-05,1.00,fine\n`;

async function requestOf({ lake, dataset }: TestLake, before: string) {
  const contract = requireSourceContract(await loadContracts(lake.effects.contracts), dataset);
  return { contract, before: new Date(before) };
}
const letGoOf = async (lake: TestLake, before: string) =>
  letGo(lake.lake.effects, await requestOf(lake, before), WORD);
const rejectsOf = async (lake: TestLake): Promise<Row[]> => [
  ...(await lake.rows('quarantine')),
  ...(await lake.rows('condemned')),
];
const valuesOf = async (lake: TestLake): Promise<string[]> =>
  (await rejectsOf(lake))
    .flatMap(({ record, raw_text }) => [record, raw_text])
    .filter((one) => one !== null)
    .map(String);
const problemsOf = async ({ lake, dataset }: TestLake) =>
  (await auditDataset(lake.effects, { dataset })).problems;

describe('records of a dataset with runs and people at work', () => {
  let lake: TestLake;
  const recordsIn = async (...states: ('open' | 'condemned' | 'retrying')[]) =>
    (await readRecords(lake.lake.effects, lake.dataset, { filter: { ids: [] }, states })).records;
  /** Which of the planted records have their values. */
  const withValues = async (): Promise<string[]> => {
    const all = (await valuesOf(lake)).join('\n');
    return ['released', 'retried', 'raced', 'held'].filter((id) => all.includes(`planted-${id}`));
  };

  beforeAll(async () => {
    const limits = { ...NO_LIMITS, maxCondemned: 2, maxAttempts: 1 };
    lake = await testLake({
      contracts: [contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, limits } })],
      startAt: '2017-01-01T06:00:00.000Z',
    });
  });
  afterAll(() => lake.dispose());

  test('a release begins the term anew', async () => {
    await lake.dropAndRun({ 'a.csv': `${HEADER}${good('a')}${good('b')}${bad('released')}` });
    lake.setTime('2020-01-01T06:00:00.000Z');
    const { effects } = lake.lake;
    const request = await askRelease(effects, lake.dataset, await recordsIn('condemned'), WORD);
    await approveRelease(effects, lake.dataset, request, { by: 'bob', reason: 'ours to mend' });
    expect(await previewLetGo(effects, await requestOf(lake, '2019-12-31T00:00:00.000Z'))).toMatchObject({
      records: 0,
    });
    expect(await previewLetGo(effects, await requestOf(lake, '2020-01-02T00:00:00.000Z'))).toMatchObject({
      records: 1,
      oldest: '2020-01-01T06:00:00.000Z',
    });
  });

  test('what a retry tests just now is left for the next time', async () => {
    const { effects } = lake.lake;
    const { contract } = await requestOf(lake, '2020-01-02T00:00:00.000Z');
    await retryRecords(effects, contract, await recordsIn('open'), WORD);
    expect(await recordsIn('retrying')).toHaveLength(1);
    expect(await letGoOf(lake, '2020-01-02T00:00:00.000Z')).toMatchObject({ records: 0 });
    expect(await withValues()).toEqual(['released']);
    await lake.run();
    expect(await letGoOf(lake, '2020-01-02T00:00:00.000Z')).toMatchObject({ records: 1 });
    expect(await withValues()).toEqual([]);
    expect(await problemsOf(lake)).toEqual([]);
  });

  test('a run that was sealed before, and publishes after, brings nothing back', async () => {
    lake.setTime('2020-02-01T06:00:00.000Z');
    await lake.dropAndRun({ 'b.csv': `${HEADER}${good('c')}${good('d')}${bad('raced')}` });
    lake.setTime('2024-06-01T06:00:00.000Z');
    // Small enough for the next run to write its rows together with those that are there.
    await lake.drop({ 'c.csv': `${HEADER}${good('e')}${good('f')}${bad('young')}` });
    const run = { dataset: lake.dataset, runId: 'racing' };
    const { effects } = lake.lake;
    const done = await execute(
      effects,
      { start: 'plan', ...run },
      {
        before: 'promote',
        happens: async () => {
          expect(await letGoOf(lake, '2021-01-01T00:00:00.000Z')).toMatchObject({ records: 1 });
        },
      },
    );
    expect(done).toMatchObject({ status: 'succeeded' });
    expect(await withValues()).toEqual([]);
    expect((await valuesOf(lake)).join('\n')).toContain('planted-young');
    expect(await problemsOf(lake)).toEqual([]);
  });

  test('while a run is held nothing goes, and once it is refused', async () => {
    lake.setTime('2024-07-01T06:00:00.000Z');
    await lake.drop({ 'd.csv': `${HEADER}${bad('held')}${bad('held2')}` });
    const { effects } = lake.lake;
    const { record } = await lake.run();
    expect(record?.status).toBe('held');
    await expect(letGoOf(lake, '2024-06-15T00:00:00.000Z')).rejects.toMatchObject({
      code: 'HELD_RUN',
      message: expect.stringContaining(`Run ${record?.runId} of ${lake.dataset} is held`),
    });
    expect((await valuesOf(lake)).join('\n')).toContain('planted-young');
    await refuseRun(effects, { dataset: lake.dataset, runId: record?.runId ?? '' }, WORD);
    const pointer = (await readPointer(effects.objects, 'silver', lake.dataset))?.pointer;
    expect(await letGoOf(lake, '2024-06-15T00:00:00.000Z')).toMatchObject({
      records: 1,
      version: (pointer?.version ?? 0) + 1,
    });
    expect(await valuesOf(lake)).toEqual([]);
  });

  test('a pointer that was lost is found again with the tables as they were left', async () => {
    const { effects } = lake.lake;
    const { contract } = await requestOf(lake, '2024-06-15T00:00:00.000Z');
    const before = (await readPointer(effects.objects, 'silver', lake.dataset))?.pointer;
    await lake.remove(pointerKey('silver', lake.dataset));
    const { restored } = await planRepair(effects, { contract, history: async () => [] });
    expect(restored?.pointer.tables).toEqual(before?.tables);
  });
});

describe('records of a protected dataset', () => {
  let lake: TestLake;
  beforeAll(async () => {
    lake = await shopLake('2024-07-01T06:00:00.000Z');
    await lake.dropAndRun({ 'may.csv': FILE });
    lake.setTime('2026-07-01T06:00:00.000Z');
  });
  afterAll(() => lake.dispose());

  test('lose their envelopes; who asks gets what is in Silver, and the audit opens what is there', async () => {
    const ann = { kind: 'customer', id: '42' };
    const { effects } = lake.lake;
    const layersOf = async () =>
      new Set((await accessPerson(effects, ann, WORD)).records.map(({ layer }) => layer));
    expect(await layersOf()).toContain('quarantine');
    const silver = await lake.rows('silver');
    expect((await valuesOf(lake)).join('\n')).toContain('~1.');
    expect(await letGoOf(lake, '2025-07-01T00:00:00.000Z')).toMatchObject({ records: 4 });
    expect(
      JSON.stringify(await rejectsOf(lake), (_, one) => (typeof one === 'bigint' ? String(one) : one)),
    ).not.toContain('~1.');
    expect(await layersOf()).toEqual(new Set(['silver']));
    expect(await lake.rows('silver')).toEqual(silver);
    expect(await problemsOf(lake)).toEqual([]);
  });
});
