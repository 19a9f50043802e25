import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import { scratchOpener } from '../../adapters/local/scratch.ts';
import { type Engine, withEngine, withLanes } from '../../etl/engine/engine.ts';
import { keepingEngine } from '../../etl/engine/keeping-engine.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { Effects } from '../../etl/ports.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

const CONTRACT = contractText({
  dataset: 'shop.sales',
  partitionColumn: 'day',
  columns: [
    { name: 'id', key: true },
    { name: 'day', type: 'date', required: true },
    { name: 'price', type: 'integer' },
  ],
  assay: { limits: NO_LIMITS },
});

let lake: TestLake;
let effects: Effects;
let scratch: string;
let dispose: () => Promise<void>;
/** Databases that the library opened. */
let opened = 0;
const { create } = DuckDBInstance;

beforeAll(async () => {
  DuckDBInstance.create = (...args) => {
    opened++;
    return create.apply(DuckDBInstance, args);
  };
  lake = await testLake({ contracts: [CONTRACT] });
  const temp = await tempFolder();
  dispose = temp.dispose;
  scratch = join(temp.folder, 'scratch');
  await mkdir(join(scratch, 'of-others'), { recursive: true });
  await writeFile(join(scratch, 'of-others', 'secret.csv'), 'a\nZZSECRET\n');
  effects = { ...lake.lake.effects, openScratch: scratchOpener(scratch) };
});
beforeEach(() => {
  opened = 0;
});
afterAll(async () => {
  DuckDBInstance.create = create;
  await lake.dispose();
  await dispose();
});

/** Work with an engine, as a stage has one. */
async function stage<T>(
  kept: Effects,
  work: (engine: Engine, directory: string) => Promise<T>,
  options: Partial<Effects['engine']> = {},
): Promise<T> {
  const own = await kept.openScratch('stage');
  try {
    return await withEngine({ ...kept.engine, ...options }, join(own.directory, 'spill'), (engine) =>
      work(engine, own.directory),
    );
  } finally {
    await own.dispose();
  }
}

const TABLES = 'SELECT count(*) AS n FROM duckdb_tables()';

test('a run opens one database for all its stages, whose rejects are found and counted as ever', async () => {
  await lake.drop({ 'a.csv': 'id,day,price\n1,2024-05-01,1\n2,2024-05-02,y\n1,2024-05-03,3\n' });
  await runOnce('shop.sales', lake.lake.effects);
  opened = 0;
  await lake.drop({ 'b.csv': 'id,day,price\n1,2024-05-01,4\n5,2024-06-02,5\n6,x,6\n' });
  const record = await runOnce('shop.sales', lake.lake.effects);
  expect(opened).toBe(1);
  expect(record).toMatchObject({
    status: 'promoted',
    counts: { records: 3, silver: 1, quarantined: 1, condemned: 1 },
  });
  expect((await lake.rows('silver')).map(({ id }) => id).sort()).toEqual(['1', '5']);
});

test('what a stage leaves is gone for the next, on lanes and in appended tables, too', async () => {
  const counts = await keepingEngine(effects, 'run', async (kept) => {
    const first = await stage(kept, (engine) =>
      withLanes(engine, 2, async (lanes) => {
        await engine.run('CREATE TABLE left_over (n BIGINT)');
        await engine.append('left_over', [[7n]]);
        for (const lane of lanes) {
          await lane.run('CREATE TEMP TABLE own (n BIGINT)');
          await lane.append('own', [[1n], [2n]]);
        }
        const [lane] = lanes;
        const seen = await lane?.rows('SELECT * FROM left_over UNION ALL SELECT count(*) FROM own');
        return [seen, await engine.rows(TABLES)];
      }),
    );
    const next = await stage(kept, async (engine) => [
      await engine.rows(TABLES),
      await engine.run('SELECT * FROM left_over').catch((error: Error) => error.name),
    ]);
    return [first, next];
  });
  expect(counts).toEqual([
    [[{ n: '7' }, { n: '2' }], [{ n: '1' }]],
    [[{ n: '0' }], 'DataError'],
  ]);
  expect(opened).toBe(1);
  expect(await readdir(scratch)).toEqual(['of-others']);
});

test('each stage has the threads that it asks for, spills past its memory, and reaches nothing but the run’s files', async () => {
  const asked = await keepingEngine(
    { ...effects, engine: { memoryLimitMb: 100, threads: 1 } },
    'run',
    async (kept) => {
      const threads: unknown[] = [];
      for (const count of [3, 1, 2]) {
        await stage(
          kept,
          async (engine, directory) => {
            threads.push((await engine.rows("SELECT current_setting('threads') AS n"))[0]?.n);
            await engine.run(`COPY (SELECT 1 AS a) TO '${join(directory, 'a.parquet')}' (FORMAT parquet)`);
            await engine.run(
              'SELECT count(*) FROM (SELECT repeat(CAST(i AS VARCHAR), 20) AS t FROM range(2000000) AS r(i) ORDER BY hash(i))',
            );
            for (const sql of [
              `FROM '${join(scratch, 'of-others', 'secret.csv')}'`,
              `COPY (SELECT 1) TO '${join(scratch, 'of-others', 'written.csv')}'`,
              `ATTACH '${join(scratch, 'of-others', 'written.db')}'`,
              "SET memory_limit = '100GB'",
              "SET TimeZone = 'Asia/Tokyo'",
              "SET allowed_directories = ['/']",
              "SET allowed_configs = ['memory_limit']",
              'SET lock_configuration = false',
            ])
              await expect(engine.run(sql)).rejects.toMatchObject({ code: 'ENGINE' });
          },
          { threads: count },
        );
      }
      return threads;
    },
  );
  expect(asked.map(Number)).toEqual([3, 1, 2]);
  expect(opened).toBe(1);
  expect(await readdir(join(scratch, 'of-others'))).toEqual(['secret.csv']);
});

test('two stages at once, and one with limits of its own, have databases of their own', async () => {
  await keepingEngine(effects, 'run', async (kept) => {
    await stage(kept, async (engine) => {
      await engine.run('CREATE TABLE mine (n BIGINT)');
      await stage(kept, async (other) => expect(await other.rows(TABLES)).toEqual([{ n: '0' }]));
    });
    expect(opened).toBe(2);
    await stage(kept, async () => undefined, { isSpillSealed: true });
    await stage(kept, async () => undefined, { memoryLimitMb: 64 });
    expect(opened).toBe(4);
    await stage(kept, async () => undefined);
    expect(opened).toBe(4);
  });
});

test('a database that was given a function, or that was stopped, is nobody else’s', async () => {
  await keepingEngine(effects, 'run', async (kept) => {
    await stage(kept, async (engine) => {
      await engine.define('shout', (text) => `${text}!`);
      expect(await engine.texts("SELECT shout('hey')")).toEqual(['hey!']);
    });
    await stage(kept, async (engine) => {
      await expect(engine.texts("SELECT shout('hey')")).rejects.toMatchObject({ code: 'ENGINE' });
      engine.stop();
      await expect(engine.run('SELECT 1')).rejects.toBeInstanceOf(ConfigError);
    });
    expect(await stage(kept, (engine) => engine.integers('SELECT 1'))).toEqual([1]);
  });
  expect(opened).toBe(3);
  expect(await readdir(scratch)).toEqual(['of-others']);
});
