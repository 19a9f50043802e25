import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { everyFile } from '../../../adapters/local/every-file.ts';
import { type LookedThrough, lookThrough } from '../../../etl/privacy/looking/look-through.ts';
import { valuesOf } from '../../../etl/privacy/looking/needles.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { runMain } from '../../cli/run-main.ts';

const VALUES = ['planted-token-0001', 'Zoë Pflänzchen/Øre & "Söhne"', 'planted-token-0003'];

let folder: string;
let dispose: () => Promise<void>;
let looked: LookedThrough;
let written: readonly string[];
beforeAll(async () => {
  ({ folder, dispose } = await tempFolder());
  const script = new URL('planted.py', import.meta.url).pathname;
  await promisify(execFile)('python3', [script, folder]);
  await parquetFiles(folder);
  const files: string[] = [];
  for await (const { name } of everyFile(folder, 'f')) files.push(name.slice(2));
  written = files;
  looked = await lookThrough(everyFile(folder, 'f'), VALUES);
});
afterAll(() => dispose());

/** A value that repeats, so that it stands in a dictionary, and one that doesn't; by DuckDB, which shares nothing with us. */
async function parquetFiles(to: string): Promise<void> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(
    `COPY (SELECT '${VALUES[0]}' FROM range(1000)) TO '${path.join(to, '1 csv zstd')}' (FORMAT csv, COMPRESSION zstd)`,
  );
  for (const codec of ['zstd', 'snappy', 'gzip', 'uncompressed', 'brotli'])
    for (const version of ['V1', 'V2'])
      for (const [name, value] of [
        ['dictionary', `'${VALUES[0]}'`],
        ['plain', `'${VALUES[0]}' || n`],
        ['nested', `[{'a': NULL}, {'a': '${VALUES[0]}' || n % 7}]`],
      ])
        await connection.run(
          `COPY (SELECT n, repeat('filler ', 5) || n AS f, CASE WHEN n % 3 > 0 THEN ${value} END AS v FROM range(3000) t(n))
           TO '${path.join(to, `1 parquet ${codec} ${version} ${name}`)}' (FORMAT parquet, CODEC '${codec}', PARQUET_VERSION ${version})`,
        );
  connection.closeSync();
}

const filesOf = (value: number): Set<string> =>
  new Set(looked.found.filter((one) => one.value === value).map(({ file }) => file.slice(2)));

describe('looking for values', () => {
  test.each([1, 2])('finds value %i in every way in which Python wrote it, and in nothing else', (value) => {
    const unread = new Set(looked.notRead.map(({ file }) => file.slice(2)));
    const expected = written.filter((name) => name.startsWith(`${value} `) && !unread.has(name));
    expect([...filesOf(value)].sort()).toEqual(expected.sort());
    expect(expected.length).toBeGreaterThan(30);
  });

  test('finds a value that stands nowhere nowhere, and says what it could not look through', () => {
    expect(filesOf(3).size).toBe(0);
    const names = looked.notRead.map(({ file }) => file.slice(2)).filter((name) => name.startsWith('9'));
    expect(names.sort()).toEqual(['9 bzip2', '9 damaged gzip']);
  });

  test('says where it stands, counted in the unpacked bytes', () => {
    const at = (name: string) => looked.found.find(({ file, value }) => file === `f/${name}` && value === 1);
    expect(at('1 utf8')).toMatchObject({ as: 'UTF-8', offset: 70000, times: 1, inside: [] });
    expect(at('1 gzip twice')).toMatchObject({ offset: 9, inside: ['gzip'] });
    expect(at('1 gzip in zip in zip')).toMatchObject({ inside: ['b.zip', 'a.csv.gz', 'gzip'], offset: 0 });
    const inPages = looked.found.filter(({ inside }) => inside[0] === 'pages').map(({ file }) => file);
    expect(inPages.sort()).toEqual(
      written
        .filter((name) => name.includes('parquet'))
        .map((name) => `f/${name}`)
        .sort(),
    );
    expect(looked.found).toContainEqual(
      expect.objectContaining({ file: 'f/1 csv zstd', inside: ['zstd'], as: 'UTF-8', times: 1001 }),
    );
  });

  test('finds what stands across two pieces, wherever they are cut', async () => {
    const text = Buffer.from(`...${VALUES[0]}...${VALUES[1]}`);
    for (let cut = 0; cut <= text.length; cut++) {
      const pieces = [text.subarray(0, cut), Buffer.alloc(0), text.subarray(cut)];
      const file = {
        name: 'cut',
        sizeBytes: text.length,
        read: async function* () {
          // Each piece is good only until the next is asked for.
          for (const piece of pieces) {
            const copy = Buffer.from(piece);
            yield copy;
            copy.fill(0);
          }
        },
      };
      const { found } = await lookThrough(
        (async function* () {
          yield file;
        })(),
        VALUES,
      );
      expect(found.map(({ value, offset, times }) => [value, offset, times])).toContainEqual([1, 3, 1]);
      expect(found.map(({ value, offset }) => [value, offset])).toContainEqual([2, 24]);
    }
  });

  test('wants values that chance does not write', () => {
    expect(valuesOf('  abcdef \r\n\nabcdef\nghijklm', 'f')).toEqual(['abcdef', 'ghijklm']);
    expect(() => valuesOf('abcdef\nabc', 'f.txt')).toThrow(
      'f.txt has a value of fewer than 6 characters (the 2. of it)',
    );
    expect(() => valuesOf('\n', 'f.txt')).toThrow('f.txt holds no value');
  });
});

describe('assay privacy verify', () => {
  test('looks through a lake with all that lies hidden in it, tells a value by its line only, and ends with 1', async () => {
    const lake = path.join(folder, 'lake');
    await runMain(['init', '--lake', lake], { cwd: folder });
    await writeFile(path.join(folder, 'values.txt'), `${VALUES[2]}\nplanted-token-0004\n`);
    const args = ['privacy', 'verify', '--value-file', 'values.txt', '--lake', lake];
    const logs = path.join(folder, 'logs');
    await mkdir(logs);
    await writeFile(path.join(logs, 'a.log'), VALUES[2] ?? '');
    const clean = await runMain(args, { cwd: folder });
    expect(clean).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Nowhere: 2 values of values.txt in \d+ files?/),
    });
    await writeFile(path.join(lake, '.scratch-left'), 'x planted-token-0004');
    const found = await runMain(args, { cwd: folder });
    expect(found.code).toBe(1);
    expect(found.out).toMatch(/no\. 2 +UTF-8 +1 +2 +lake\/\.scratch-left/);
    expect(found.out).not.toContain('planted');
    const json = await runMain([...args, '--json', '--folder', 'logs'], { cwd: folder });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      values: 2,
      found: expect.arrayContaining([expect.objectContaining({ file: 'logs/a.log', value: 1 })]),
    });
    expect((await runMain(['privacy', 'verify', '--lake', lake], { cwd: folder })).err).toContain(
      '--value-file is missing',
    );
  });
});
