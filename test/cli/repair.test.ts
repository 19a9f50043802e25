import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runMain, runMainJson } from './run-main.ts';
import { keepShop, openShop, type Shop } from './shop.ts';

/** A pointer that was lost or damaged is never taken for one that isn't there yet, and can be restored. */

let shop: Shop;
let kept: Awaited<ReturnType<typeof keepShop>>;
beforeAll(async () => {
  shop = await openShop();
  for (const n of [1, 2, 3]) await publish(`${n}.csv`, n);
  kept = await keepShop(shop);
});
beforeEach(() => kept.putBack());
afterAll(() => kept.dispose());

const ok = async (...args: string[]) => {
  const { code, json } = await runMainJson(args, shop);
  expect({ args, code, json }).toMatchObject({ args, code: 0 });
  return json;
};
async function publish(name: string, n: number): Promise<void> {
  await shop.write(
    name,
    `sale_id,customer,amount,sold_on\n${n},Ann,${n}.00,2024-01-02\n${n}x,Ann,oops,2024-01-02\n`,
  );
  await ok('ingest', name, '--dataset', 'shop.sales');
  await ok('run');
}
const at = (key: string): string => path.join(shop.cwd, 'lake', key);
const SILVER = 'silver/shop/sales/_LATEST.json';
const GOLD = 'gold/shop/monthly_sales/_LATEST.json';
const lose = async (key: string): Promise<void> => {
  for (const file of [at(key), at(`.versions/${key}`)]) await rm(file, { recursive: true, force: true });
};
const pointer = async (key: string) => JSON.parse(await readFile(at(key), 'utf8'));
const silver = () => ok('query', 'SELECT sale_id, amount FROM silver.shop_sales ORDER BY ALL');
const gold = () => ok('query', 'SELECT sales, amount FROM gold.shop_monthly_sales ORDER BY ALL');
const open = () => ok('query', 'SELECT record, is_open FROM ops.quarantine ORDER BY record');
const codeOf = async (...args: string[]) => {
  const { json } = await runMainJson(args, shop);
  return (json as { error: { code: string; message: string } }).error;
};
const WORDS = ['--reason', 'a script removed it', '--by', 'ann'];
const repair = (dataset = 'shop.sales') => ok('repair', dataset, ...WORDS);
const ALL = [1, 2, 3].map((n) => ({ sale_id: String(n), amount: `${n}.00` }));
const sound = async () => {
  await ok('audit');
  expect(await silver()).toEqual(ALL);
  expect(await gold()).toEqual([{ sales: 3, amount: '6.00' }]);
};

/** What can befall a pointer, file and chain of versions. */
const newest = async (): Promise<string> => {
  const folder = at(`.versions/${SILVER}`);
  const numbers = (await readdir(folder)).map(Number).sort((a, b) => b - a);
  return path.join(folder, String(numbers[0]));
};
const damages: Record<string, () => Promise<void>> = {
  'removed with all its versions': () => lose(SILVER),
  'cut short': async () => truncate(await newest(), 100),
  emptied: async () => truncate(await newest(), 0),
  'written over': async () => writeFile(await newest(), '{"format":1,"dataset":"shop.sales"}'),
};

describe.each(Object.keys(damages))('a pointer that is %s', (damage) => {
  test('stops every run, is told by query and audit, and is restored to the last state that was published', async () => {
    const before = await pointer(SILVER);
    const wasOpen = await open();
    await damages[damage]?.();
    await shop.write('late.csv', 'sale_id,customer,amount,sold_on\n4,Ann,4.00,2024-01-02\n');
    await ok('ingest', 'late.csv', '--dataset', 'shop.sales');
    const { code, out, err } = await runMain(['run'], shop);
    expect({ code, text: out + err }).toEqual({
      code: 1,
      text: expect.stringContaining('assay repair shop.sales'),
    });
    const { message } = await codeOf('query', 'SELECT * FROM silver.shop_sales');
    expect(message).toContain('assay repair shop.sales');
    const health = await runMainJson(['health', '--dataset', 'shop.sales'], shop);
    expect(health).toMatchObject({
      code: 1,
      json: [{ ailments: [{ code: 'POINTER', next: 'repair shop.sales --dry-run' }] }],
    });
    expect(await codeOf('upgrade', '--dataset', 'shop.sales', '--reason', 'x')).toMatchObject({
      code: expect.stringMatching(/^POINTER_(LOST|DAMAGED)$/),
    });
    const audit = await runMainJson(['audit', '--dataset', 'shop.sales'], shop);
    expect(audit).toMatchObject({ code: 1 });
    expect(JSON.stringify(audit.json)).toContain('"POINTER"');
    expect(await ok('repair', 'shop.sales', '--dry-run')).toMatchObject({
      wrong: expect.any(String),
      isRepaired: false,
      restored: { snapshotId: before.snapshot_id, lastRun: before.run_id },
    });
    expect((await runMain(['run'], shop)).code).toBe(1);
    await repair();
    const after = await pointer(SILVER);
    expect(after.tables).toEqual(before.tables);
    expect(after.version).toBeGreaterThan(before.version);
    await sound();
    expect(await open()).toEqual(wasOpen);
    await ok('run');
    expect(await silver()).toEqual([...ALL, { sale_id: '4', amount: '4.00' }]);
    await ok('audit');
    expect(await ok('query', 'SELECT "by", reason FROM ops.decisions WHERE kind = \'repaired\'')).toEqual([
      { by: 'ann', reason: 'a script removed it' },
    ]);
  });
});

describe('a pointer', () => {
  test('of whose file only a copy was lost heals by itself', async () => {
    await rm(at(SILVER));
    await sound();
    expect(await ok('repair', 'shop.sales', '--dry-run')).toMatchObject({ wrong: null, restored: null });
    expect((await codeOf('repair', 'shop.sales', ...WORDS)).code).toBe('NOTHING_TO_REPAIR');
  });

  test('that leads to metadata that is gone goes back to what is whole, and the next run reads the rest again', async () => {
    const { tables } = await pointer(SILVER);
    await rm(at(tables.quarantine.metadata_key));
    expect((await runMain(['audit', '--dataset', 'shop.sales'], shop)).code).toBe(1);
    expect(await repair()).toMatchObject({
      wrong: expect.stringContaining('leads nowhere'),
      restored: { from: 'versions' },
    });
    expect(await silver()).toEqual(ALL.slice(0, 2));
    await ok('run');
    await sound();
  });

  test('that was rolled back is restored as it was rolled back', async () => {
    const states = (await ok('snapshots', 'shop.sales')) as { snapshotId: number }[];
    await ok('rollback', 'shop.sales', '--to', String(states[1]?.snapshotId), ...WORDS);
    const before = await pointer(SILVER);
    await lose(SILVER);
    await repair();
    expect((await pointer(SILVER)).tables).toEqual(before.tables);
    expect(await silver()).toEqual(ALL.slice(0, 2));
    await ok('audit');
  });

  test('that was lost after the first run is restored from the run’s record', async () => {
    const other = await openShop();
    try {
      const run = (...args: string[]) => runMainJson(args, other);
      await other.write('a.csv', 'sale_id,customer,amount,sold_on\n1,Ann,1.00,2024-01-02\n');
      await run('ingest', 'a.csv', '--dataset', 'shop.sales');
      await run('run');
      const file = path.join(other.cwd, 'lake', SILVER);
      const before = await readFile(file, 'utf8');
      await rm(file);
      expect(await run('run')).toMatchObject({ code: 1 });
      expect(await run('vacuum', '--dataset', 'shop.sales', '--older-than', '1h')).not.toMatchObject({
        code: 0,
      });
      expect(await run('repair', 'shop.sales', ...WORDS)).toMatchObject({ code: 0 });
      expect(JSON.parse(await readFile(file, 'utf8')).tables).toEqual(JSON.parse(before).tables);
      expect(await run('run')).toMatchObject({ code: 0, json: [{ status: 'nothing-to-do' }] });
    } finally {
      await other.dispose();
    }
  });

  test('that a killed first run never made is made by the next run, and there is nothing to repair', async () => {
    const other = await openShop();
    try {
      const run = (...args: string[]) => runMainJson(args, other);
      await other.write('a.csv', 'sale_id,customer,amount,sold_on\n1,Ann,1.00,2024-01-02\n');
      await run('ingest', 'a.csv', '--dataset', 'shop.sales');
      await run('run');
      // As it is where a process dies just before the pointer: metadata of the first commit, and no record.
      for (const key of [SILVER, 'ops/runs', GOLD])
        await rm(path.join(other.cwd, 'lake', key), { recursive: true });
      expect(await run('repair', 'shop.sales', '--dry-run')).toMatchObject({
        code: 0,
        json: { wrong: null },
      });
      expect(await run('run')).toMatchObject({ code: 0, json: [{ status: 'promoted' }] });
    } finally {
      await other.dispose();
    }
  });
});

describe('a Gold pointer', () => {
  test.each(['lost', 'damaged'])('that is %s is restored, and Gold is what it was', async (how) => {
    if (how === 'lost') await lose(GOLD);
    else {
      await lose(GOLD);
      await writeFile(at(GOLD), '{');
    }
    expect((await runMain(['report', 'shop.monthly_sales'], shop)).code).not.toBe(0);
    expect(await runMainJson(['health', '--dataset', 'shop.monthly_sales'], shop)).toMatchObject({
      code: 1,
      json: [{ ailments: [{ code: 'POINTER', next: 'repair shop.monthly_sales --dry-run' }] }],
    });
    await repair('shop.monthly_sales');
    await sound();
  });
});
