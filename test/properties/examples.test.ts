import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type Files, testLake } from '../stages/harness.ts';
import { withoutRun } from './same-rows.ts';

const at = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const EXAMPLES = at('examples/spend/council_payments');
const NAMES = readdirSync(EXAMPLES).sort();
const FILES: Files = Object.fromEntries(NAMES.map((name) => [name, readFileSync(path.join(EXAMPLES, name))]));
const GOLD = ['spend.monthly_totals', 'spend.monthly_by_supplier'] as const;

/** What analysts see after the files came in these batches, one run each. */
async function publish(
  batches: readonly (readonly string[])[],
): Promise<{ silver: string[]; gold: string[] }> {
  const lake = await testLake({
    contracts: ['council_payments', 'monthly_totals', 'monthly_by_supplier'].map((name) =>
      readFileSync(at(`contracts/spend/${name}.yaml`), 'utf8'),
    ),
    sql: Object.fromEntries(
      GOLD.map((table) => table.replace('.', '/')).map((name) => [
        `${name}.sql`,
        readFileSync(at(`sql/gold/${name}.sql`), 'utf8'),
      ]),
    ),
  });
  try {
    for (const names of batches) {
      const ran = await lake.dropAndRun(Object.fromEntries(names.map((name) => [name, FILES[name] ?? ''])));
      // One of them has no record.
      const isEmpty = ran.record?.counts.records === 0;
      expect([ran.status, ran.record?.why]).toEqual([isEmpty ? 'nothing-published' : 'promoted', []]);
    }
    const gold = await Promise.all(GOLD.map((table) => lake.gold(table)));
    return { silver: withoutRun(await lake.rows('silver')), gold: gold.flatMap(withoutRun) };
  } finally {
    await lake.dispose();
  }
}

describe('the example files', () => {
  let once: { silver: string[]; gold: string[] };
  beforeAll(async () => {
    once = await publish([NAMES]);
  });

  test('give rows in Silver and in Gold', () => {
    expect(NAMES).toHaveLength(10);
    expect(once.silver.length).toBeGreaterThan(10_000);
    expect(once.gold.length).toBeGreaterThan(1_000);
  });

  test.each([
    ['two by two', NAMES.filter((_, n) => n % 2 === 0).map((name, n) => [name, NAMES[2 * n + 1] ?? ''])],
    ['one by one from the last to the first', NAMES.map((name) => [name]).reverse()],
    [
      'in two runs, each shuffled',
      [NAMES.filter((_, n) => n % 3 === 1).reverse(), NAMES.filter((_, n) => n % 3 !== 1)],
    ],
  ])('give the same Silver and Gold %s', async (_, batches) => {
    const found = await publish(batches);
    expect(found.silver).toEqual(once.silver);
    expect(found.gold).toEqual(once.gold);
  });
});
