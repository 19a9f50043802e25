import { afterEach, describe, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { supersededPaths } from '../../etl/eventstore/superseded.ts';
import { tryContract } from '../../etl/trying/try-contract.ts';
import { type TestLake, type TestLakeOptions, testLake } from '../stages/harness.ts';
import { type Row, readParquetRows } from '../stages/read-rows.ts';
import { saleEvent, saleFile, salesEvents } from './sales.ts';

let lake: TestLake;
afterEach(() => lake.dispose());

const open = async (assay = {}, options: Partial<TestLakeOptions> = {}): Promise<void> => {
  lake = await testLake({ contracts: [salesEvents(assay)], ...options });
};
const sound = async (): Promise<void> =>
  expect((await auditDataset(lake.lake.effects, { dataset: lake.dataset })).problems).toEqual([]);
const ids = async (layer: 'silver' | 'condemned'): Promise<string[]> =>
  (await lake.rows(layer)).map((row) => (layer === 'silver' ? String(row.event) : eventOf(row))).sort();
const eventOf = (row: Row): string => String(JSON.parse(String(row.record)).event);

describe('two events with one stream and version', () => {
  const [early, late] = [saleEvent('s1', 1, 'e1'), saleEvent('s1', 1, 'e2', '2.00')];
  const other = saleEvent('s2', 1, 'e3');

  test.each([
    ['in one file', [[early, late, other]]],
    ['in one file, the other way round', [[late, early, other]]],
    ['in two files of a run', [[late, other], [early]]],
  ])('%s: the smaller id stays, and the verdict of the other names it', async (_, files) => {
    await open();
    const { seal } = await lake.dropAndRun(
      Object.fromEntries(files.map((events, n) => [`f${n}.csv`, saleFile(events)])),
    );
    expect(seal?.counts).toMatchObject({ records: 3, silver: 2, condemned: 1 });
    expect(seal?.superseded).toBeUndefined();
    expect(await ids('silver')).toEqual(['e1', 'e3']);
    const [gone] = await lake.rows('condemned');
    expect(gone?.reasons).toEqual([{ rule: 'key', column: 'event', code: 'DUPLICATE', value: 'e1' }]);
    await sound();
  });

  test('the smaller in a later run: the other leaves Silver, has its verdict and its row, and all adds up', async () => {
    await open();
    await lake.dropAndRun({
      'a.csv': saleFile([other, late]),
      'b.csv': saleFile([saleEvent('s9', 1, 'e9')]),
    });
    const { seal, record } = await lake.dropAndRun({ 'c.csv': saleFile([early]) });
    expect(record?.status).toBe('promoted');
    expect(seal?.counts).toMatchObject({ records: 1, silver: 1, condemned: 0 });
    expect(seal?.superseded).toMatchObject({ records: 1 });
    expect(await ids('silver')).toEqual(['e1', 'e3', 'e9']);
    const [gone] = await lake.rows('condemned');
    expect(gone).toMatchObject({
      run_id: 'run-001',
      reasons: [{ rule: 'gave way', column: 'event', code: 'DUPLICATE', value: 'e1' }],
      attempt_count: 1,
    });
    expect(JSON.parse(String(gone?.record))).toMatchObject({ event: 'e2', amount: '2.00', nr: '1' });
    const paths = await supersededPaths(lake.lake.effects, lake.dataset);
    expect([...paths.keys()]).toEqual(['run-002']);
    const [row] = await readParquetRows(paths.get('run-002') ?? '');
    expect(row).toMatchObject({ event: 'e2', sale: 's1', run_id: 'run-001', row_hash: gone?.row_hash });
    await sound();
    const { effects } = lake.lake;
    const loaded = await loadContracts(effects.contracts);
    const [contract] = loaded.contracts.values();
    if (contract?.layer !== 'silver') throw new Error('the contract is not one of Silver');
    const proposed = { ...contract, digest: 'another', description: 'more' };
    const tried = await tryContract(effects, { loaded, proposed }, { mostExamples: 5, mostFigures: 5 });
    expect(tried).toMatchObject({ counts: { silverNow: 3, silverThen: 3, toSilver: 0, out: 0 } });
  });

  test('the larger in a later run is condemned, however often it comes, and is news once', async () => {
    await open();
    await lake.dropAndRun({ 'a.csv': saleFile([early]) });
    const { seal } = await lake.dropAndRun({ 'b.csv': saleFile([late]) });
    expect(seal?.first).toMatchObject({ condemned: 1 });
    const again = await lake.dropAndRun({ 'c.csv': saleFile([late, other]) });
    expect(again.seal?.counts).toMatchObject({ silver: 1, condemned: 1 });
    expect(again.seal?.first).toMatchObject({ condemned: 0 });
    expect(await ids('silver')).toEqual(['e1', 'e3']);
    await sound();
  });

  test('an event that gave way is condemned again as it comes again, and a repeat of it stays one', async () => {
    await open();
    await lake.dropAndRun({ 'a.csv': saleFile([late]) });
    const repeat = await lake.dropAndRun({ 'b.csv': saleFile([late, other]) });
    expect(repeat.seal?.counts).toMatchObject({ silver: 1, repeats: 1 });
    await lake.dropAndRun({ 'c.csv': saleFile([early]) });
    await sound();
    const { seal } = await lake.dropAndRun({ 'd.csv': saleFile([late, saleEvent('s4', 1, 'e4')]) });
    expect(seal?.counts).toMatchObject({ silver: 1, condemned: 1 });
    expect(await ids('silver')).toEqual(['e1', 'e3', 'e4']);
    await sound();
  });

  test('with one id and other values: which stays depends on nothing but the values', async () => {
    const stays = new Set<string>();
    const [one, two] = [saleEvent('s1', 1, 'e1', '1.00'), saleEvent('s1', 1, 'e1', '2.00')];
    const spelled = { ...one, amount: '1.0' };
    const orders = [
      [one, two],
      [two, spelled, one],
      [spelled, two],
    ];
    for (const events of orders) {
      await lake?.dispose();
      await open();
      for (const [n, event] of events.entries()) await lake.dropAndRun({ [`${n}.csv`]: saleFile([event]) });
      stays.add((await lake.rows('silver')).map((row) => String(row.amount)).join());
      await sound();
    }
    expect(stays.size).toBe(1);
  });

  test('more than the limit of events that leave Silver hold the run', async () => {
    await open({ limits: { maxCondemned: 2 } });
    const many = (prefix: string) => [1, 2].map((n) => saleEvent('s1', n, `${prefix}${n}`, `${n}.00`));
    await lake.dropAndRun({ 'a.csv': saleFile(many('z')) });
    const { record } = await lake.dropAndRun({ 'b.csv': saleFile(many('a')) });
    expect(record).toMatchObject({
      status: 'held',
      why: ['0 records are condemned, and 2 events of Silver give way to others; the limit is 2'],
    });
    expect(await ids('silver')).toEqual(['z1', 'z2']);
  });
});

test('ids that are numbers are compared as numbers, and text by its code points', async () => {
  lake = await testLake({ contracts: [salesEvents({}, 'integer')] });
  await lake.dropAndRun({ 'a.csv': saleFile([saleEvent('s1', 1, '10')]) });
  await lake.dropAndRun({ 'b.csv': saleFile([saleEvent('s1', 1, '9', '2.00')]) });
  expect(await ids('silver')).toEqual(['9']);
  await sound();
  await lake.dispose();
  await open();
  await lake.dropAndRun({ 'a.csv': saleFile([saleEvent('s1', 1, '9'), saleEvent('s2', 1, '\u{1f600}')]) });
  await lake.dropAndRun({
    'b.csv': saleFile([saleEvent('s1', 1, '10', '2.00'), saleEvent('s2', 1, '\uff5e', '2.00')]),
  });
  expect(await ids('silver')).toEqual(['10', '\uff5e']);
  await sound();
});
