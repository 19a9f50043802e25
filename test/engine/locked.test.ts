import { access, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Engine, openEngine, withLanes } from '../../etl/engine/engine.ts';
import { tempFolder } from '../adapters/temp-folder.ts';

const MEMORY = { memoryLimitMb: 100, threads: 1 };

let folder: string;
let outside: string;
let dispose: () => Promise<void>;
let engine: Engine;

beforeAll(async () => {
  ({ folder, dispose } = await tempFolder());
  outside = join(folder, 'outside');
  for (const name of ['scratch', 'lake', 'lake-of-others', 'outside']) await mkdir(join(folder, name));
  await writeFile(join(outside, 'secret.csv'), 'a\nZZSECRET\n');
  await writeFile(join(folder, 'lake-of-others', 'secret.csv'), 'a\nZZSECRET\n');
  await writeFile(join(folder, 'lake', 'own.csv'), 'a\nmine\n');
  await symlink(outside, join(folder, 'lake', 'link'));
  engine = await openEngine({ ...MEMORY, folders: [join(folder, 'lake')] }, join(folder, 'scratch', 'spill'));
});

afterAll(async () => {
  engine.close();
  await dispose();
});

const inFolder = (text: string): string => text.replaceAll('@', folder);

describe('an engine', () => {
  test.each([
    "FROM '@/lake/own.csv'",
    "COPY (SELECT 1 AS a) TO '@/scratch/a.parquet' (FORMAT parquet)",
    "COPY (SELECT 1 AS a, 2 AS b) TO '@/scratch/parts' (FORMAT parquet, PARTITION_BY (b))",
    // More than its memory: it spills.
    'SELECT count(*) FROM (SELECT repeat(CAST(i AS VARCHAR), 20) AS t FROM range(2000000) AS r(i) ORDER BY hash(i))',
  ])('works in its own folders: %s', async (sql) => {
    await expect(engine.run(inFolder(sql))).resolves.toBeUndefined();
  });

  test.each([
    "FROM '@/outside/secret.csv'",
    "FROM read_text('@/outside/secret.csv')",
    "FROM read_blob('/etc/hostname')",
    "FROM read_csv('@/lake/../outside/secret.csv')",
    "FROM read_csv('@/lake/link/secret.csv')",
    "FROM read_csv('@/lake-of-others/secret.csv')",
    "FROM glob('@/outside/*')",
    "FROM read_csv('https://example.com/a.csv')",
    "FROM query('FROM read_text(''@/outside/secret.csv'')')",
    "COPY (SELECT 1) TO '@/outside/written.csv'",
    "COPY (SELECT 1) TO '@/lake/link/written.csv'",
    "EXPORT DATABASE '@/outside/written'",
    "ATTACH '@/outside/written.db'",
    "CREATE SECRET (TYPE s3, KEY_ID 'a', SECRET 'b')",
    'INSTALL httpfs',
    'LOAD httpfs',
    "LOAD '@/outside/evil.duckdb_extension'",
    'SET enable_external_access = true',
    "SET allowed_directories = ['/']",
    "SET temp_directory = '@/outside'",
    'SET lock_configuration = false',
    'RESET lock_configuration',
    "SET memory_limit = '100GB'",
    "SET TimeZone = 'Asia/Tokyo'",
  ])('refuses: %s', async (sql) => {
    await expect(engine.run(inFolder(sql))).rejects.toMatchObject({ code: 'ENGINE' });
    expect(await readdir(outside)).toEqual(['secret.csv']);
  });

  test('has lanes that are locked as it is, and in UTC wherever the machine stands', async () => {
    await withLanes(engine, 1, async ([lane]) => {
      expect(await lane?.rows("SELECT current_setting('TimeZone') AS zone")).toEqual([{ zone: 'UTC' }]);
      await expect(lane?.run(inFolder("FROM '@/outside/secret.csv'"))).rejects.toMatchObject({
        code: 'ENGINE',
      });
      await expect(lane?.run("SET TimeZone = 'Asia/Tokyo'")).rejects.toMatchObject({ code: 'ENGINE' });
    });
  });

  test('that only parses has no files at all', async () => {
    const parser = await openEngine(MEMORY);
    const file = join(tmpdir(), `assay-${process.pid}.csv`);
    await expect(parser.run(`COPY (SELECT 1) TO '${file}'`)).rejects.toMatchObject({ code: 'ENGINE' });
    parser.close();
    await expect(access(file)).rejects.toThrow();
    await rm(file, { force: true });
  });
});

describe('an error of the engine', () => {
  test.each([
    ["SELECT CAST('ZZSECRET' AS INTEGER)", 'Conversion'],
    ["SELECT error('ZZSECRET')", 'Invalid Input'],
    ['SELECT CAST(1e30 AS INTEGER) AS zzsecret', 'Conversion'],
    ['SELECT zzsecret', 'Binder'],
    ['FROM zzsecret', 'Catalog'],
    ['SELEKT zzsecret', 'Parser'],
  ])('says its class and whose statement it was, and nothing that it quotes: %s', async (sql, type) => {
    const error: unknown = await engine
      .naming('Gold SQL of spend.totals')
      .run(sql)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'ENGINE',
      message: expect.stringContaining(`Gold SQL of spend.totals (${type} error`),
      context: { engineError: type, statement: 'Gold SQL of spend.totals' },
    });
    const { message, context } = error as { message: string; context: unknown };
    expect(`${message} ${JSON.stringify(context)}`.toLowerCase()).not.toContain('zzsecret');
    // For --debug on a terminal.
    expect(String((error as Error).cause).toLowerCase()).toMatch(/zzsecret|1e\+30|selekt/);
  });

  test('of memory may pass', async () => {
    const small = await openEngine({ memoryLimitMb: 20, threads: 1 });
    const sql = 'SELECT list(repeat(CAST(i AS VARCHAR), 20)) FROM range(10000000) AS r(i)';
    await expect(small.run(sql)).rejects.toMatchObject({ name: 'TransientError', code: 'ENGINE_RESOURCES' });
    small.close();
  });
});

test.each([
  [512, '3.8 MiB'],
  [600, '30.5 MiB'],
])(
  'an engine of %i MB keeps %s beside its limit: what is given back goes back to the machine',
  async (memoryLimitMb, value) => {
    const one = await openEngine({ memoryLimitMb, threads: 1 });
    const kept = await one.rows(
      "SELECT name, value FROM duckdb_settings() WHERE name LIKE 'allocator%threshold' ORDER BY name",
    );
    one.close();
    expect(kept).toEqual([
      { name: 'allocator_bulk_deallocation_flush_threshold', value },
      { name: 'allocator_flush_threshold', value },
    ]);
  },
);
