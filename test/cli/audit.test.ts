import { appendFile, copyFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { pointerKey } from '../../etl/naming/tables.ts';
import { forgeParquet } from '../support/forge-parquet.ts';
import { runMain, runMainJson } from './run-main.ts';
import { AuditJson, QuarantineListJson, RunsJson } from './shapes.ts';
import { goodSales, keepShop, MIXED_SALES, openShop, type Shop } from './shop.ts';

let shop: Shop;
let kept: Awaited<ReturnType<typeof keepShop>>;
beforeAll(async () => {
  shop = await openShop();
  await publish('mixed.csv', MIXED_SALES);
  await publish('good.csv', goodSales(100, 130));
  kept = await keepShop(shop);
});
beforeEach(() => kept.putBack());
afterAll(() => kept.dispose());

const publish = async (name: string, text: string) => {
  await shop.write(name, text);
  await runMain(['ingest', name, '--dataset', 'shop.sales'], shop);
  return RunsJson.parse((await runMainJson(['run'], shop)).json)[0];
};
const audit = async (...args: string[]) => {
  const { code, json } = await runMainJson(['audit', ...args], shop);
  const audits = AuditJson.parse(json);
  return {
    code,
    audits,
    codes: [...new Set(audits.flatMap(({ problems }) => problems.map(({ code: one }) => one)))],
  };
};
/** Paths of the lake's files whose key matches. */
const files = async (pattern: RegExp) => {
  const all = await readdir(path.join(shop.cwd, 'lake'), { recursive: true });
  const found = all.filter((key) => pattern.test(key) && !key.startsWith('.')).sort();
  expect(found).not.toEqual([]);
  return found.map((key) => path.join(shop.cwd, 'lake', key));
};
const first = async (pattern: RegExp) => (await files(pattern))[0] ?? '';
/** Rewrites a data file in place with other values. */
const rewrite = (file: string, select: string) => forgeParquet(file, select, shop.cwd);

describe('audit', () => {
  test('finds nothing wrong with a lake that was worked on in every way', async () => {
    const on = ['--dataset', 'shop.sales', '--reason', 'x'];
    const [list] = QuarantineListJson.parse((await runMainJson(['quarantine', 'list'], shop)).json);
    const id = list?.records.find(({ reasons }) => reasons[0]?.code === 'TYPE_ERROR')?.record ?? '';
    await runMain(['quarantine', 'correct', id, 'amount=3.00', ...on], shop);
    await runMain(['quarantine', 'condemn', '--code', 'RANGE_ERROR', ...on], shop);
    const third = await publish('third.csv', goodSales(200, 201));
    const back = await publish('fourth.csv', goodSales(202, 203));
    await runMain(['rollback', 'shop.sales', '--to', `${third?.snapshotId}`, '--reason', 'x'], shop);
    await runMain(['readmit', back?.runId ?? '', '--reason', 'x'], shop);
    await runMain(['run'], shop);
    const { code, audits } = await audit();
    expect({ code, problems: audits.flatMap(({ problems }) => problems) }).toEqual({ code: 0, problems: [] });
    expect(audits.find(({ dataset }) => dataset === 'shop.sales')?.checked).toMatchObject({
      seals: 5,
      sourceFiles: 5,
      records: 6 + 31 + 1 + 2 + 2,
    });
    const one = await audit('--run', third?.runId ?? '');
    expect(one).toMatchObject({ code: 0, audits: [{ checked: { sourceFiles: 1, records: 2 } }] });
    expect((await runMain(['audit'], shop)).out).toMatch(
      /shop\.sales: sound; .* 5 source files with 42 records/,
    );
  });

  test.each<[string, RegExp, (file: string) => Promise<void>, string]>([
    [
      'a changed source file',
      /^bronze.*mixed\.csv$/,
      (file) => appendFile(file, '7,x,1.00,2024-01-01\n'),
      'SOURCE_TAMPERED',
    ],
    ['a missing source file', /^bronze.*mixed\.csv$/, (file) => rm(file), 'SOURCE_MISSING'],
    ['a data file cut short', /^silver.*month=03.*parquet$/, (file) => truncate(file, 100), 'TAMPERED_FILE'],
    ['a missing data file', /^quarantine.*part-.*parquet$/, (file) => rm(file), 'MISSING_FILE'],
    [
      'a missing manifest',
      /^silver.*metadata.*-m.*avro$|^silver.*metadata\/(?!snap)[^/]*avro$/,
      (file) => rm(file),
      'METADATA',
    ],
    [
      'a changed seal',
      /^silver.*_SUCCESS$/,
      async (file) => {
        await writeFile(file, (await readFile(file, 'utf8')).replace('"condemned": 1', '"condemned": 0'));
      },
      'SEAL',
    ],
    [
      'a file that nobody wrote',
      /^silver.*part-.*parquet$/,
      (file) => copyFile(file, file.replace('part-', 'part-9')),
      'EXTRA_FILE',
    ],
  ])('finds %s', async (_, pattern, tamper, expected) => {
    expect((await audit()).code).toBe(0);
    await tamper(await first(pattern));
    const { code, codes } = await audit();
    expect({ code, codes }).toEqual({ code: 1, codes: expect.arrayContaining([expected]) });
  });

  test('finds a figure of Silver that was changed without a trace in size or number', async () => {
    await rewrite(
      await first(/^silver.*month=03.*parquet$/),
      'SELECT * REPLACE (CAST(amount * 2 AS DECIMAL(18,2)) AS amount) FROM THIS',
    );
    const { code, codes, audits } = await audit();
    expect({ code, codes }).toEqual({ code: 1, codes: expect.arrayContaining(['VALUES']) });
    expect(JSON.stringify(audits)).toContain('31 records have other values in Silver than in the file: 1, 2');
  });

  test('finds a record that is missing from quarantine, and one whose reasons were changed', async () => {
    const file = await first(/^quarantine.*part-.*parquet$/);
    await copyFile(file, path.join(shop.cwd, 'kept.parquet'));
    await rewrite(
      file,
      'SELECT * EXCLUDE (contract_version) REPLACE (CASE WHEN source_row_number = 2 THEN 7 ELSE source_row_number END AS source_row_number) FROM THIS',
    );
    expect((await audit()).codes).toEqual(expect.arrayContaining(['REJECTS', 'CONSERVATION']));
    await copyFile(path.join(shop.cwd, 'kept.parquet'), file);
    expect((await audit()).code).toBe(0);
    await rewrite(
      file,
      "SELECT * EXCLUDE (contract_version) REPLACE ([{'rule': 'x', 'column': NULL, 'code': 'X', 'value': NULL}] AS reasons) FROM THIS",
    );
    expect((await audit()).codes).toEqual(['REJECTS']);
  });

  test('finds a Gold figure that is not what its SQL makes of Silver', async () => {
    await rewrite(
      await first(/^gold.*month=01.*parquet$/),
      'SELECT * REPLACE (CAST(amount + 1 AS DECIMAL(38,2)) AS amount) FROM THIS',
    );
    const { codes, audits } = await audit('--dataset', 'shop.monthly_sales');
    expect(codes).toEqual(['GOLD']);
    expect(audits).toHaveLength(1);
  });

  test('finds a pointer that names what was never committed together', async () => {
    const lake = await openLake(path.join(shop.cwd, 'lake'), {
      contractsDir: path.join(shop.cwd, 'contracts'),
      sqlDir: path.join(shop.cwd, 'sql/gold'),
    });
    const key = pointerKey('silver', 'shop.sales');
    const stored = await lake.effects.objects.get(key);
    const pointer = JSON.parse(Buffer.from(stored?.body ?? []).toString());
    await lake.effects.objects.put(
      key,
      Buffer.from(JSON.stringify({ ...pointer, seal_digest: 'a'.repeat(64) })),
    );
    expect((await audit('--dataset', 'shop.sales')).codes).toEqual(['POINTER']);
    await lake.effects.objects.put(key, Buffer.from('{}'));
    expect((await audit('--dataset', 'shop.sales')).codes).toEqual(['POINTER']);
  });
});
