import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { assay as runAssay } from '../cli/assay.ts';
import { RunsJson } from '../cli/shapes.ts';
import { goodSales, openShop, type Shop, salesContract } from '../cli/shop.ts';
import { person } from './support/person.ts';
import { connect, type Platform } from './support/platform.ts';
import { contractsWith, deployContracts } from './support/redeploy.ts';

/**
 * A new major version of a contract that is deployed: runs are held until an operator migrates, and then Glue and Athena
 * follow to the new generation. The last test, since the contracts stay deployed.
 */

const DATASET = 'shop.sales';
const LIMIT_MS = 400_000;

let platform: Platform;
let shop: Shop;
let operator: Record<string, string>;
let deployed: Awaited<ReturnType<typeof contractsWith>>;
let stackName: string;

beforeAll(async () => {
  platform = await connect('migrate');
  shop = await openShop();
  await deploy('Assay-shop-1');
}, LIMIT_MS);
afterAll(async () => {
  await deployed?.remove();
  await shop.dispose();
});

/** Deploys the shop's contracts as they are now. */
async function deploy(name: string): Promise<void> {
  await deployed?.remove();
  deployed = await contractsWith(shop.cwd);
  stackName = name;
  await deployContracts(platform.session, stackName, deployed);
  operator = await person('migrate-operator', ['operator', 'operator-query'], stackName);
}

async function assay(args: readonly string[], codes: readonly number[] = [0]): Promise<unknown> {
  const { contractsDir: contracts, sqlDir: sql } = deployed;
  const where = ['--target', 'aws', '--stack', stackName, '--contracts', contracts, '--sql', sql, '--json'];
  const { code, out, err } = await runAssay([...args, ...where], { cwd: shop.cwd, env: operator });
  if (!codes.includes(code ?? -1))
    throw new Error(`assay ${args.join(' ')} ended with ${code}: ${out}${err}`);
  return JSON.parse(out);
}

/** Every function starts anew with its new code, which takes a while on a busy machine. */
async function dropAndSettle(files: Readonly<Record<string, string>>) {
  return await platform.settled(DATASET, await platform.drop(DATASET, files), LIMIT_MS);
}

const query = (sql: string): Promise<unknown> => assay(['query', sql, '--format', 'json']);

test(
  'a figure of a month that was over changes: people are told over SNS, and ops.restatements has it',
  async () => {
    await dropAndSettle({ 'a.csv': goodSales(1, 3) });
    const [second] = await dropAndSettle({ 'b.csv': goodSales(4, 5) });
    const alerts = await platform.inbox.heard(
      'of restated figures',
      ({ kind }) => kind === 'figures-restated',
    );
    expect(alerts).toMatchObject([
      {
        dataset: 'shop.monthly_sales',
        runId: second?.runId,
        title: '2 published figures of shop.monthly_sales changed in 2024-03, which was over when published.',
        details: {
          restated: 2,
          figures: [
            { column: 'amount', old: '3.75', new: '6.25' },
            { column: 'sales', old: '3', new: '5' },
          ],
        },
      },
    ]);
    expect(
      await query('SELECT run_id, "column", old_value, new_value FROM ops.restatements ORDER BY "column"'),
    ).toEqual([
      { run_id: second?.runId, column: 'amount', old_value: '3.75', new_value: '6.25' },
      { run_id: second?.runId, column: 'sales', old_value: '3', new_value: '5' },
    ]);
  },
  3 * LIMIT_MS,
);

test(
  'a new major version holds runs, until an operator migrates; then Glue and Athena follow',
  async () => {
    const before = await platform.pointer('silver', DATASET);
    await writeFile(
      path.join(shop.cwd, 'contracts/shop/sales.yaml'),
      salesContract().replace('version: 1.0.0', 'version: 2.0.0').replace('DECIMAL(18,2)', 'DECIMAL(18,3)'),
    );
    await deploy('Assay-shop-2');
    await platform.drop(DATASET, { 'c.csv': 'sale_id,customer,amount,sold_on\n6,Flo,0.125,2024-03-09\n' });
    await platform.inbox.heard(
      'of runs that are held',
      ({ kind, dataset, title }) => kind === 'run-held' && dataset === DATASET && title.includes('2.0.0'),
    );
    await platform.idle(DATASET);
    expect((await platform.pointer('silver', DATASET))?.version).toBe(before?.version);
    expect(await assay(['migrate', DATASET, '--dry-run'])).toMatchObject({
      from: '1.0.0',
      to: '2.0.0',
      files: 2,
    });
    const done = z
      .looseObject({
        run: z.looseObject({ runId: z.string(), status: z.string() }),
        outcome: z.looseObject({}),
      })
      .parse(await assay(['migrate', DATASET, '--reason', 'three decimals', '--by', 'ann']));
    expect(done).toMatchObject({
      run: { status: 'promoted', counts: { silver: 5 } },
      outcome: { lost: 0, rows: { before: 5, after: 5 } },
    });
    const now = await platform.pointer('silver', DATASET);
    expect(now).toMatchObject({ generation: 2, run_id: done.run.runId });
    for (const layer of ['silver', 'quarantine', 'condemned', 'source_files'] as const)
      expect((await platform.glueTable(layer, DATASET)).metadataLocation).toBe(
        now?.tables[layer]?.metadata_location,
      );
    expect(now?.metadata_location).toContain('/silver/generation=2/shop/sales/metadata/');
    const runs = RunsJson.parse(await assay(['run', '--dataset', DATASET]));
    expect(runs).toMatchObject([{ status: 'promoted', counts: { silver: 1 } }]);
    // By Athena, which reads what Glue says.
    expect(
      await query('SELECT count(*) AS n, CAST(sum(amount) AS varchar) AS amount FROM silver.shop_sales'),
    ).toEqual([{ n: 6, amount: '6.375' }]);
    expect(
      await query('SELECT sales, CAST(amount AS varchar) AS amount FROM gold.shop_monthly_sales'),
    ).toEqual([{ sales: 6, amount: '6.38' }]);
    expect(await readFile(path.join(deployed.contractsDir, 'shop/sales.yaml'), 'utf8')).toContain('2.0.0');
    expect(await assay(['audit', '--dataset', DATASET])).toMatchObject([{ problems: [] }]);
  },
  3 * LIMIT_MS,
);
