import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { assayJson } from './assay.ts';
import { runMain, runMainJson } from './run-main.ts';
import { ErrorJson, IngestJson, RunsJson } from './shapes.ts';
import { goodSales, openShop } from './shop.ts';

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop.dispose());

const ingest = async (...args: string[]) => {
  const { code, json } = await runMainJson(['ingest', ...args, '--dataset', 'shop.sales'], shop);
  expect(code).toBe(0);
  return IngestJson.parse(json);
};
const run = async (...args: string[]) => {
  const { code, json } = await runMainJson(['run', ...args], shop);
  return { code, runs: RunsJson.parse(json) };
};

describe('ingest', () => {
  test('tells files that are no CSV for what they are, and copies none of them', async () => {
    await shop.write('in/a.csv', goodSales(1, 2));
    await shop.write('in/page.csv', '<!DOCTYPE html><html>Sign in</html>');
    await shop.write('in/rows.txt', '[{"id": 1}]');
    const { code, out, err } = await runMain(['ingest', 'in', '--dataset', 'shop.sales'], shop);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(
        /skipped in\/page\.csv: it is a web page \(HTML\)[^\n]*, and no CSV\nskipped in\/rows\.txt: it is JSON, and no CSV/,
      ),
    });
    expect(out).toContain('1 file added to Bronze');
  });

  test('takes files, folders and quoted globs, and says what it skipped', async () => {
    await shop.write('in/a.csv', goodSales(1, 2));
    await shop.write('in/deep/b.csv.gz', gzipSync(goodSales(3, 4)));
    await shop.write('in/notes.md', 'no data');
    await shop.write('in/.hidden.csv', 'no data');
    await shop.write('odd [1].csv', goodSales(5, 6));
    const { code, json, err } = await assayJson(
      ['ingest', 'in', 'odd [1].csv', 'in/**/*.gz', '--dataset', 'shop.sales'],
      shop,
    );
    expect(code).toBe(0);
    expect(err).toBe('skipped in/notes.md: not a .csv, .tsv, .txt, .dat, .psv, .jsonl or .ndjson file\n');
    const names = IngestJson.parse(json).map(({ key }) => path.posix.basename(key));
    expect(names).toEqual(['a.csv', 'b.csv.gz', 'odd [1].csv']);
  });

  test('the same bytes again are there already, other bytes are kept beside', async () => {
    await shop.write('a.csv', goodSales(1, 2));
    const [first] = await ingest('a.csv');
    expect(await ingest('a.csv')).toEqual([{ ...first, existed: true }]);
    await shop.write('a.csv', goodSales(1, 3));
    const [other] = await ingest('a.csv');
    expect(other?.existed).toBe(false);
    expect(other?.key).toMatch(/\/a~[0-9a-f]{8}\.csv$/);
    expect(await ingest('a.csv')).toEqual([{ ...other, existed: true }]);
    expect((await runMain(['ingest', 'a.csv', '--dataset', 'shop.sales'], shop)).out).toContain(
      'already there',
    );
  });

  test('a name as long as the file system allows is no trouble, nor are other bytes under it, or for the other files', async () => {
    const name = `${'a'.repeat(251)}.csv`;
    // Large enough to have its digest remembered.
    const rows = (from: number): string => goodSales(from, from + 2999);
    await shop.write(name, rows(1));
    await shop.write('b.csv', goodSales(9001, 9001));
    expect(await ingest(name, 'b.csv')).toMatchObject([{ existed: false }, { existed: false }]);
    await shop.write(name, rows(4000));
    expect(await ingest(name)).toMatchObject([{ existed: false }]);
    expect(await ingest(name)).toMatchObject([{ existed: true }]);
    const { code, runs } = await run();
    expect({ code, counts: runs[0]?.counts }).toMatchObject({ code: 0, counts: { silver: 6001 } });
    expect((await readdir(path.join(shop.cwd, 'lake/.digests'), { recursive: true })).length).toBeGreaterThan(
      0,
    );
  });

  test.each([
    ['no contract', ['a.csv', '--dataset', 'shop.sale'], 'NO_CONTRACT'],
    ['a Gold table', ['a.csv', '--dataset', 'shop.monthly_sales'], 'NOT_A_SOURCE'],
    ['a path as dataset', ['a.csv', '--dataset', '../../etc.passwd'], 'DATASET_NAME'],
    ['a missing file among others', ['a.csv', 'b.csv', '--dataset', 'shop.sales'], 'NO_FILE'],
    ['a glob that matches nothing', ['a.csv', '*.tsv', '--dataset', 'shop.sales'], 'NO_FILE'],
    ['a folder without source files', ['contracts', '--dataset', 'shop.sales'], 'NO_FILE'],
    ['the lake itself', ['lake', '--dataset', 'shop.sales'], 'NO_FILE'],
  ])('%s is refused before anything is written', async (_, args, code) => {
    await shop.write('a.csv', goodSales(1, 2));
    const result = await runMain(['ingest', ...args, '--json'], shop);
    expect(result.code).toBe(2);
    expect(ErrorJson.parse(JSON.parse(result.out)).error).toMatchObject({ name: 'ConfigError', code });
    expect(await readdir(path.join(shop.cwd, 'lake'))).not.toContain('bronze');
  });

  test('hostile names are harmless and kept', async () => {
    const name = 'in/\'; DROP TABLE x; --\u001b[31m "q" ünï.csv';
    await shop.write(name, goodSales(1, 2));
    await ingest('in');
    const { code, runs } = await run('--dataset', 'shop.sales');
    expect({ code, silver: runs[0]?.counts.silver }).toEqual({ code: 0, silver: 2 });
    const { out } = await runMain(['show', runs[0]?.runId ?? ''], shop);
    expect(out).toContain('DROP TABLE x');
    expect(out).not.toContain('\u001b');
    expect((await runMainJson(['query', 'FROM ops.source_files'], shop)).code).toBe(0);
  });
});
