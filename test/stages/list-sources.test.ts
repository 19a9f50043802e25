import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bronzeKey } from '../../etl/naming/bronze.ts';
import { LOOK_BACK_DAYS, lookEverywhere } from '../../etl/stages/list-sources.ts';
import { countingStores } from '../support/counting-stores.ts';
import { contractText, PAYMENTS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';

/** Which files a run looks for where listing costs, and that none stays unseen. */

let lake: TestLake;
let listed: string[];

beforeEach(async () => {
  listed = [];
  lake = await testLake({
    contracts: [contractText(PAYMENTS)],
    startAt: '2024-06-10T06:00:00.000Z',
    wrap: (effects) => ({
      ...effects,
      lookBackDays: LOOK_BACK_DAYS,
      objects: {
        ...effects.objects,
        list: async (prefix, after) => {
          const objects = await effects.objects.list(prefix, after);
          if (prefix.startsWith('bronze/')) listed = objects.map(({ key }) => key.slice(prefix.length));
          return objects;
        },
      },
    }),
  });
});
afterEach(() => lake.dispose());

let ids = 0;
const csv = (): string => `id,amount,paid_on\n${ids++},1.00,2024-01-05\n`;
const put = (day: string, name: string, text = csv()): Promise<string> =>
  lake.lake.effects.objects.put(bronzeKey(lake.dataset, day, name), Buffer.from(text));
const ran = async (): Promise<string[]> => {
  const { record } = await lake.run();
  return (record?.files ?? []).map(({ key }) => key.split('/').at(-1) ?? '');
};

describe('a lake that was published today already', () => {
  beforeEach(async () => {
    await put('2024-05-01', 'old.csv');
    await put('2024-06-09', 'yesterday.csv');
    expect(await ran()).toEqual(['old.csv', 'yesterday.csv']);
    expect(listed).toHaveLength(2);
  });

  test('lists its last days alone', async () => {
    await put('2024-06-08', 'late.csv');
    await put('2024-06-10', 'now.csv');
    expect(await ran()).toEqual(['late.csv', 'now.csv']);
    expect(listed).toEqual([
      'ingest_date=2024-06-08/late.csv',
      'ingest_date=2024-06-09/yesterday.csv',
      'ingest_date=2024-06-10/now.csv',
    ]);
  });

  test('finds what was put under an older day with the next day’s first run', async () => {
    await put('2024-05-02', 'older.csv');
    expect(await ran()).toEqual([]);
    lake.setTime('2024-06-11T00:01:00.000Z');
    expect(await ran()).toEqual(['older.csv']);
  });

  test('finds it at once where somebody said so, however many runs are published meanwhile', async () => {
    lake.setTime('2024-06-10T12:00:00.000Z');
    await put('2024-06-10', 'first.csv');
    await put('2024-05-02', 'older.csv');
    await lookEverywhere(
      { ...lake.lake.effects, clock: { now: () => new Date('2024-06-10T12:00:00Z') } },
      lake.dataset,
    );
    expect(await ran()).toEqual(['first.csv', 'older.csv']);
    lake.setTime('2024-06-10T13:00:00.000Z');
    await put('2024-06-10', 'next.csv');
    // The plan that saw everything may have listed before the last word came: once more, then no longer.
    expect(await ran()).toEqual(['next.csv']);
    expect(listed).toContain('ingest_date=2024-05-01/old.csv');
    await put('2024-06-10', 'last.csv');
    expect(await ran()).toEqual(['last.csv']);
    expect(listed).not.toContain('ingest_date=2024-05-01/old.csv');
  });

  test('tests rejected files of any day once more under a new contract', async () => {
    await put('2024-05-02', 'headless.csv', 'a,b\n1,2\n');
    lake.setTime('2024-06-11T06:00:00.000Z');
    expect((await lake.run()).record?.files).toMatchObject([{ status: 'rejected' }]);
    await put('2024-06-11', 'more.csv');
    expect(await ran()).toEqual(['more.csv']);
    await lake.setContract(contractText({ ...PAYMENTS, version: '1.1.0' }));
    expect(await ran()).toEqual(['headless.csv']);
  });
});

test('what a run asks for does not grow with the age of the table', async () => {
  let counting: ReturnType<typeof countingStores> | undefined;
  const grown = await testLake({
    contracts: [
      contractText({ ...PAYMENTS, assay: { limits: { maxQuarantineRate: 0.99, breakerErrors: 1000 } } }),
    ],
    wrap: (effects) => {
      counting = countingStores(effects.objects, effects.data);
      return { ...effects, lookBackDays: LOOK_BACK_DAYS, objects: counting.objects, data: counting.data };
    },
  });
  const runs: { isFirstOfDay: boolean; calls: number; listed: number }[] = [];
  try {
    for (let run = 0; run < 40; run++) {
      grown.setTime(new Date(Date.UTC(2024, 5, 10, run * 6)).toISOString());
      const lines = `${run}-a,1.00,2024-01-05\n${run}-b,x,2024-01-05\n`;
      await grown.drop({ [`f${run}.csv`]: `id,amount,paid_on\n${lines}` });
      counting?.reset();
      expect((await grown.run()).status).toBe('promoted');
      const calls = counting?.calls ?? [];
      const lists = calls.filter(({ call, key }) => call === 'list' && key.startsWith('bronze/'));
      const listed = lists.reduce((sum, { size = 0 }) => sum + size, 0);
      runs.push({ isFirstOfDay: run % 4 === 0, calls: calls.length, listed });
    }
  } finally {
    await grown.dispose();
  }
  const most = (from: number, to: number, of: (run: (typeof runs)[number]) => number): number =>
    Math.max(...runs.slice(from, to).map(of));
  expect(most(24, 40, ({ calls }) => calls)).toBeLessThanOrEqual(most(8, 24, ({ calls }) => calls));
  // The first run of a day sees all of Bronze, the others three days of it.
  expect(most(24, 40, ({ isFirstOfDay, listed }) => (isFirstOfDay ? 0 : listed))).toBe(12);
  expect(runs.at(36)).toMatchObject({ isFirstOfDay: true, listed: 37 });
});
