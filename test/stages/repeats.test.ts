import { afterEach, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { traceFigure } from '../../etl/lineage/trace-figure.ts';
import { askForBackfill, chooseFiles } from '../../etl/operations/backfill.ts';
import { findRecords, loadFailedRecords } from '../../etl/quarantine/records.ts';
import { retryRecords } from '../../etl/quarantine/retry-records.ts';
import { withScratchEngine } from '../../etl/stages/ledger-lookup.ts';
import { tryContract } from '../../etl/trying/try-contract.ts';
import { contractText, NO_LIMITS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/** Files that hold again what earlier ones held. What is right was counted and added up by hand; repeats.py judges more of them. */

const payments = (assay: Readonly<Record<string, unknown>>, version = '1.0.0'): string =>
  contractText({
    dataset: 'card.payments',
    version,
    partitionColumn: 'paid_on',
    columns: [
      { name: 'id', required: true, key: assay.key !== 'record' },
      { name: 'paid_on', type: 'date', required: true },
      { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)', required: true },
    ],
    assay: { measures: [{ column: 'amount' }], limits: NO_LIMITS, ...assay },
  });
const csv = (...records: string[]): string => `id,paid_on,amount\n${records.join('\n')}\n`;
const WORD = { by: 'a tester', reason: 'a test' };

let lake: TestLake;
afterEach(() => lake.dispose());
const contractNow = async () =>
  requireSourceContract(await loadContracts(lake.lake.effects.contracts), lake.dataset);
const silver = async (): Promise<string[]> =>
  (await lake.rows('silver')).map(({ id, amount }) => `${id} ${amount}`).sort();

test('with replace, a newer value takes the place of the older one, and what stands already is a repeat', async () => {
  lake = await testLake({ contracts: [payments({ redelivery: 'expected', duplicates: 'replace' })] });
  await lake.dropAndRun({ 'a.csv': csv('1,2024-01-02,1.50', '2,2024-02-02,2.00') });
  const { record, seal } = await lake.dropAndRun({
    'b.csv': csv('1,2024-01-02,1.5', '2,2024-02-02,2.50', '3,2024-02-03,4.25', '3,2024-02-03,4.25'),
    'c.csv': csv('1,2024-01-02,7.00', '1,2024-01-02,1.50', '2,2024-02-02,2.50'),
  });
  // Of b: 1 stands, 2 is new, 3 is new and stands for its equal. Of c: 7.00 is not what counts in the end, the rest stands.
  expect(record?.counts).toEqual({
    ...{ records: 7, silver: 2, quarantined: 0, condemned: 1, blank: 0 },
    repeats: 4,
  });
  expect(await silver()).toEqual(['1 1.5', '2 2.5', '3 4.25']);
  expect(seal?.controlTotals.map(({ repeats, met }) => [repeats, met])).toEqual([
    ['5.75', true],
    ['4.00', true],
  ]);
});

test('limits look at what came for the first time, and a run of nothing but repeats published nothing', async () => {
  const limits = { maxQuarantineRate: 0.3, smallBatchRecords: 1, maxCondemned: 3, breakerErrors: 3 };
  lake = await testLake({ contracts: [payments({ redelivery: 'expected', limits })] });
  const good = ['1,2024-01-02,1.00', '2,2024-01-02,1.00', '3,2024-01-02,1.00', '4,2024-01-02,1.00'];
  const bad = ['x,2024-01-02,', 'y,2024-01-02,'];
  // Two of seven are less than 30 %.
  expect((await lake.dropAndRun({ 'a.csv': csv(...good, ...bad, '5,2024-01-02,1.00') })).status).toBe(
    'promoted',
  );
  // Of three records that are no repeats two fail, as everybody knows; the third time they are condemned.
  for (const name of ['b', 'c', 'd']) {
    const { status, record } = await lake.dropAndRun({
      [`${name}.csv`]: csv(...good, ...bad, `${name},2024-01-03,1.00`),
    });
    expect([name, status, record?.why]).toEqual([name, 'promoted', []]);
  }
  expect(await lake.rows('condemned')).toHaveLength(4);
  expect((await lake.dropAndRun({ 'e.csv': csv(...good) })).status).toBe('nothing-published');
});

test('a backfill reads the files that repeat its own along, each repeat has its twin, and an audit finds nothing', async () => {
  lake = await testLake({ contracts: [payments({ redelivery: 'expected' })] });
  await lake.dropAndRun({ 'a.csv': csv('1,2024-01-02,1.50', '2,2024-02-02,2.00') });
  lake.setTime('2024-06-02T06:00:00.000Z');
  await lake.dropAndRun({ 'b.csv': csv('1,2024-01-02,1.50', '3,2024-02-02,3.00') });
  lake.setTime('2024-06-03T06:00:00.000Z');
  await lake.dropAndRun({ 'c.csv': csv('3,2024-02-02,3.00', '4,2024-02-02,4.00') });
  // Nothing but a repeat: no snapshot of Silver is newer.
  await lake.dropAndRun({ 'd.csv': csv('3,2024-02-02,3.00') });
  const { effects } = lake.lake;
  const loaded = await loadContracts(effects.contracts);
  const record = { file: 'c.csv', row: 1 };
  const trace = await traceFigure(effects, loaded, {
    contract: await contractNow(),
    values: {},
    record,
    mostRecords: 5,
  });
  expect(trace.inputs[0]?.records).toMatchObject([
    {
      values: { id: '3' },
      sourceFile: expect.stringMatching(/b\.csv$/),
      sourceRowNumber: 2,
      repeats: [
        { sourceFile: expect.stringMatching(/c\.csv$/), sourceRowNumber: 1 },
        { sourceFile: expect.stringMatching(/d\.csv$/), sourceRowNumber: 1 },
      ],
    },
  ]);
  const chosen = await chooseFiles(effects, {
    dataset: lake.dataset,
    from: '2024-06-01',
    to: '2024-06-02',
    isAgain: true,
  });
  expect(chosen.keys.map((key) => key.slice(-5))).toEqual(['a.csv', 'b.csv', 'c.csv', 'd.csv']);
  expect(chosen.alongside).toBe(3);
  const { runId } = await askForBackfill(effects, chosen, WORD);
  const ran = await lake.runAs(runId);
  expect(ran.record?.counts).toMatchObject({ records: 7, silver: 4, repeats: 3 });
  expect(await silver()).toEqual(['1 1.5', '2 2', '3 3', '4 4']);
  // The same contract tried would change nothing.
  const tried = { loaded, proposed: await contractNow() };
  const { counts } = await tryContract(effects, tried, { mostExamples: 1, mostFigures: 1 });
  expect(counts).toEqual({ records: 7, silverNow: 4, silverThen: 4, toSilver: 0, out: 0 });
  expect((await auditDataset(effects, { dataset: lake.dataset })).problems).toEqual([]);
});

test('equal records that were corrected count among those of their file, and no other file’s stand for them', async () => {
  lake = await testLake({ contracts: [payments({ key: 'record' })] });
  // Two teas at 2.50 that can be read, and two that can't.
  await lake.dropAndRun({
    'a.csv': csv('tea,2024-01-02,2.50', 'tea,2024-01-02,2.50', 'tea,2024-01-02,2.5O', 'tea,2024-01-02,2.5O'),
  });
  const { effects } = lake.lake;
  const contract = await contractNow();
  const open = await withScratchEngine(effects, 'open', async (engine) => {
    await loadFailedRecords(engine, effects, lake.dataset);
    return findRecords(engine, { ids: [] }, { states: ['open'] });
  });
  expect(open.map(({ equals }) => equals?.map(({ sourceRowNumber }) => sourceRowNumber))).toEqual([[3, 4]]);
  const corrected = open.map((record) => ({ ...record, corrections: { amount: '2.50' } }));
  expect((await retryRecords(effects, contract, corrected, WORD)).records).toBe(2);
  expect((await lake.run()).record?.counts).toMatchObject({ records: 2, silver: 2 });
  expect(await silver()).toEqual(['tea 2.5', 'tea 2.5', 'tea 2.5', 'tea 2.5']);
  // A trial counts them so, too: the same contract would change nothing.
  const tried = { loaded: await loadContracts(effects.contracts), proposed: contract };
  const { counts } = await tryContract(effects, tried, { mostExamples: 1, mostFigures: 1 });
  expect(counts).toMatchObject({ silverNow: 4, silverThen: 4, toSilver: 0, out: 0 });
  // All four stand: of five in another file, one is new.
  const again = await lake.dropAndRun({
    'b.csv': csv(...Array.from({ length: 5 }, () => 'tea,2024-01-02,2.50')),
  });
  expect(again.record?.counts).toMatchObject({ records: 5, silver: 1, repeats: 4 });
  expect((await auditDataset(effects, { dataset: lake.dataset })).problems).toEqual([]);
});
