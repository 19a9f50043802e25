import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { ExecutionResult } from '../../adapters/local/state-machine.ts';
import { chunkKey, commitPlanKey, heldKey, planKey, runRecordKey } from '../../etl/naming/runs.ts';
import type { StageName } from '../../etl/stages/handlers.ts';
import { type Approval, RunRecord, Withheld } from '../../etl/stages/outcomes.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';
import { contractText, NO_LIMITS } from './contract-text.ts';
import { execute as executeIn } from './execute.ts';
import { type TestLake, testLake } from './harness.ts';

/** A deployment comes while a run is under way, or held: the run goes on under what was deployed. */

const RUN = { dataset: 'test.records', runId: '20240601T000000000Z-00000000' };
const COLUMNS = [
  { name: 'id', key: true },
  { name: 'on', type: 'date', required: true },
  { name: 'amount', type: 'integer' },
];
const withNulls = (nullValues: string[], limits: object = NO_LIMITS): string =>
  contractText({ columns: COLUMNS, partitionColumn: 'on', assay: { limits, csv: { nullValues } } });
const BEFORE = withNulls([]);
/** What is deployed: NA is no amount, and no mistake. */
const AFTER = withNulls(['NA']);
const FILE = `id,on,amount\n${Array.from({ length: 20 }, (_, n) => `${n},2024-01-02,${n === 7 ? 'NA' : n}\n`).join('')}`;
let lake: TestLake;
afterEach(() => lake.dispose());

/** An execution of the workflow; `happens` once, before this stage begins for the first time. */
const execute = (
  input: { readonly start: 'plan' } | { readonly start: 'promote'; readonly approved: Approval },
  before?: StageName,
  happens: () => Promise<void> = async () => undefined,
): Promise<ExecutionResult> =>
  executeIn(lake.lake.effects, { ...RUN, ...input }, before === undefined ? undefined : { before, happens });

const recordOf = (): Promise<RunRecord> =>
  getDocument(lake.lake.effects.objects, runRecordKey(RUN.dataset, RUN.runId), RunRecord);

/** What Silver holds, as another library reads it. */
const amounts = async (): Promise<string[]> =>
  (await lake.rows('silver')).map(({ id, amount }) => `${id}:${amount}`).sort();
const EXPECTED = Array.from({ length: 20 }, (_, n) => `${n}:${n === 7 ? null : n}`).sort();

/** Writes a document anew as another release would have left it. */
async function rewrite(key: string, change: (document: Record<string, unknown>) => unknown): Promise<void> {
  const { objects } = lake.lake.effects;
  const document = await getDocument(objects, key, z.record(z.string(), z.unknown()));
  await objects.put(key, Buffer.from(JSON.stringify(change(document))));
}
const older = ({ format: _, ...document }: Record<string, unknown>): unknown => document;
const newer = (document: Record<string, unknown>): unknown => ({ ...document, format: 1_000 });
const reshaped = (): unknown => ({ made: 'by another release' });

const stages: StageName[] = ['refine', 'seal', 'gate', 'promote'];

describe.each([
  { cut: false, chunkBytes: 1_000_000 },
  { cut: true, chunkBytes: 150 },
])('a deployment while a run is under way (files are cut: $cut)', ({ cut, chunkBytes }) => {
  test.each(cut ? (['survey', 'align', ...stages] as const) : stages)(
    'of another contract, before %s: the run is planned again under it',
    async (stage) => {
      lake = await testLake({ contracts: [BEFORE], chunkBytes });
      await lake.drop({ 'a.csv': FILE });
      const result = await execute({ start: 'plan' }, stage, () => lake.setContract(AFTER));
      expect(result.status).toBe('succeeded');
      expect(await recordOf()).toMatchObject({ status: 'promoted', counts: { silver: 20, quarantined: 0 } });
      expect(await amounts()).toEqual(EXPECTED);
      expect(lake.alerts).toEqual([]);
    },
  );
});

describe('what another release left of a run', () => {
  const left = [
    ['the plan', planKey(RUN.dataset, RUN.runId), stages],
    ["a chunk's result", chunkKey(RUN.dataset, RUN.runId, '0001'), ['seal']],
    ['what promote will commit', commitPlanKey(RUN.dataset, RUN.runId), ['promote']],
  ] as const;
  const cases = left.flatMap(([what, key, before]) =>
    before.flatMap((stage) => [
      { what, key, stage, release: 'older', change: older },
      { what, key, stage, release: 'newer', change: newer },
      { what, key, stage, release: 'reshaping', change: reshaped },
    ]),
  );

  test.each(cases)(
    '$what, by one that is $release, before $stage: the run is planned again',
    async ({ key, stage, change }) => {
      lake = await testLake({ contracts: [AFTER] });
      await lake.drop({ 'a.csv': FILE });
      const result = await execute({ start: 'plan' }, stage, () => rewrite(key, change));
      expect(result.status).toBe('succeeded');
      expect(await recordOf()).toMatchObject({ status: 'promoted', counts: { silver: 20 } });
      expect(await amounts()).toEqual(EXPECTED);
    },
  );
});

describe('a run that is held', () => {
  const tight = { maxQuarantineRate: 0.01, smallBatchRecords: 1 };

  async function hold(): Promise<Approval> {
    lake = await testLake({ contracts: [withNulls([], tight)] });
    await lake.drop({ 'a.csv': FILE });
    await execute({ start: 'plan' });
    const key = heldKey(RUN.dataset, RUN.runId);
    const { decision, sealDigest } = await getDocument(lake.lake.effects.objects, key, Withheld);
    expect(decision).toBe('held');
    return { digest: sealDigest, by: 'ann', reason: 'looked at it' };
  }

  test.each([
    ['its plan is older', planKey, older],
    ['what promote will commit is older', commitPlanKey, older],
    ['that has another shape', commitPlanKey, reshaped],
  ])(
    'by another release (%s) is refined anew, and published where its verdicts are those approved',
    async (_, keyOf, change) => {
      const approved = await hold();
      await rewrite(keyOf(RUN.dataset, RUN.runId), change);
      expect((await execute({ start: 'promote', approved })).status).toBe('succeeded');
      expect(await recordOf()).toMatchObject({ status: 'promoted', counts: { silver: 19, quarantined: 1 } });
      expect(await amounts()).toEqual(EXPECTED.filter((one) => !one.startsWith('7:')));
    },
  );

  test('stays held where the contract was deployed anew: its verdicts were approved under another', async () => {
    const approved = await hold();
    await lake.setContract(withNulls(['NA'], tight));
    expect((await execute({ start: 'promote', approved })).status).toBe('failed');
    expect(await recordOf()).toMatchObject({
      status: 'held',
      why: [expect.stringContaining('assay readmit')],
    });
  });
});
