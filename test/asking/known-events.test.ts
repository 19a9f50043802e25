import { describe, expect, test } from '@jest/globals';
import { knownEvents } from '../../etl/asking/known-events.ts';
import { publishedAt } from '../../etl/asking/published-at.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import { DataError } from '../../etl/errors.ts';
import { isOfEvents } from '../../etl/eventstore/event-order.ts';
import { supersededPaths } from '../../etl/eventstore/superseded.ts';
import { askForBackfill, chooseFiles } from '../../etl/operations/backfill.ts';
import { compact } from '../../etl/operations/compact.ts';
import { expire } from '../../etl/operations/expire.ts';
import { askForMigration } from '../../etl/operations/migrate.ts';
import { rollBack } from '../../etl/operations/roll-back.ts';
import { vacuum } from '../../etl/operations/vacuum.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

const WORD = { by: 'ann', reason: 'a test' };

const contract = (version: string): string =>
  contractText({
    dataset: 'crm.events',
    version,
    columns: [
      { name: 'customer', required: true },
      { name: 'version', type: 'integer', required: true },
      { name: 'event_id', required: true },
      { name: 'at', type: 'date', required: true },
      { name: 'kind', required: true },
      // A major version of its own: a column of another type.
      { name: 'amount', ...(version.startsWith('1') ? {} : { type: 'integer' }) },
    ],
    assay: {
      limits: NO_LIMITS,
      events: { stream: 'customer', type: 'kind', at: 'at', version: 'version', id: 'event_id' },
    },
  });

/** From the fourth run on, an event with a smaller id has the version of one of the run before, and one with a greater id. */
const file = (run: number): string => {
  const line = (stream: string, version: number, id: string): string =>
    `${stream},${version},${id},2024-0${1 + (run % 3)}-0${run},added,${run}`;
  const rows = ['a', 'b', 'c'].map((stream) => line(stream, run, `e-${stream}-${run}`));
  const conflicts = run < 4 ? [] : [line('a', run - 1, `d-${run}`), line('b', run - 2, `f-${run}`)];
  return `customer,version,event_id,at,kind,amount\n${[...rows, ...conflicts].join('\n')}\n`;
};

/** What a reader that shares no code with the platform sees in Silver now: stream, version, event. */
async function seenNow(lake: TestLake): Promise<string[]> {
  const rows = await lake.rows('silver');
  return rows.map((row) => `${row.customer} ${row.version} ${row.event_id}`).sort();
}

interface Known {
  /** Where it was found, or the code of the error that says that it can't be. */
  readonly from: string;
  readonly events: readonly string[] | undefined;
}

/** What was known at some moments. */
async function knownAt(lake: TestLake, moments: readonly number[]): Promise<Known[]> {
  const { effects } = lake.lake;
  const own = requireSourceContract(await loadContracts(effects.contracts), lake.dataset);
  if (!isOfEvents(own)) throw new Error('no events');
  const pointer = (await readPointer(effects.objects, 'silver', lake.dataset))?.pointer;
  if (pointer === undefined) throw new Error('nothing was published');
  return withScratchEngine(effects, 'asked', async (engine) => {
    const found: Known[] = [];
    for (const timeMs of moments) {
      const published = await publishedAt(effects, pointer, { timeMs });
      if (published === undefined) {
        found.push({ from: 'nothing', events: [] });
        continue;
      }
      const { silverSnapshotId } = published;
      expect(await publishedAt(effects, pointer, { silverSnapshotId })).toMatchObject({ silverSnapshotId });
      const superseded = [...(await supersededPaths(effects, lake.dataset)).values()];
      const asked = { contract: own, pointer, published, superseded, where: 'true' };
      try {
        const { sql, from } = await knownEvents(engine, effects, asked);
        const rows = await engine.rows(`SELECT customer, version, event_id FROM (${sql})`);
        found.push({
          from,
          events: rows.map((row) => `${row.customer} ${row.version} ${row.event_id}`).sort(),
        });
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        found.push({ from: error.code, events: undefined });
      }
    }
    return found;
  });
}

/** Moments with what readers saw then. */
type Remembered = { readonly timeMs: number; readonly events: readonly string[] }[];

async function remember(lake: TestLake, moments: Remembered): Promise<void> {
  moments.push({ timeMs: lake.lake.effects.clock.now().getTime() - 1, events: await seenNow(lake) });
}

/** Every snapshot but the current ones goes, with every file that no snapshot names. */
async function forget(lake: TestLake): Promise<void> {
  const { effects } = lake.lake;
  const before = effects.clock.now();
  await expire(effects, { dataset: lake.dataset, before }, WORD);
  const own = requireSourceContract(await loadContracts(effects.contracts), lake.dataset);
  const done = await vacuum(effects, { contract: own, olderThanMs: 0, isDryRun: false });
  expect(done.skipped).toBeNull();
}

async function runs(lake: TestLake, moments: Remembered, numbers: readonly number[]): Promise<void> {
  for (const n of numbers) {
    expect((await lake.dropAndRun({ [`f${n}.csv`]: file(n) })).status).toBe('promoted');
    await remember(lake, moments);
  }
}

const wait = (lake: TestLake, minutes: number): void =>
  lake.setTime(new Date(lake.lake.effects.clock.now().getTime() + minutes * 60_000).toISOString());

describe('the events known at a moment', () => {
  test('are those that readers saw then, while its snapshot is there and when it is gone: compacted, rolled back, read again, migrated', async () => {
    const lake = await testLake({ contracts: [contract('1.0.0')] });
    const moments: Remembered = [];
    try {
      const { effects } = lake.lake;
      const start = effects.clock.now().getTime();
      await runs(lake, moments, [1, 2, 3]);
      // The third run is taken back, and what came after it stands on the second.
      const [, second] = moments;
      const pointer = (await readPointer(effects.objects, 'silver', lake.dataset))?.pointer;
      const to = pointer && (await publishedAt(effects, pointer, { timeMs: second?.timeMs ?? 0 }));
      await rollBack(effects, { dataset: lake.dataset, to: to?.silverSnapshotId ?? 0 }, WORD);
      wait(lake, 1);
      await remember(lake, moments);
      await runs(lake, moments, [4, 5]);
      await compact(effects, { dataset: lake.dataset, targetBytes: 1 << 20, isDryRun: false }, WORD);
      wait(lake, 1);
      await runs(lake, moments, [6]);
      const check = async (): Promise<string[]> => {
        const known = await knownAt(
          lake,
          moments.map(({ timeMs }) => timeMs),
        );
        for (const [n, { events = moments[n]?.events }] of known.entries())
          expect(events).toEqual(moments[n]?.events);
        return known.map(({ from }) => from);
      };
      expect(moments.map(({ events }) => events.length)).toEqual([3, 6, 9, 6, 10, 14, 17]);
      expect(await check()).toEqual(moments.map(() => 'snapshot'));
      expect(await knownAt(lake, [start - 1])).toEqual([{ from: 'nothing', events: [] }]);

      await forget(lake);
      // The rows of the third run, which was taken back, went with the only snapshots that named them.
      expect(await check()).toEqual(['kept', 'kept', 'EVENTS_GONE', 'kept', 'kept', 'kept', 'snapshot']);

      const chosen = await chooseFiles(effects, { dataset: lake.dataset, from: '2024-01-01', isAgain: true });
      const asked = await askForBackfill(effects, chosen, WORD);
      expect((await lake.runAs(asked.runId)).status).toBe('promoted');
      await forget(lake);
      const readAgain = moments.map((_, n) => (n === 2 ? 'EVENTS_GONE' : 'read-again'));
      expect(await check()).toEqual(readAgain);

      await lake.setContract(contract('2.0.0'));
      const migration = await askForMigration(effects, lake.dataset, { acceptLosses: false, ...WORD });
      expect((await lake.runAs(migration.runId)).status).toBe('promoted');
      wait(lake, 1);
      await runs(lake, moments, [7]);
      await forget(lake);
      expect((await check()).slice(0, 7)).toEqual(readAgain);
    } finally {
      await lake.dispose();
    }
  });
});
