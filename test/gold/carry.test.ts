import { afterEach, describe, expect, test } from '@jest/globals';
import { sqlProblems } from '../../cli/contract-sql.ts';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { monthIndex } from '../../etl/closing/month.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { readContract } from '../../etl/contract/read-contract.ts';
import { withEngine } from '../../etl/engine/engine.ts';
import { readOf } from '../../etl/estimating/gold-reads.ts';
import { openGold } from '../../etl/gold/open-gold.ts';
import { closeMonth } from '../../etl/operations/close-month.ts';
import { commitGold } from '../../etl/stages/commit-gold.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import type { TestLake } from '../stages/harness.ts';
import type { CountingStores } from '../support/counting-stores.ts';
import {
  BALANCES,
  BALANCES_SQL,
  balancesContract,
  balancesLake,
  ENTRIES,
  entriesFile,
  madeAtOnce,
  monthsRead,
  published,
} from './balances-lake.ts';

/** A Gold table whose months are made from its own months before. */

let lake: TestLake;
let stores: CountingStores;
afterEach(() => lake.dispose());

const open = async (): Promise<void> => {
  ({ lake, stores } = await balancesLake());
};
const entry = (id: number, account: string, month: number, cents: number) => ({ id, account, month, cents });
/** Three accounts, entries in months 1 to 6. */
const OLD = [1, 2, 3, 4, 5, 6].flatMap((month) => [
  entry(month, 'a', month, 100 * month),
  entry(10 + month, month < 4 ? 'b' : 'c', month, -month),
]);
const isMade = async (last: string): Promise<void> =>
  expect(await published(lake)).toEqual(await madeAtOnce(lake, last));
const audited = async () => {
  const audits = [ENTRIES, BALANCES].map((dataset) => auditDataset(lake.lake.effects, { dataset }));
  return (await Promise.all(audits)).flatMap(({ problems }) => problems);
};

test('a change of the newest month reads that month alone, and one of an earlier month all from it on', async () => {
  await open();
  await lake.dropAndRun({ 'a.csv': entriesFile(OLD) });
  await isMade('2023-06');
  await lake.drop({ 'b.csv': entriesFile([entry(30, 'a', 6, 5)]) });
  stores.reset();
  await lake.run();
  expect(monthsRead(stores)).toEqual(['2023-06']);
  await isMade('2023-06');
  await lake.drop({ 'c.csv': entriesFile([entry(31, 'd', 4, 7)]) });
  stores.reset();
  await lake.run();
  expect(monthsRead(stores)).toEqual(['2023-04', '2023-05', '2023-06']);
  await isMade('2023-06');
  expect(await audited()).toEqual([]);
});

test('months between the last one and a new one get their balances, too', async () => {
  await open();
  await lake.dropAndRun({ 'a.csv': entriesFile(OLD) });
  await lake.dropAndRun({ 'b.csv': entriesFile([entry(30, 'a', 10, 5)]) });
  expect((await published(lake)).filter((row) => row.startsWith('2023-08'))).toEqual([
    '2023-08 a 21.00 6',
    '2023-08 b -0.06 3',
    '2023-08 c -0.15 3',
  ]);
  await isMade('2023-10');
  expect(await audited()).toEqual([]);
});

test('a month that Silver has no longer, at either end, is one that Gold has no longer', async () => {
  await open();
  await lake.dropAndRun({ 'a.csv': entriesFile([...OLD, entry(30, 'a', 8, 5)]) });
  await isMade('2023-08');
  // The entry is of an earlier month after all.
  await lake.dropAndRun({ 'b.csv': entriesFile([entry(30, 'a', 5, 5)]) });
  await isMade('2023-06');
  expect(await audited()).toEqual([]);
  // All of the first month move, and the last one goes with them.
  await lake.dropAndRun({
    'c.csv': entriesFile([1, 11, 6, 16].map((id) => entry(id, 'd', 2, 7))),
  });
  const rows = await published(lake);
  expect([rows[0]?.slice(0, 7), rows.at(-1)?.slice(0, 7)]).toEqual(['2023-02', '2023-05']);
  await isMade('2023-05');
  expect(await audited()).toEqual([]);
});

test('months that an older release left behind, when Silver lost them, are told by the audit until a refresh takes them out', async () => {
  await open();
  await lake.dropAndRun({ 'a.csv': entriesFile([...OLD, entry(30, 'a', 8, 5)]) });
  const { effects } = lake.lake;
  const { contracts } = await loadContracts(effects.contracts);
  const contract = contracts.get(BALANCES);
  if (contract?.layer !== 'gold') throw new Error('no contract');
  const stateOf = async () => {
    const pointer = await readPointer(effects.objects, 'gold', BALANCES);
    return { pointer, ...(await openGold(effects.objects, contract, pointer?.pointer)) };
  };
  const left = (await stateOf()).files.filter(({ month }) => (month ?? 0) > monthIndex('2023-06'));
  await lake.dropAndRun({ 'b.csv': entriesFile([entry(30, 'a', 5, 5)]) });
  const state = await stateOf();
  const digest = state.pointer?.pointer.contract_digest ?? '';
  const head = { ...state, contract, sql: BALANCES_SQL, digest };
  const snapshots = state.pointer?.pointer.inputs ?? {};
  const run = { dataset: ENTRIES, runId: 'older' };
  await commitGold({ effects, run, state: head, snapshots }, left, new Set());
  expect((await published(lake)).some((row) => row.startsWith('2023-08'))).toBe(true);
  const gold = (await auditDataset(effects, { dataset: BALANCES })).problems;
  expect(gold).toEqual([
    {
      ...{ code: 'GOLD', key: 'gold.shop_balances' },
      problem: expect.stringMatching(/^it has rows of 2023-07, 2023-08, and its inputs end before/),
    },
  ]);
  await lake.dropAndRun({ 'c.csv': entriesFile([entry(31, 'a', 6, 5)]) });
  expect((await auditDataset(effects, { dataset: BALANCES })).problems).toEqual([]);
  await isMade('2023-06');
});

test('a date a thousand years from now makes no balances of a thousand years: it is refused, named, and taken back', async () => {
  await open();
  await lake.dropAndRun({ 'a.csv': entriesFile(OLD) });
  const before = await published(lake);
  const far = 'id,account,booked_on,amount\n000040,a,2999-01-15,1.00\n';
  await expect(lake.dropAndRun({ 'far.csv': far })).rejects.toMatchObject({
    code: 'GOLD_FAR_MONTHS',
    message: expect.stringMatching(
      /^shop\.balances .* 11707 months, 2023-07 to 2999-01; .*record of shop\.entries/,
    ),
  });
  expect(await published(lake)).toEqual(before);
  // The record's next version says what was meant.
  await lake.dropAndRun({ 'mended.csv': far.replace('2999', '2023') });
  await isMade('2023-06');
  expect(await audited()).toEqual([]);
});

test('nothing is carried from a closed month that something waits for: it starts further back', async () => {
  await open();
  const { effects } = lake.lake;
  await lake.dropAndRun({ 'a.csv': entriesFile(OLD) });
  const word = { by: 'ann', reason: 'year end' };
  await closeMonth(effects, { report: BALANCES, month: '2023-04' }, word);
  await closeMonth(effects, { report: BALANCES, month: '2023-05' }, word);
  const closed = (await published(lake)).filter((row) => /^2023-0[45]/.test(row));
  // Nothing waits: the closed rows are what is carried.
  await lake.drop({ 'b.csv': entriesFile([entry(30, 'a', 6, 1)]) });
  stores.reset();
  await lake.run();
  expect(monthsRead(stores)).toEqual(['2023-06']);
  await isMade('2023-06');
  // A late entry, which waits for both closed months.
  await lake.dropAndRun({ 'late.csv': entriesFile([entry(31, 'b', 4, 1000)]) });
  await lake.drop({ 'c.csv': entriesFile([entry(32, 'a', 6, 2)]) });
  stores.reset();
  await lake.run();
  expect(monthsRead(stores)).toEqual(['2023-04', '2023-05', '2023-06']);
  const isOpen = (row: string): boolean => !/^2023-0[45]/.test(row);
  const [now, right] = [await published(lake), await madeAtOnce(lake, '2023-06')];
  expect(now.filter(isOpen)).toEqual(right.filter(isOpen));
  expect(now.filter((row) => !isOpen(row))).toEqual(closed);
  expect(await audited()).toEqual([]);
});

test('nothing is carried from a month that was closed without a column that came since', async () => {
  await open();
  const { effects } = lake.lake;
  await lake.dropAndRun({ 'a.csv': entriesFile(OLD) });
  await closeMonth(effects, { report: BALANCES, month: '2023-04' }, { by: 'ann', reason: 'year end' });
  const twice = BALANCES_SQL.replace(
    'AS entries\nFROM',
    'AS entries, CAST(SUM(two) AS BIGINT) AS twice\nFROM',
  )
    .replace('entries AS n FROM', 'entries AS n, twice AS two FROM')
    .replace('1 AS n FROM', '1 AS n, 2 AS two FROM');
  await lake.setContract(twice, '../sql/shop/balances.sql');
  await lake.setContract(balancesContract({}, true, [{ name: 'twice', type: 'integer' }]), 'c1.yaml');
  await lake.dropAndRun({ 'b.csv': entriesFile([entry(30, 'a', 6, 1)]) });
  await lake.drop({ 'c.csv': entriesFile([entry(31, 'a', 5, 1)]) });
  stores.reset();
  await lake.run();
  expect(monthsRead(stores)).toEqual(['2023-04', '2023-05', '2023-06']);
  const later = (await lake.gold(BALANCES)).filter(({ month }) => String(month) > '2023-04-30');
  expect(later.length).toBeGreaterThan(4);
  for (const row of later) expect(row.twice).toBe(BigInt(row.entries as bigint) * 2n);
});

test('an estimate knows that only the months made anew are read', async () => {
  await open();
  const { contracts } = await loadContracts(lake.lake.effects.contracts);
  const [gold, input] = [contracts.get(BALANCES), contracts.get(ENTRIES)];
  if (gold?.layer !== 'gold' || input?.layer !== 'silver') throw new Error('no contracts');
  const { engine: settings } = lake.lake.effects;
  await withEngine(settings, undefined, async (engine) => {
    expect(await readOf(engine, { contract: gold, sql: BALANCES_SQL }, input)).toBe('months');
    const { carry: _, ...whole } = gold;
    expect(await readOf(engine, { contract: whole, sql: BALANCES_SQL }, input)).toBe('whole');
  });
});

describe('misuse is a problem of the contract', () => {
  const problemsOf = async (assay: Readonly<Record<string, unknown>>, sql: string): Promise<string[]> => {
    await lake.setContract(balancesContract(assay), 'c1.yaml');
    await lake.setContract(sql, '../sql/shop/balances.sql');
    const source = lake.lake.effects.contracts;
    const { contracts } = await loadContracts(source);
    return (await sqlProblems([...contracts.values()], source)).map(({ message }) => message);
  };

  test('of SQL and contract together', async () => {
    await open();
    expect(await problemsOf({}, BALANCES_SQL)).toEqual([]);
    expect(await problemsOf({ carry: false }, BALANCES_SQL)).toEqual([
      expect.stringContaining(
        "reads {{carry}}, the table's own rows of the month before; for that its contract must say assay.carry: true",
      ),
    ]);
    const without = `-- not {{carry}}\n${BALANCES_SQL.replace('{{carry}}', '(SELECT account, amount AS balance, 1 AS entries FROM silver.shop_entries)')}`;
    const never = [expect.stringContaining('never reads {{carry}}')];
    expect(await problemsOf({}, without)).toEqual(never);
    expect(await problemsOf({}, `${without} HAVING count(*) <> length('{{carry}} it''s')`)).toEqual(never);
    expect(await problemsOf({}, BALANCES_SQL.replace(/WHERE .*/, ''))).toEqual([
      expect.stringContaining(
        'restricts none of shop.entries to the month that is asked for: what was before would count twice',
      ),
    ]);
    expect(await problemsOf({}, BALANCES_SQL.replace('silver.shop_entries', 'silver.others'))).toEqual([
      expect.stringContaining(
        "reads 'silver.others', which is no input; it may read silver.shop_entries, {{carry}}",
      ),
    ]);
  });

  test.each<[string, Readonly<Record<string, unknown>>, boolean]>([
    ['so that a changed month changes the later ones', { affects: 'same-month' }, true],
    ['figures of who withdraws would be carried on', { purpose: 'marketing' }, true],
    ['write primaryKey: true on month', {}, false],
    ["is 'yes', not true or false", { carry: 'yes' }, true],
  ])('of the contract alone: %s', async (message, assay, isMonthKey) => {
    await open();
    const read = readContract('balances.yaml', balancesContract(assay, isMonthKey));
    expect(read.kind === 'invalid' ? read.problems.map((one) => one.message) : []).toEqual([
      expect.stringContaining(message),
    ]);
  });
});
