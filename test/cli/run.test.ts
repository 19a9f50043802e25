import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { assay } from './assay.ts';
import { runMain, runMainJson } from './run-main.ts';
import { ErrorJson, IngestJson, PlansJson, RunsJson, ShowJson } from './shapes.ts';
import { goodSales, MIXED_SALES, openShop, salesContract } from './shop.ts';

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

describe('run', () => {
  test('a dry run prints the plan and changes nothing', async () => {
    await shop.write('a.csv', goodSales(1, 5));
    await shop.write('b.csv', goodSales(1, 5));
    await ingest('a.csv', 'b.csv');
    const { code, json } = await runMainJson(['run', '--dry-run'], shop);
    expect(code).toBe(0);
    const [plan] = PlansJson.parse(json);
    expect(plan).toMatchObject({
      status: 'planned',
      files: [{ repeatOf: null }, { repeatOf: expect.any(String) }],
    });
    expect((await runMain(['run', '--dry-run'], shop)).out).toMatch(
      /2 files, .*\n.*\n.*a\.csv.*\n.*repeats .*a\.csv/,
    );
    expect(await readdir(path.join(shop.cwd, 'lake'))).not.toContain('ops');
  });

  test('verdicts, reasons, control totals, Gold and what to type next', async () => {
    await shop.write('mixed.csv', MIXED_SALES);
    await ingest('mixed.csv');
    const { code, out } = await assay(['run'], shop);
    expect(code).toBe(0);
    for (const line of [
      /promoted in/,
      /mixed\.csv +6 +2 +3 +1 +0/,
      /DUPLICATE +1/,
      /amount +34\.50 +12\.00 +12\.50 +10\.00 {2}met/,
      /Gold +gold\.shop_monthly_sales/,
      /assay show 2/,
      /assay report shop\.monthly_sales/,
    ]) {
      expect(out).toMatch(line);
    }
    const again = await run();
    expect(again.code).toBe(0);
    expect(again.runs).toMatchObject([{ status: 'nothing-to-do', counts: { records: 0 }, gold: [] }]);
    // Other SQL makes Gold anew, though there is nothing to do.
    const sql = path.join(shop.cwd, 'sql/gold/shop/monthly_sales.sql');
    const text = await readFile(sql, 'utf8');
    const made = { report: 'shop.monthly_sales', table: 'gold.shop_monthly_sales', engine: 'duckdb' };
    await writeFile(sql, `${text}-- once more\n`);
    expect((await run()).runs).toMatchObject([{ status: 'nothing-to-do', gold: [made] }]);
    await writeFile(sql, text);
    expect((await assay(['run'], shop)).out).toMatch(
      /nothing to do\nGold +gold\.shop_monthly_sales was made/,
    );
  });

  test('show has examples of every kind, personal values masked unless asked for', async () => {
    await shop.write('mixed.csv', MIXED_SALES);
    await ingest('mixed.csv');
    const { runs } = await run();
    const shown = ShowJson.parse(
      (await runMainJson(['show', runs[0]?.runId?.slice(0, 20) ?? ''], shop)).json,
    );
    expect(shown).toMatchObject({ ...runs[0], status: 'promoted' });
    const codes = shown.examples.map(({ reasons }) => reasons.map(({ code }) => code).join());
    expect(codes.sort()).toEqual(['DUPLICATE', 'RANGE_ERROR', 'STRUCTURE_ERROR', 'TYPE_ERROR']);
    expect(JSON.stringify(shown)).not.toMatch(/Ann|Bob|Eve|Dan/);
    const unmasked = await runMain(['show', runs[0]?.runId ?? '', '--unmasked'], shop);
    expect(unmasked.out).toContain('customer=Bob');
    expect(unmasked.out).toContain('4,Dan,1.50,2024-01-05,');
  });

  test('a rejected file is one reason and exit code 1; the other files go on', async () => {
    await shop.write('good.csv', goodSales(1, 3));
    await shop.write('bad.csv', 'sale_id,customer\n1,Ann\n');
    await shop.write('empty.csv', '');
    await ingest('good.csv', 'bad.csv', 'empty.csv');
    const { code, runs } = await run();
    expect(code).toBe(1);
    expect(runs[0]).toMatchObject({ status: 'promoted', counts: { silver: 3 } });
    // In the order in which they were ingested.
    expect(runs[0]?.files.map(({ status }) => status)).toEqual(['accepted', 'rejected', 'empty']);
    expect(runs[0]?.files[1]?.note).toContain('amount');
    const alerts = await runMainJson(['query', 'SELECT kind, run_id FROM ops.alerts'], shop);
    expect(alerts.json).toEqual([{ kind: 'files-rejected', run_id: runs[0]?.runId }]);
  });

  test('a held run exits with 1, publishes nothing, and can be looked at', async () => {
    await shop.write(
      'contracts/shop/sales.yaml',
      salesContract('{ maxQuarantineRate: 0.1, smallBatchRecords: 2 }'),
    );
    await shop.write('mixed.csv', MIXED_SALES);
    await ingest('mixed.csv');
    const { code, runs } = await run();
    expect({ code, status: runs[0]?.status, snapshotId: runs[0]?.snapshotId }).toEqual({
      code: 1,
      status: 'held',
      snapshotId: null,
    });
    const shown = ShowJson.parse((await runMainJson(['show', '20'], shop)).json);
    expect(shown.examples).toHaveLength(4);
    expect(shown.readersSee).toContain('no table yet');
    expect(shown.notes.join()).toContain('assay readmit');
    expect(shown.next.join('\n')).toMatch(/assay approve 2\S+ --digest [0-9a-f]{64}[\s\S]*assay refuse 2/);
    expect(RunsJson.parse((await runMainJson(['runs', '--held'], shop)).json)).toHaveLength(1);
    const rows = await runMainJson(['query', 'SELECT count(*) AS n FROM silver.shop_sales'], shop);
    expect(rows.json).toEqual([{ n: 0 }]);
    expect((await assay(['run'], shop)).out).toContain('1 file set aside with the held run');
  });

  test('a broken contract stops its own dataset only, and names file, line and field', async () => {
    await shop.write('a.csv', goodSales(1, 3));
    await ingest('a.csv');
    await shop.write(
      'contracts/shop/returns.yaml',
      salesContract()
        .replaceAll('sales', 'returns')
        .replace('classification: public', 'classification: open'),
    );
    const { code, runs } = await run();
    expect(code).toBe(2);
    expect(runs.map(({ dataset, status }) => `${dataset} ${status}`)).toEqual([
      'shop.returns failed',
      'shop.sales promoted',
    ]);
    expect(runs[0]?.error?.problems).toMatchObject([
      { file: 'shop/returns.yaml', path: 'schema[0].properties[0].classification' },
    ]);
    const one = await runMainJson(['run', '--dataset', 'shop.returns'], shop);
    expect({ code: one.code, error: ErrorJson.parse(one.json).error.code }).toEqual({
      code: 2,
      error: 'CONTRACT_INVALID',
    });
    const none = await runMainJson(['run', '--dataset', 'shop.nothing'], shop);
    expect({ code: none.code, error: ErrorJson.parse(none.json).error.code }).toEqual({
      code: 2,
      error: 'NO_CONTRACT',
    });
  });

  test('a damaged lake is exit code 1 with one line, and no other run is lost', async () => {
    await shop.write('a.csv', goodSales(1, 3));
    await ingest('a.csv');
    await run();
    await shop.write('lake/silver/shop/sales/_LATEST.json', 'not json');
    const { code, err } = await assay(['query', 'FROM silver.shop_sales'], shop);
    expect(code).toBe(1);
    expect(err).toMatch(/^assay: silver\/shop\/sales\/_LATEST\.json can't be read as a pointer.*\n$/);
  });
});
