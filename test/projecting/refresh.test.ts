import { afterEach, describe, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import type { SqlRow } from '../../etl/engine/engine.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import { checkHealth } from '../../etl/operations/check-health.ts';
import { compact } from '../../etl/operations/compact.ts';
import { rollBack } from '../../etl/operations/roll-back.ts';
import { createLakeViews } from '../../etl/query/lake-views.ts';
import { keptProjection } from '../../etl/stages/kept-contracts.ts';
import { refreshProjection } from '../../etl/stages/refresh-projection.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { type SaleEvent, saleEvent, saleFile, salesEvents } from '../eventstore/sales.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { countingStores } from '../support/counting-stores.ts';
import {
  projected,
  salesLake,
  salesProjection,
  setCode,
  TOTALS,
  TOTALS_CODE,
  totalsOf,
} from './sales-lake.ts';

let lake: TestLake;
afterEach(() => lake.dispose());

const A = [saleEvent('s1', 1, 'e1'), saleEvent('s1', 2, 'e2', '2.50'), saleEvent('s2', 1, 'e3')];
const B = [saleEvent('s1', 3, 'e4', '4.25'), saleEvent('s3', 1, 'e5')];

const sound = async (name = 'totals'): Promise<void> => {
  const { problems } = await auditDataset(lake.lake.effects, { dataset: `shop.${name}` });
  expect(problems).toEqual([]);
};

const asked = (sql: string): Promise<SqlRow[]> =>
  withScratchEngine(lake.lake.effects, 'query', async (engine) => {
    await createLakeViews(engine, lake.lake.effects, sql, { kind: 'now' });
    return await engine.rows(sql);
  });

describe('a projection', () => {
  test('is made by the run that publishes its events, goes on, and can be queried', async () => {
    lake = await salesLake();
    await lake.dropAndRun({ 'a.csv': saleFile(A) });
    expect(await projected(lake, 'totals')).toEqual(totalsOf(A));
    await lake.dropAndRun({ 'b.csv': saleFile(B) });
    expect(await projected(lake, 'totals')).toEqual(totalsOf([...A, ...B]));
    expect(lake.alerts).toEqual([]);
    const sql = 'SELECT CAST(sum(total) AS VARCHAR) AS total, count(*) AS n FROM projection.shop_totals';
    expect(await asked(sql)).toEqual([{ total: '9.75', n: '3' }]);
    await sound();
    const { contracts } = await loadContracts(lake.lake.effects.contracts);
    const contract = contracts.get('shop.totals');
    if (contract === undefined) throw new Error('no contract');
    expect((await checkHealth(lake.lake.effects, contract)).ailments).toEqual([]);
  });

  test('fetches no more of the events than are new, and all of them only where one is late', async () => {
    lake = await testLake({
      contracts: [salesEvents(), TOTALS],
      projections: { 'shop/totals.ts': TOTALS_CODE },
      // A run itself looks through the events before: it leaves the projection behind here.
      wrap: ({ folds: _, ...others }) => others,
    });
    const { effects } = lake.lake;
    const contract = (await loadContracts(effects.contracts)).contracts.get('shop.totals');
    if (contract?.layer !== 'projection') throw new Error('no projection');
    const fetched = async (...events: readonly SaleEvent[]): Promise<string[]> => {
      const runId = `of-${events[0]?.event}`;
      await lake.dropAndRun({ [`${runId}.csv`]: saleFile(events) });
      const { objects, data, calls } = countingStores(effects.objects, effects.data);
      const run = { dataset: 'shop.sales', runId };
      await refreshProjection({ ...effects, objects, data }, { contract, run });
      const keys = calls.filter(({ call }) => call === 'localPath').map(({ key }) => key);
      return [...new Set(keys.flatMap((key) => /^silver\/.*run_id=([^/]+)/.exec(key)?.[1] ?? []))].sort();
    };
    expect(await fetched(...A)).toEqual(['run-001']);
    expect(await fetched(...B)).toEqual(['run-002']);
    expect(await fetched(saleEvent('s3', 2, 'e6'))).toEqual(['run-003']);
    expect(await fetched(saleEvent('s1', 0, 'e0'))).toHaveLength(4);
    expect(await projected(lake, 'totals')).toEqual(
      totalsOf([...A, ...B, saleEvent('s3', 2, 'e6'), saleEvent('s1', 0, 'e0')]),
    );
  });

  test('a late event makes its stream anew, and what was published is in the ledger of restatements', async () => {
    lake = await salesLake();
    const [first, second, third] = [1, 2, 3].map((nr) => saleEvent('s1', nr, `e${nr}`, `${nr}.00`));
    if (!first || !second || !third) throw new Error('three events');
    await lake.dropAndRun({ 'a.csv': saleFile([first, third, ...B.slice(1)]) });
    await lake.dropAndRun({ 'b.csv': saleFile([second]) });
    expect(await projected(lake, 'totals')).toEqual(totalsOf([first, second, third, ...B.slice(1)]));
    const told = await asked(
      `SELECT "key", "column", old_value, new_value FROM ops.restatements WHERE dataset = 'shop.totals' ORDER BY ALL`,
    );
    expect(told).toEqual([
      { key: '{"sale":"s1"}', column: 'sold', old_value: '2', new_value: '3' },
      { key: '{"sale":"s1"}', column: 'total', old_value: '4.00', new_value: '6.00' },
    ]);
    await sound();
  });

  test('an event that gives way takes its part of the state with it', async () => {
    lake = await salesLake();
    await lake.dropAndRun({ 'a.csv': saleFile([...A, saleEvent('s2', 2, 'e9', '9.00')]) });
    const smaller = saleEvent('s2', 2, 'e8', '8.00');
    await lake.dropAndRun({ 'b.csv': saleFile([smaller]) });
    expect(await projected(lake, 'totals')).toEqual(totalsOf([...A, smaller]));
    await sound();
  });

  test('follows a rollback and a compaction of its events', async () => {
    lake = await salesLake();
    await lake.dropAndRun({ 'a.csv': saleFile(A) });
    const { effects } = lake.lake;
    const first = (await readPointer(effects.objects, 'silver', 'shop.sales'))?.pointer.snapshot_id ?? 0;
    await lake.dropAndRun({ 'b.csv': saleFile(B) });
    const word = { by: 'ann', reason: 'a test' };
    await compact(effects, { dataset: 'shop.sales', targetBytes: 1e9, isDryRun: false }, word);
    await lake.dropAndRun({ 'c.csv': saleFile([saleEvent('s2', 2, 'e7')]) });
    expect(await projected(lake, 'totals')).toEqual(totalsOf([...A, ...B, saleEvent('s2', 2, 'e7')]));
    await rollBack(effects, { dataset: 'shop.sales', to: first }, word);
    expect(await projected(lake, 'totals')).toEqual(totalsOf(A));
    await sound();
  });

  test('new code makes all of it anew, in one commit, and the code of before is kept', async () => {
    lake = await salesLake();
    const { objects } = lake.lake.effects;
    const digestNow = async () =>
      (await readPointer(objects, 'projection', 'shop.totals'))?.pointer.contract_digest ?? '';
    await lake.dropAndRun({ 'a.csv': saleFile(A) });
    const before = await digestNow();
    await setCode(lake, 'shop/totals.ts', `export const apply = (s, e) => ({ sold: 7, total: '1' });`);
    await lake.dropAndRun({ 'b.csv': saleFile(B) });
    const rows = await projected(lake, 'totals');
    expect(rows.map(({ sale, sold }) => [sale, sold])).toEqual([
      ['s1', 7n],
      ['s2', 7n],
      ['s3', 7n],
    ]);
    expect(await digestNow()).not.toBe(before);
    expect(await keptProjection(objects, 'shop.totals', before)).toMatchObject({
      contract: { layer: 'projection' },
      code: { file: 'shop/totals.ts', text: TOTALS_CODE },
    });
    await sound();
  });

  test('whose code fails stays as it was, people are told, and the run and Gold go on', async () => {
    lake = await salesLake();
    await lake.dropAndRun({ 'a.csv': saleFile(A) });
    const throws = `export function apply(s, e) { if (e.event === 'e5') throw new Error('no'); return { sold: 1, total: '1' }; }`;
    await setCode(lake, 'shop/totals.ts', throws);
    const { record } = await lake.dropAndRun({ 'b.csv': saleFile(B) });
    expect(record?.status).toBe('promoted');
    expect(await projected(lake, 'totals')).toEqual(totalsOf(A));
    expect(lake.alerts).toMatchObject([
      {
        kind: 'projection-failed',
        dataset: 'shop.totals',
        title: expect.stringContaining('stream s3, version 1, event e5'),
        details: { code: 'PROJECTION_THREW', stream: 's3', version: '1', event: 'e5' },
      },
    ]);
    const { contracts } = await loadContracts(lake.lake.effects.contracts);
    const contract = contracts.get('shop.totals');
    if (contract?.layer !== 'projection') throw new Error('no contract');
    const { ailments } = await checkHealth(lake.lake.effects, contract);
    expect(ailments.map(({ code }) => code)).toEqual(['PROJECTION_BEHIND']);
    await setCode(lake, 'shop/totals.ts', TOTALS_CODE);
    await refreshProjection(lake.lake.effects, {
      contract,
      run: { dataset: 'shop.sales', runId: 'by-hand' },
    });
    expect(await projected(lake, 'totals')).toEqual(totalsOf([...A, ...B]));
  });

  test.each([
    [`({ sold: 1.5, total: '1' })`, 'gave sold a value that is no long'],
    [`({ total: '1' })`, 'gave no sold, which the contract requires'],
    [`({ sold: 1, total: '1.005' })`, 'gave total a value that is no decimal'],
    [`({ sold: 1, total: 1.5 })`, 'gave total a value that is no decimal'],
    [`({ sold: 1n << 63n, total: '1' })`, 'gave sold a value that is no long'],
    [
      `({ sold: 1, total: '1', last_event: '🙂'.slice(0, 1) })`,
      'gave last_event a text with half a character',
    ],
  ])('refuses a row %s', async (state, why) => {
    lake = await salesLake();
    await setCode(lake, 'shop/totals.ts', `export const apply = () => (${state});`);
    await lake.dropAndRun({ 'a.csv': saleFile(A) });
    expect(lake.alerts).toMatchObject([
      { title: expect.stringContaining(why), details: { code: 'PROJECTION_BREAKS_CONTRACT', stream: 's1' } },
    ]);
    expect(await projected(lake, 'totals')).toEqual([]);
  });
});

describe('folds that ship', () => {
  const AT = { name: 'valid_from', type: 'timestamp', key: true };
  const WHAT = { name: 'what' };
  const AMOUNT = { name: 'amount', type: 'number', physicalType: 'DECIMAL(12,2)' };

  test('current_state has the last values, scd2 their history, counter how many of which type', async () => {
    const contracts = [
      salesProjection('now', [WHAT, AMOUNT], { fold: 'current_state' }),
      salesProjection(
        'history',
        [AMOUNT, { name: 'valid_to', type: 'timestamp' }, { name: 'is_current', type: 'boolean' }],
        { fold: 'scd2', key: [AT] },
      ),
      salesProjection(
        'counts',
        [
          { name: 'events', type: 'integer' },
          { name: 'sold', type: 'integer' },
          { name: 'first_at', type: 'timestamp' },
        ],
        { fold: 'counter' },
      ),
    ];
    lake = await salesLake(contracts);
    const event = (nr: number, month: string, amount: string) => ({
      ...saleEvent('s1', nr, `e${nr}`, amount),
      at: `2024-${month}-01T00:00:00Z`,
      what: nr === 3 ? 'returned' : 'sold',
    });
    await lake.dropAndRun({ 'a.csv': saleFile([event(1, '01', '1.00'), event(2, '02', '1.00')]) });
    await lake.dropAndRun({ 'b.csv': saleFile([event(3, '03', '3.00'), event(4, '04', '')]) });
    expect(lake.alerts).toEqual([]);
    expect(await projected(lake, 'now')).toMatchObject([{ sale: 's1', what: 'sold', amount: 3 }]);
    const [january, march] = ['01', '03'].map((month) => `2024-${month}-01T00:00:00.000000Z`);
    expect(await projected(lake, 'history', 'valid_from')).toMatchObject([
      { valid_from: january, valid_to: march, is_current: false, amount: 1 },
      { valid_from: march, valid_to: null, is_current: true, amount: 3 },
    ]);
    expect(await projected(lake, 'counts')).toMatchObject([{ events: 4n, sold: 3n, first_at: january }]);
  });
});
