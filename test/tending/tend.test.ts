import { cp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { withEngine } from '../../etl/engine/engine.ts';
import { rollBack } from '../../etl/operations/roll-back.ts';
import { createLakeViews } from '../../etl/query/lake-views.ts';
import { keptStates, openLedger, statesOf } from '../../etl/stages/dataset-history.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { type TendBounds, type Tended, tend } from '../../etl/tending/tend.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

const BOUNDS: TendBounds = {
  everyCommits: 0,
  snapshots: { least: 1, most: 1000 },
  mostRemoved: 10_000,
  mostBytes: 1 << 30,
};
const WORD = { by: 'ann', reason: 'a test' };

/** Each run takes a minute of the lake's clock: ten stay. */
const contract = (more: Readonly<Record<string, unknown>> = {}): string =>
  contractText({
    ...PAYMENTS,
    assay: { ...PAYMENTS.assay, snapshots: { keep: '10m', atLeast: 3 }, ...more },
  });

const drop = (run: number) => ({
  [`f${run}.csv`]: `id,amount,paid_on\n${run}-a,1.00,2024-0${(run % 2) + 1}-05\n${run}-b,x,2024-01-05\n`,
});

async function runs(lake: TestLake, from: number, to: number): Promise<void> {
  for (let run = from; run <= to; run++) await lake.dropAndRun(drop(run));
}

async function tendIt(lake: TestLake, bounds: TendBounds = BOUNDS): Promise<Tended> {
  const { contracts } = await loadContracts(lake.lake.effects.contracts);
  const own = contracts.get(lake.dataset);
  if (own === undefined) throw new Error('no contract');
  return tend(lake.lake.effects, own, bounds);
}

async function statesNow(lake: TestLake) {
  const { effects } = lake.lake;
  const pointer = (await readPointer(effects.objects, 'silver', lake.dataset))?.pointer;
  const ledger = pointer === undefined ? undefined : await openLedger(effects, pointer);
  return ledger === undefined ? [] : statesOf(ledger);
}

/** Every file below a folder of the lake, as the disk has it. */
async function filesUnder(lake: TestLake, folder: string): Promise<string[]> {
  const entries = await readdir(path.join(lake.lake.root, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

describe('upkeep', () => {
  let lake: TestLake;
  /** A lake of so many runs, made once. */
  beforeAll(async () => {
    lake = await testLake({ contracts: [contract()] });
    await runs(lake, 1, 20);
    await cp(lake.lake.root, `${lake.lake.root}-20`, { recursive: true });
    await runs(lake, 21, 30);
    await cp(lake.lake.root, `${lake.lake.root}-30`, { recursive: true });
  });
  afterAll(() => lake.dispose());
  async function putBack(count: 20 | 30): Promise<void> {
    await rm(lake.lake.root, { recursive: true });
    await cp(`${lake.lake.root}-${count}`, lake.lake.root, { recursive: true });
    lake.setTime(`2024-06-01T06:${count}:00.000Z`);
  }

  test('forgets what the contract lets go, of every table, and no row of any', async () => {
    await putBack(30);
    const before = await statesNow(lake);
    const done = await tendIt(lake);
    expect(done).toMatchObject({ skipped: null, conflicts: 0 });
    const kept = await statesNow(lake);
    // What was current ten minutes ago, and since; joining small files is a state of its own.
    expect(kept.length).toBeLessThan(14);
    expect(before).toHaveLength(30);
    const rows = await keptStates(lake.lake.effects, lake.dataset);
    expect([...rows, ...kept].map(({ version }) => version)).toEqual(
      Array.from({ length: rows.length + kept.length }, (_, n) => n + 1),
    );
    expect(rows.map(({ run_id, tables }) => ({ run_id, tables }))).toEqual(
      before.slice(0, rows.length).map(({ run_id, tables }) => ({ run_id, tables })),
    );
    expect(await lake.rows('silver')).toHaveLength(30);
    expect(await lake.rows('quarantine')).toHaveLength(30);
    expect(await lake.rows('source_files')).toHaveLength(30);
    const audit = await auditDataset(lake.lake.effects, { dataset: lake.dataset });
    expect(audit.problems).toEqual([]);
    expect(audit.checked.seals).toBe(30);
  });

  test('removes files only after readers had an hour, and then leaves nothing that no snapshot names', async () => {
    await putBack(30);
    const tables = ['silver', 'quarantine', 'ops/source_files'];
    const count = async (): Promise<number> =>
      (await Promise.all(tables.map((folder) => filesUnder(lake, folder)))).flat().length;
    await tendIt(lake);
    const first = await count();
    expect((await tendIt(lake)).removed).toBe(0);
    lake.setTime('2024-06-01T09:00:00.000Z');
    const later = await tendIt(lake);
    expect(later.removed).toBeGreaterThan(100);
    expect(later.unstaged).toBeGreaterThan(100);
    expect(await count()).toBeLessThan(first - 100);
    expect(await filesUnder(lake, 'ops/staging')).toEqual([]);
    lake.setTime('2024-06-01T11:00:00.000Z');
    await tendIt(lake);
    const audit = await auditDataset(lake.lake.effects, { dataset: lake.dataset });
    expect(audit.problems).toEqual([]);
    expect(audit.unusedFiles).toBe(0);
  });

  test('keeps what a query and a rollback within the span need, and says of the rest that it expired', async () => {
    const { effects } = lake.lake;
    await putBack(30);
    const before = await statesNow(lake);
    await tendIt(lake);
    const wanted = before[24];
    const gone = before[4];
    if (wanted === undefined || gone === undefined) throw new Error('too few states');
    const rows = await withEngine(effects.engine, path.join(lake.lake.root, '.spill'), async (engine) => {
      const sql = 'FROM silver.test_records';
      const asOf = { kind: 'time', ms: Date.parse(wanted.committed_at) } as const;
      await createLakeViews(engine, effects, sql, asOf);
      return engine.rows(sql);
    });
    expect(rows).toHaveLength(25);
    const to = { dataset: lake.dataset, to: gone.snapshot_id };
    await expect(rollBack(effects, to, WORD)).rejects.toMatchObject({ code: 'SNAPSHOT_EXPIRED' });
    await rollBack(effects, { dataset: lake.dataset, to: wanted.snapshot_id }, WORD);
    expect(await lake.rows('silver')).toHaveLength(25);
    expect(await lake.rows('source_files')).toHaveLength(25);
    expect((await auditDataset(effects, { dataset: lake.dataset })).problems).toEqual([]);
  });

  test('is done in bounded steps, when enough commits were made, and not where the contract says no', async () => {
    await putBack(20);
    const few = { ...BOUNDS, everyCommits: 16, snapshots: { least: 4, most: 4 }, mostRemoved: 10 };
    await tendIt(lake, few);
    const kept = await statesNow(lake);
    expect(kept[0]?.version).toBe(5);
    expect((await tendIt(lake, few)).skipped).toBe('not due');
    lake.setTime('2024-06-02T09:00:00.000Z');
    const next = await tendIt(lake, few);
    expect(next.removed).toBe(10);
    expect(next.unstaged).toBeLessThan(20);
    expect((await statesNow(lake))[0]?.version).toBe(9);
    await lake.setContract(contract({ tend: false }));
    expect((await tendIt(lake)).skipped).toBe('off');
    await lake.setContract(contract());
  });

  test('leaves a held run, its base and what it staged alone', async () => {
    const limits = { maxQuarantineRate: 0.5, smallBatchRecords: 1, breakerErrors: 1000 };
    const lake = await testLake({ contracts: [contract({ limits })] });
    const good = (run: number) => ({ [`g${run}.csv`]: `id,amount,paid_on\n${run},1.00,2024-01-05\n` });
    try {
      for (let run = 1; run <= 4; run++) await lake.dropAndRun(good(run));
      const bad = 'id,amount,paid_on\nz,x,2024-01-05\nzz,y,2024-01-05\n';
      expect((await lake.dropAndRun({ 'bad.csv': bad })).status).toBe('held');
      for (let run = 5; run <= 30; run++) await lake.dropAndRun(good(run));
      const base = (await statesNow(lake))[3];
      await tendIt(lake);
      lake.setTime('2024-06-01T12:00:00.000Z');
      await tendIt(lake);
      const states = await statesNow(lake);
      expect(states[0]).toEqual(base);
      expect(states.length).toBeLessThan(16);
      const staged = await filesUnder(lake, 'ops/staging');
      expect(staged.map((file) => path.basename(file))).toContain('commit.json');
      expect((await auditDataset(lake.lake.effects, { dataset: lake.dataset })).problems).toEqual([]);
    } finally {
      await lake.dispose();
    }
  });
});
