import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { listRestatements } from '../../etl/closing/list-restatements.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { acceptRestatement } from '../../etl/operations/accept-restatement.ts';
import { askForBackfill, chooseFiles } from '../../etl/operations/backfill.ts';
import { closeMonth } from '../../etl/operations/close-month.ts';
import { reopenMonth } from '../../etl/operations/reopen-month.ts';
import { rollBack } from '../../etl/operations/roll-back.ts';
import type { Effects } from '../../etl/ports.ts';
import { refreshGold } from '../../etl/stages/refresh-gold.ts';
import { closedMonths } from '../../etl/table/closings.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import type { TestLake } from '../stages/harness.ts';
import { casesOf } from '../support/cases.ts';
import {
  BALANCES,
  BALANCES_SQL,
  balancesLake,
  digestOf,
  ENTRIES,
  type Entry,
  entriesFile,
  madeAtOnce,
  monthText,
  published,
} from './balances-lake.ts';

/**
 * Whatever happens to a lake, balances that were carried on from month to month are those that plain SQL makes of all of
 * Silver at once, but for months that are closed, which are as they were closed.
 */

const MONTHS = 6;
/** Of one month or two after another: what comes late touches months that may be closed, what comes in time those after them. */
const entries: fc.Arbitrary<Entry[]> = fc.integer({ min: 1, max: MONTHS - 1 }).chain((from) =>
  fc.uniqueArray(
    fc.record({
      // Some come again: entries are corrected, and moved to other months and accounts.
      id: fc.integer({ min: 1, max: 60 }),
      account: fc.constantFrom('a', 'b', 'c'),
      month: fc.integer({ min: from, max: from + 1 }),
      cents: fc.integer({ min: -9_999, max: 9_999 }),
    }),
    { minLength: 1, maxLength: 4, selector: ({ id }) => id },
  ),
);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('drop' as const), entries }) },
  // Which write of Gold is the last one of the process that refreshes it.
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('killed' as const),
      entries,
      write: fc.integer({ min: 1, max: 14 }),
      isAfter: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('close' as const), month: fc.integer({ min: 1, max: MONTHS }) }),
  },
  // A month is closed, gets an entry late, and then the month after it gets one.
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('late' as const),
      month: fc.integer({ min: 1, max: MONTHS - 1 }),
      gap: fc.integer({ min: 1, max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('accept' as const, 'reopen' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rollback' as const), back: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('backfill' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Died extends Error {}
/** After these steps closed months may be others, or have other rows. */
const DECISIONS: ReadonlySet<Step['kind']> = new Set(['close', 'late', 'accept', 'reopen']);
const WORD = { by: 'ann', reason: 'because' };

/** Writes of Gold, the process dying at one of them. */
class Writes {
  private left = Number.POSITIVE_INFINITY;
  private isAfter = false;
  died = false;

  dieAt(write: number, isAfter: boolean): void {
    [this.left, this.isAfter] = [write, isAfter];
  }

  live(): void {
    [this.left, this.died] = [Number.POSITIVE_INFINITY, false];
  }

  async do<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.died) throw new Died();
    if (!key.startsWith('gold/')) return await work();
    this.left -= 1;
    this.died = this.left === 0;
    if (!this.died) return await work();
    if (this.isAfter) await work();
    throw new Died();
  }

  wrap(effects: Effects): Effects {
    const { objects, data } = effects;
    const put: typeof objects.put = (key, ...rest) => this.do(key, () => objects.put(key, ...rest));
    const publish: typeof data.publish = (path, key) => this.do(key, () => data.publish(path, key));
    return { ...effects, objects: { ...objects, put }, data: { ...data, publish } };
  }
}

interface World {
  readonly lake: TestLake;
  readonly effects: Effects;
  readonly writes: Writes;
  /** Silver's snapshots in their order. */
  readonly snapshots: number[];
  files: number;
}

async function play(world: World, step: Step): Promise<void> {
  const { lake, effects, writes } = world;
  switch (step.kind) {
    case 'drop':
      await lake.dropAndRun({ [`${world.files++}.csv`]: entriesFile(step.entries) });
      return;
    case 'killed': {
      writes.dieAt(step.write, step.isAfter);
      const ran = await lake
        .dropAndRun({ [`${world.files++}.csv`]: entriesFile(step.entries) })
        .catch((error: unknown) => {
          if (!writes.died) throw error;
        });
      writes.live();
      if (ran === undefined) await refreshGold({ dataset: ENTRIES, runId: `again-${world.files}` }, effects);
      return;
    }
    case 'close': {
      const [month, closed] = [monthText(step.month), await closedOf(effects)];
      const isThere = (await published(lake)).some((row) => row.startsWith(month));
      if (isThere && !closed.includes(month)) await closeMonth(effects, { report: BALANCES, month }, WORD);
      return;
    }
    case 'late': {
      const { month, gap } = step;
      await play(world, { kind: 'close', month });
      for (const at of [month, month + gap]) {
        const id = 100 + world.files;
        await play(world, { kind: 'drop', entries: [{ id, account: 'a', month: at, cents: 7 }] });
      }
      return;
    }
    case 'accept': {
      const [waiting] = await listRestatements(effects, [BALANCES]);
      if (waiting !== undefined) await acceptRestatement(effects, waiting.id, WORD);
      return;
    }
    case 'reopen': {
      const [month] = await closedOf(effects);
      if (month !== undefined) await reopenMonth(effects, { report: BALANCES, month }, WORD);
      return;
    }
    case 'rollback': {
      const to = world.snapshots.at(-1 - step.back);
      const now = (await readPointer(effects.objects, 'silver', ENTRIES))?.pointer.snapshot_id;
      if (to !== undefined && to !== now) await rollBack(effects, { dataset: ENTRIES, to }, WORD);
      return;
    }
    case 'backfill': {
      const chosen = await chooseFiles(effects, { dataset: ENTRIES, from: '2020-01-01', isAgain: true });
      if (chosen.keys.length > 0) await lake.runAs((await askForBackfill(effects, chosen, WORD)).runId);
    }
  }
}

const closedOf = async ({ objects }: Effects): Promise<string[]> =>
  closedMonths((await readPointer(objects, 'gold', BALANCES))?.pointer ?? {}).map(({ month }) => month);

/** Compares what is published with what Silver gives at once: open months, and closed ones as they were before. */
async function compare(
  { lake, effects }: World,
  before: readonly string[],
  isDecision: boolean,
): Promise<string> {
  const now = await published(lake);
  const silver = await lake.rows('silver');
  const months = [
    ...before.map((row) => row.slice(0, 7)),
    ...silver.map((row) => String(row.booked_on).slice(0, 7)),
  ];
  const right = await madeAtOnce(lake, months.sort().at(-1) ?? '2023-01');
  const closed = new Set(await closedOf(effects));
  const open = (rows: readonly string[]): string[] => rows.filter((row) => !closed.has(row.slice(0, 7)));
  expect(open(now)).toEqual(open(right));
  const kept = (rows: readonly string[]): string[] => rows.filter((row) => closed.has(row.slice(0, 7)));
  if (!isDecision) expect(kept(now)).toEqual(kept(before));
  return digestOf(open(now));
}

test('carried balances are those of a computation over everything, and of a full rebuild', async () => {
  await fc.assert(
    fc.asyncProperty(entries, fc.array(step, { minLength: 6, maxLength: 9 }), async (first, steps) => {
      const writes = new Writes();
      const { lake } = await balancesLake((effects) => writes.wrap(effects));
      const { effects: own } = lake.lake;
      const world: World = { lake, effects: writes.wrap(own), writes, snapshots: [], files: 0 };
      try {
        let digest = '';
        for (const one of [{ kind: 'drop' as const, entries: first }, ...steps]) {
          const before = await published(lake);
          await play(world, one);
          digest = await compare(world, before, DECISIONS.has(one.kind));
          const at = (await readPointer(own.objects, 'silver', ENTRIES))?.pointer.snapshot_id;
          if (at !== undefined && at !== world.snapshots.at(-1)) world.snapshots.push(at);
        }
        // Recomputes all months from the first, and what waits for closed ones.
        expect((await auditDataset(own, { dataset: ENTRIES })).problems).toEqual([]);
        // Other SQL, so that all months are made anew.
        const before = await published(lake);
        await lake.setContract(`-- Once more.\n${BALANCES_SQL}`, '../sql/shop/balances.sql');
        await loadContracts(own.contracts);
        const { refreshed } = await refreshGold({ dataset: ENTRIES, runId: 'full' }, own);
        expect(refreshed).toMatchObject([{ restated: 0 }]);
        expect(await compare(world, before, false)).toBe(digest);
      } finally {
        await lake.dispose();
      }
    }),
    { numRuns: casesOf(3) },
  );
});
