import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../etl/errors.ts';
import { decisionKey, decisionsPrefix } from '../../etl/naming/decisions.ts';
import { metadataFolder, pointerKey } from '../../etl/naming/tables.ts';
import { askForBackfill, chooseFiles } from '../../etl/operations/backfill.ts';
import { askForMigration } from '../../etl/operations/migrate.ts';
import { planRepair, repairPointer } from '../../etl/operations/repair.ts';
import { withBench } from '../../etl/operations/rewrite-bin.ts';
import { rollBack } from '../../etl/operations/roll-back.ts';
import { vacuum } from '../../etl/operations/vacuum.ts';
import { type BlankedTable, blankTable } from '../../etl/quarantine/letting-go/blank-rows.ts';
import { commitBlanked } from '../../etl/quarantine/letting-go/commit-blanked.ts';
import { findDue, rejectTables } from '../../etl/quarantine/letting-go/due-records.ts';
import { readLegalTerm, termBefore } from '../../etl/quarantine/letting-go/legal-term.ts';
import { type LetGo, letGo, previewLetGo } from '../../etl/quarantine/letting-go/let-go.ts';
import { readRecords } from '../../etl/quarantine/read-records.ts';
import { openTable } from '../../etl/table/lake-table.ts';
import { movePointer, readPointer } from '../../etl/table/pointer.ts';
import { tagTable } from '../../etl/table/tag-table.ts';
import { contractText, PAYMENTS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';
import { type Row, readParquetRows } from './read-rows.ts';

/**
 * Records whose legal time is over. What is there before and after is read by hyparquet, and by the bytes of what isn't
 * Parquet; which records are due was counted by hand.
 */

const WORD = { by: 'ann', reason: 'kept for seven years' };
/** Seven years before the lake's last day. */
const BEFORE = new Date('2017-06-01T06:00:00.000Z');
const HEADER = 'id,paid_on,amount,note\n';
/** Condemned at its third failure in 2017, rejected once in 2017, unparsable in 2017, condemned in 2019 only, new in 2020. */
const [THRICE, ONCE, BROKEN, LATE, YOUNG] = [
  'planted-thrice-01',
  'planted-once-0002',
  'planted-broken-03',
  'planted-late-0004',
  'planted-young-005',
];
const bad = (note: string): string => `${note.slice(8)},2017-01-05,x,${note}\n`;
const good = (id: string): string => `${id},2017-01-05,1.00,fine\n`;
const unclosed = `9,2017-01-05,1.00,"${BROKEN}\n`;

let lake: TestLake;
let preview: LetGo;
let done: LetGo;
let before: readonly Row[];
/** Silver's first snapshot. */
let first: number;

const request = async () => ({
  contract: requireSourceContract(await loadContracts(lake.lake.effects.contracts), lake.dataset),
  before: BEFORE,
});
const rejects = async (): Promise<Row[]> => [
  ...(await lake.rows('quarantine')),
  ...(await lake.rows('condemned')),
];
const pointer = async () => (await readPointer(lake.lake.effects.objects, 'silver', lake.dataset))?.pointer;
const problems = async () => (await auditDataset(lake.lake.effects, { dataset: lake.dataset })).problems;
const valuesOf = ({ record, raw_text }: Row): string => `${record ?? ''}${raw_text ?? ''}`;
/** What of a row stays for good. */
const lasting = ({ record: _r, raw_text: _t, reasons, ...row }: Row): string =>
  JSON.stringify(
    { ...row, codes: (reasons as readonly Row[]).map(({ code, rule, column }) => [code, rule, column]) },
    (_, value) => (typeof value === 'bigint' ? String(value) : value),
  );
const states = async () => {
  const { records } = await readRecords(lake.lake.effects, lake.dataset, {
    filter: { ids: [] },
    states: ['open', 'retrying', 'condemned', 'silver', 'corrected'],
  });
  return records.map(({ state, record }) => `${record?.note}: ${state}`).sort();
};

/** Which planted values are anywhere in the lake but in Bronze, unpacked. */
async function found(): Promise<string[]> {
  const { root } = lake.lake;
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const texts: string[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    if (path.relative(root, file).startsWith('bronze')) continue;
    texts.push((await readFile(file)).toString('latin1'));
    if (!file.endsWith('.parquet')) continue;
    const rows = await readParquetRows(file);
    texts.push(JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
  }
  return [THRICE, ONCE, BROKEN, LATE, YOUNG].filter((one) => texts.some((text) => text.includes(one)));
}

beforeAll(async () => {
  lake = await testLake({ contracts: [contractText(PAYMENTS)], startAt: '2017-01-01T06:00:00.000Z' });
  await lake.dropAndRun({ 'a.csv': `${HEADER}${good('a')}${bad(THRICE)}${bad(ONCE)}${unclosed}` });
  first = (await pointer())?.snapshot_id ?? 0;
  for (const [month, name] of [
    ['02', 'b'],
    ['03', 'c'],
  ]) {
    lake.setTime(`2017-${month}-01T06:00:00.000Z`);
    await lake.dropAndRun({ [`${name}.csv`]: `${HEADER}${good(`${name}`)}${bad(THRICE)}${bad(LATE)}` });
  }
  lake.setTime('2019-01-01T06:00:00.000Z');
  await lake.dropAndRun({ 'd.csv': `${HEADER}${good('d')}${bad(LATE)}` });
  lake.setTime('2020-01-01T06:00:00.000Z');
  await lake.dropAndRun({ 'e.csv': `${HEADER}${good('e')}${bad(YOUNG)}` });
  lake.setTime('2024-06-01T06:00:00.000Z');
  before = await rejects();
  preview = await previewLetGo(lake.lake.effects, await request());
});
afterAll(() => lake.dispose());

describe('terms', () => {
  test.each([
    ['7y', '2024-02-29T12:00:00.000Z', '2017-02-28T12:00:00.000Z'],
    ['18m', '2024-08-31T00:00:00.000Z', '2023-02-28T00:00:00.000Z'],
    ['1m', '2024-01-31T00:00:00.000Z', '2023-12-31T00:00:00.000Z'],
    ['90d', '2024-03-31T00:00:00.000Z', '2024-01-01T00:00:00.000Z'],
  ])('%s before %s is %s, by the calendar', (text, now, then) => {
    const term = readLegalTerm(text);
    expect(term && termBefore(new Date(now), term).toISOString()).toBe(then);
  });

  test.each(['7', '7h', '-7y', '1.5y', '7 y', ''])('%s is no term', (text) => {
    expect(readLegalTerm(text)).toBeUndefined();
  });
});

describe('letting records go', () => {
  test('says first what would go, by run, and changes nothing', async () => {
    expect(preview).toMatchObject({
      records: 3,
      quarantined: 4,
      condemned: 1,
      oldest: '2017-01-01T06:00:00.000Z',
      newest: '2017-03-01T06:00:00.000Z',
      runs: [
        { runId: 'run-001', quarantined: 3, condemned: 0 },
        { runId: 'run-002', quarantined: 1, condemned: 0 },
        { runId: 'run-003', quarantined: 0, condemned: 1, oldest: '2017-03-01T06:00:00.000Z' },
      ],
    });
    expect(await rejects()).toEqual(before);
    expect(await states()).toEqual([
      `${LATE}: condemned`,
      `${ONCE}: open`,
      `${THRICE}: condemned`,
      `${YOUNG}: open`,
      'undefined: open',
    ]);
  });

  test('takes the values, and leaves place, hash and codes; nothing else changes, and the audit is sound', async () => {
    done = await letGo(lake.lake.effects, await request(), WORD);
    expect(done).toMatchObject({ records: 3, quarantined: 4, condemned: 1, version: 6 });
    const after = await rejects();
    expect(after.map(lasting).sort()).toEqual(before.map(lasting).sort());
    expect(after.map(valuesOf).filter((text) => text === '')).toHaveLength(5);
    const kept = before.map(valuesOf).filter((text) => text.includes(LATE) || text.includes(YOUNG));
    expect(
      after
        .map(valuesOf)
        .filter((text) => text !== '')
        .sort(),
    ).toEqual(kept.sort());
    expect(await problems()).toEqual([]);
    expect(await states()).toEqual([`${LATE}: condemned`, `${YOUNG}: open`]);
    const { objects } = lake.lake.effects;
    const [key = ''] = (await objects.list(decisionsPrefix(lake.dataset))).map((one) => one.key);
    expect(JSON.parse(Buffer.from((await objects.get(key))?.body ?? []).toString())).toMatchObject({
      ...WORD,
      kind: 'let-go',
      details: {
        records: 3,
        before: BEFORE.toISOString(),
        runs: { 'run-001': 3, 'run-002': 1, 'run-003': 1 },
      },
    });
  });

  test('a repeat finds nothing more, and records a decision that a killed process left out', async () => {
    const { objects } = lake.lake.effects;
    const [key = ''] = (await objects.list(decisionsPrefix(lake.dataset))).map((one) => one.key);
    await lake.remove(key);
    expect(await letGo(lake.lake.effects, await request(), { by: 'bob', reason: 'again' })).toMatchObject({
      records: 0,
      version: 6,
    });
    expect(JSON.parse(Buffer.from((await objects.get(key))?.body ?? []).toString())).toMatchObject(WORD);
    expect(decisionKey(lake.dataset, path.basename(key, '.json'))).toBe(key);
    expect(await rejects()).toHaveLength(before.length);
  });

  test('no earlier state has the values: none can be gone back to, and no file is left of them', async () => {
    const back = rollBack(lake.lake.effects, { dataset: lake.dataset, to: first }, WORD);
    await expect(back).rejects.toMatchObject({ code: 'SNAPSHOT_EXPIRED' });
    await expect(back).rejects.toBeInstanceOf(ConfigError);
    expect(await found()).toEqual([THRICE, ONCE, BROKEN, LATE, YOUNG]);
    await vacuum(lake.lake.effects, { ...(await request()), olderThanMs: -86_400_000, isDryRun: false });
    expect(await found()).toEqual([LATE, YOUNG]);
    expect(await problems()).toEqual([]);
  });

  test('what comes again goes on from where it was', async () => {
    await lake.dropAndRun({ 'f.csv': `${HEADER}${good('f')}${bad(THRICE)}${bad(ONCE)}` });
    const again = (await rejects()).filter(({ run_id }) => run_id === 'run-006');
    expect(
      again
        .map(({ attempt_count, reasons }) => [
          attempt_count,
          ...(reasons as readonly Row[]).map(({ code }) => code),
        ])
        .sort(),
    ).toEqual([
      [2, 'TYPE_ERROR'],
      [4, 'TYPE_ERROR', 'PREVIOUSLY_CONDEMNED'],
    ]);
    expect(await states()).toContain(`${THRICE}: condemned`);
    expect(await problems()).toEqual([]);
  });

  test('a file that is read again brings no value back', async () => {
    const { effects } = lake.lake;
    const chosen = await chooseFiles(effects, {
      ...{ dataset: lake.dataset, from: '2017-01-01', to: '2018-01-01', isAgain: true },
    });
    expect(chosen.keys).toHaveLength(3);
    const { runId } = await askForBackfill(effects, chosen, WORD);
    expect((await lake.runAs(runId)).status).toBe('promoted');
    const again = (await rejects()).filter(({ run_id }) => run_id === runId);
    expect(again.map(valuesOf).map((text) => (text === '' ? '' : text.includes(LATE)))).toEqual(
      expect.arrayContaining(['', true]),
    );
    expect(again).toHaveLength(7);
    expect(again.map(valuesOf).filter((text) => text !== '' && !text.includes(LATE))).toEqual([]);
    expect(await problems()).toEqual([]);
  });

  test('a migration brings no value back, and what is let go after it goes from the generation before, too', async () => {
    const { effects } = lake.lake;
    const columns = [...PAYMENTS.columns, { name: 'more' }];
    await lake.setContract(contractText({ ...PAYMENTS, columns, version: '2.0.0' }));
    const { runId } = await askForMigration(effects, lake.dataset, { ...WORD, acceptLosses: false });
    expect((await lake.runAs(runId)).status).toBe('promoted');
    const planted = (await rejects()).map(valuesOf).filter((text) => text !== '');
    expect(planted.filter((text) => text.includes(BROKEN))).toEqual([]);
    // Those of 2017 that came again in 2024 have their values from there.
    expect(planted.filter((text) => text.includes(THRICE))).toHaveLength(1);
    expect(planted.filter((text) => text.includes(ONCE))).toHaveLength(1);
    expect(planted.filter((text) => text.includes(LATE))).toHaveLength(3);
    expect(await problems()).toEqual([]);
    await letGo(effects, { ...(await request()), before: new Date('2021-01-01T00:00:00.000Z') }, WORD);
    expect((await rejects()).map(valuesOf).filter((text) => text !== '')).toEqual([]);
    await vacuum(effects, { ...(await request()), olderThanMs: -86_400_000, isDryRun: false });
    expect(await found()).toEqual([]);
    expect(await problems()).toEqual([]);
  });

  test('a pointer that is lost after both is found again with all generations as they were left', async () => {
    const { effects } = lake.lake;
    const before = await pointer();
    if (before === undefined) throw new Error('nothing was published');
    expect(before.generations?.length).toBeGreaterThan(0);
    await lake.remove(pointerKey('silver', lake.dataset));
    const { contract } = await request();
    const plan = await planRepair(effects, { contract, history: async () => [] });
    expect(plan.restored?.pointer).toMatchObject({
      tables: before.tables,
      generation: before.generation,
      generations: before.generations,
      contract_version: before.contract_version,
    });
    await repairPointer(effects, { contract, plan }, WORD);
    expect(await problems()).toEqual([]);
    expect(await found()).toEqual([]);
  });

  test('rows that lost their values without a decision are found by the audit', async () => {
    const { effects } = lake.lake;
    await lake.dropAndRun({ 'g.csv': `${HEADER}${good('g')}${bad('planted-forged-06')}` });
    const read = await readPointer(effects.objects, 'silver', lake.dataset);
    if (read === undefined) throw new Error('nothing was published');
    const { contract } = await request();
    const now = effects.clock.now();
    await withBench(effects, 'forged', async (bench) => {
      const tables = await rejectTables(effects, read.pointer);
      await findDue(bench.engine, effects, { dataset: lake.dataset, tables, before: now });
      const blanked: BlankedTable[] = [];
      for (const table of tables) {
        const one = await blankTable(bench, table, { contract, version: '1.0.0', id: 'forged' });
        if (one !== undefined) blanked.push(one);
      }
      const last = {
        id: 'forged',
        at: now.toISOString(),
        ...WORD,
        details: { places: 0 },
      };
      await commitBlanked(effects, { read, blanked, last, now });
    });
    const said = expect.stringMatching(
      /^records at \d+ places in source files have no values, but only those at \d+ were let go$/,
    );
    expect(await problems()).toEqual([{ code: 'REJECTS', key: 'quarantine.test_records', problem: said }]);
  });
});

describe('a table of which another engine keeps a snapshot', () => {
  test('loses no record: it says which tag, and nothing changes; without the tag they go', async () => {
    const other = await testLake({
      contracts: [contractText(PAYMENTS)],
      startAt: '2017-01-01T06:00:00.000Z',
    });
    try {
      await other.dropAndRun({ 'a.csv': `${HEADER}${good('a')}${bad(THRICE)}` });
      const { effects } = other.lake;
      const asked = { contract: (await request()).contract, before: BEFORE };
      const read = await readPointer(effects.objects, 'silver', other.dataset);
      const state = read?.pointer.tables.quarantine;
      if (read === undefined || state === undefined) throw new Error('nothing was published');
      const table = await openTable(effects.objects, state);
      const keyPrefix = metadataFolder(table.root);
      const change = { objects: effects.objects, table, state, keyPrefix, nowMs: 0, attempt: 'tagged' };
      const { dropped: _, ...tagged } = await tagTable({ ...change, tag: 'kept-by-spark' });
      const tables = { ...read.pointer.tables, quarantine: tagged };
      await movePointer(effects.objects, 'silver', { ...read.pointer, tables }, read.etag);
      const rows = await other.rows('quarantine');
      await expect(letGo(effects, asked, WORD)).rejects.toMatchObject({
        code: 'TAGGED',
        message: expect.stringMatching(
          /quarantine table of test\.records .*kept-by-spark.* Nothing was let go/,
        ),
      });
      expect(await other.rows('quarantine')).toEqual(rows);
      expect(rows.map(valuesOf).join()).toContain(THRICE);
      expect(await effects.objects.list(decisionsPrefix(other.dataset))).toEqual([]);
      const now = await readPointer(effects.objects, 'silver', other.dataset);
      expect(now?.pointer).toEqual({ ...read.pointer, tables });
      await movePointer(effects.objects, 'silver', read.pointer, now?.etag);
      expect(await letGo(effects, asked, WORD)).toMatchObject({ records: 1 });
    } finally {
      await other.dispose();
    }
  });
});
