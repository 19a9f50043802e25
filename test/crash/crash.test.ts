import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { initLake, type Lake, openLake } from '../../adapters/local/lake.ts';
import { runDataset } from '../../adapters/local/run-dataset.ts';
import { withEngine } from '../../etl/engine/engine.ts';
import { bronzeKey } from '../../etl/naming/bronze.ts';
import type { Effects } from '../../etl/ports.ts';
import { createLakeViews } from '../../etl/query/lake-views.ts';
import { haltingRun } from './halting-run.ts';

const ARRIVAL = { arrivedMs: Date.parse('2024-05-01T06:00:00.123Z') };
const DATASET = 'spend.council_payments';
const HEADER =
  'Body,Body name,Service label,Service divison label,Expenditure category,Detailed expenditure type,Detailed expenditure code,Date paid,Transaction number,Net amount,Capital or revenue,Supplier name';

/** Payments `from` … `to` - 1, one of them without a date. */
function payments(from: number, to: number): string {
  const rows = Array.from({ length: to - from }, (_, i) => {
    const n = from + i;
    const date = i === 3 ? '' : `${String(1 + (n % 28)).padStart(2, '0')}/0${1 + (n % 3)}/2024`;
    return `http://x,Leeds,Adults,Care,Third Party,Homes,569,${date},T-${n},${n}.50,R,Supplier ${n % 4}`;
  });
  return `${HEADER}\n${rows.join('\n')}\n`;
}

/** What readers of the lake see. */
interface Seen {
  readonly payments: number;
  readonly distinct: number;
  readonly net: string;
  readonly gold: string;
  readonly quarantined: number;
}

const SQL = `SELECT (SELECT count(*) FROM silver.spend_council_payments) AS payments,
  (SELECT count(DISTINCT transaction_number) FROM silver.spend_council_payments) AS distinct_payments,
  (SELECT CAST(sum(net_amount) AS VARCHAR) FROM silver.spend_council_payments) AS net,
  (SELECT CAST(sum(net_amount) AS VARCHAR) FROM gold.spend_monthly_totals) AS gold,
  (SELECT count(*) FROM quarantine.spend_council_payments) AS quarantined`;

async function look(effects: Effects, folder: string): Promise<Seen> {
  return withEngine(effects.engine, join(folder, 'spill'), async (engine) => {
    await createLakeViews(engine, effects, SQL, { kind: 'now' });
    const [row = {}] = await engine.rows(SQL);
    return {
      payments: Number(row.payments),
      distinct: Number(row.distinct_payments),
      net: String(row.net),
      gold: String(row.gold),
      quarantined: Number(row.quarantined),
    };
  });
}

/**
 * Runs the dataset in a process of its own that stops before every change of the lake, and keeps a copy of the lake as
 * it stands then, in `folder`: what a kill at that moment would leave. Returns the copies, in order.
 */
async function copyBeforeEachChange(lake: string, folder: string): Promise<string[]> {
  const copies: string[] = [];
  for await (const step of haltingRun(lake, DATASET)) {
    const copy = join(folder, `step-${step}`);
    await cp(lake, copy, { recursive: true });
    copies.push(copy);
  }
  return copies;
}

/** Runs the dataset in a process of its own, which kills itself before the lake's n-th change. */
async function runDoomed(folder: string, step: number): Promise<void> {
  const args = ['--import', 'tsx', 'test/crash/doomed-run.ts', folder, DATASET, String(step)];
  await expect(promisify(execFile)(process.execPath, args)).rejects.toMatchObject({ signal: 'SIGKILL' });
}

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-crash-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const open = (folder: string): Promise<Lake> =>
  openLake(folder, { contractsDir: 'contracts', sqlDir: 'sql/gold', memoryLimitMb: 200, threads: 1 });

async function ingest(lake: Lake, name: string, text: string): Promise<void> {
  const path = join(root, name);
  await writeFile(path, text);
  await lake.data.addFile(path, bronzeKey(DATASET, '2024-04-01', name), ARRIVAL);
}

/** A lake with one promoted run and one file pending, and what readers see of it before and after. */
async function prepare(): Promise<{ folder: string; before: Seen; after: Seen }> {
  const folder = join(root, 'prepared');
  await initLake(folder);
  const lake = await open(folder);
  await ingest(lake, 'first.csv', payments(0, 30));
  await runDataset(DATASET, lake.effects);
  await ingest(lake, 'second.csv', payments(30, 70));
  const before = await look(lake.effects, root);
  const finished = join(root, 'finished');
  await cp(folder, finished, { recursive: true });
  const other = await open(finished);
  await runDataset(DATASET, other.effects);
  return { folder, before, after: await look(other.effects, root) };
}

describe('a process killed at any change of the lake', () => {
  test('shows no reader half a run, and the next run carries on: nothing lost, nothing twice', async () => {
    const { folder, before, after } = await prepare();
    expect(before).toMatchObject({ payments: 29, distinct: 29, quarantined: 1 });
    expect(after).toMatchObject({ payments: 68, distinct: 68, quarantined: 2 });
    const { gold: _before, ...silverBefore } = before;
    const { gold: _after, ...silverAfter } = after;
    const whole = join(root, 'whole');
    await cp(folder, whole, { recursive: true });
    const left = await copyBeforeEachChange(whole, root);
    // Every document, data file and pointer of a run is one step; fewer would mean that the test missed some.
    expect(left.length).toBeGreaterThan(30);
    // Some that were killed in earnest, in the middle of what they did beside.
    for (const step of [2, Math.floor(left.length / 2), left.length]) {
      const killed = join(root, `killed-${step}`);
      await cp(folder, killed, { recursive: true });
      await runDoomed(killed, step);
      left.push(killed);
    }
    for (const copy of left) {
      const lake = await open(copy);
      const { gold, ...silver } = await look(lake.effects, root);
      expect([silverBefore, silverAfter]).toContainEqual(silver);
      expect([before.gold, after.gold]).toContain(gold);
      await runDataset(DATASET, lake.effects);
      expect({ copy, ...(await look(lake.effects, root)) }).toEqual({ copy, ...after });
      await rm(copy, { recursive: true, force: true });
    }
    const ended = await open(whole);
    expect(await look(ended.effects, root)).toEqual(after);
  }, 600_000);
});
