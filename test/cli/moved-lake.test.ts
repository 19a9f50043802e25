import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { openService } from '../service/open-service.ts';
import { avroOf } from '../support/outside-table.ts';
import { runMain, runMainJson } from './run-main.ts';
import { AuditJson, UpgradeJson } from './shapes.ts';
import { openShop, type Shop } from './shop.ts';

/** A lake that was moved to another folder. Other engines follow the addresses in its metadata, as icebird and hyparquet do here. */

const TABLES = ['silver', 'quarantine', 'condemned', 'source_files'];
const UPGRADE = ['--reason', 'moved to another disk', '--by', 'ann'];

let shop: Shop;
let cwd: string;
beforeAll(async () => {
  shop = await openShop();
  await dropAndRun(shop.cwd, 1);
  await dropAndRun(shop.cwd, 2);
  cwd = `${shop.cwd}-moved`;
  await rename(shop.cwd, cwd);
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function dropAndRun(folder: string, n: number): Promise<void> {
  const lines = `sale_id,customer,amount,sold_on\n${n},Cem,1.10,2024-0${n}-02\nx${n},Dot,?,2024-0${n}-02\n`;
  await writeFile(path.join(folder, `${n}.csv`), lines);
  await runMain(['ingest', `${n}.csv`, '--dataset', 'shop.sales'], { cwd: folder });
  expect((await runMain(['run'], { cwd: folder })).code).toBe(0);
}

/** The rows of each snapshot of a table, found by whole addresses alone; throws where one leads nowhere. */
async function followed(pointer: string, table: string): Promise<unknown[][]> {
  const { tables } = JSON.parse(await readFile(path.join(cwd, 'lake', pointer, '_LATEST.json'), 'utf8'));
  const metadata = JSON.parse(await readFile(fileOf(tables[table].metadata_location), 'utf8'));
  const snapshots: unknown[][] = [];
  for (const snapshot of metadata.snapshots) {
    const rows: unknown[] = [];
    for (const { manifest_path } of await avroOf(fileOf(snapshot['manifest-list'])))
      for (const entry of await avroOf(fileOf(String(manifest_path)))) {
        const { file_path } = entry.data_file as { file_path: string };
        const file = await asyncBufferFromFile(fileOf(file_path));
        if (entry.status !== 2) rows.push(...(await parquetReadObjects({ file, compressors })));
      }
    snapshots.push(rows);
  }
  return snapshots;
}

const fileOf = (uri: string): string => uri.slice('file://'.length);
const health = () => runMainJson(['health', '--dataset', 'shop.sales'], { cwd });

describe('a lake that was moved', () => {
  test('is read by Assay as it is, and health and the catalog say that others would look elsewhere', async () => {
    const { json } = await runMainJson(['query', 'SELECT count(*) AS n FROM silver.shop_sales'], { cwd });
    expect(json).toEqual([{ n: 2 }]);
    expect(await health()).toMatchObject({
      code: 1,
      json: [{ ailments: [{ code: 'LAKE_MOVED', next: 'upgrade --dry-run' }] }],
    });
    await expect(followed('silver/shop/sales', 'silver')).rejects.toThrow('ENOENT');
    const service = await openService(cwd);
    const answer = await service.ask('/iceberg/v1/namespaces/silver/tables/shop_sales');
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain('assay upgrade');
    await service.close();
  });

  test('an upgrade writes the addresses of today, for every snapshot of every table', async () => {
    const planned = UpgradeJson.parse((await runMainJson(['upgrade', '--dry-run'], { cwd })).json);
    expect(planned.map(({ tables }) => tables.map(({ relocated }) => relocated))).toEqual([
      [true, true, true, true],
      [true],
    ]);
    expect((await health()).code).toBe(1);
    const [sales] = UpgradeJson.parse((await runMainJson(['upgrade', ...UPGRADE], { cwd })).json);
    expect(sales).toMatchObject({ from: sales?.to });
    expect((await followed('silver/shop/sales', 'silver')).map((rows) => rows.length)).toEqual([1, 2]);
    expect((await followed('silver/shop/sales', 'silver')).at(-1)).toMatchObject([
      { sale_id: '2', customer: 'Cem' },
      { sale_id: '1', customer: 'Cem' },
    ]);
    for (const table of TABLES) await followed('silver/shop/sales', table);
    expect((await followed('gold/shop/monthly_sales', 'gold')).at(-1)).toHaveLength(2);
  });

  test('then everything is as it was: sound, with its past, and a repeat does nothing', async () => {
    expect(await health()).toMatchObject({ code: 0 });
    const audits = AuditJson.parse((await runMainJson(['audit'], { cwd })).json);
    expect(audits.map(({ problems }) => problems)).toEqual([[], []]);
    const again = UpgradeJson.parse((await runMainJson(['upgrade', ...UPGRADE], { cwd })).json);
    expect(again.map(({ tables }) => tables)).toEqual([[], []]);
    await dropAndRun(cwd, 3);
    expect((await followed('silver/shop/sales', 'silver')).at(-1)).toHaveLength(3);
    const { json } = await runMainJson(
      ['query', 'SELECT kind, reason FROM ops.decisions ORDER BY "at" LIMIT 1'],
      { cwd },
    );
    expect(json).toEqual([{ kind: 'upgraded', reason: 'moved to another disk' }]);
  });
});
