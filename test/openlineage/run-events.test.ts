import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { RunsJson } from '../cli/shapes.ts';
import { badSales, goodSales, openShop, type Shop } from '../cli/shop.ts';
import { type Receiver, startReceiver } from '../events/receiver.ts';
import { kindsOf, LineageEvent, readSpec } from './spec-faults.ts';

/** What a lineage server is told, judged by the standard's own schemas. */

let shop: Shop;
let server: Receiver;
let faultsOf: (event: unknown) => unknown[];
beforeAll(async () => {
  [shop, server] = await Promise.all([openShop('{ maxQuarantineRate: 0.1 }'), startReceiver()]);
  faultsOf = await readSpec();
});
afterAll(async () => {
  await server.stop();
  await shop.dispose();
});

const place = () => ({
  cwd: shop.cwd,
  env: {
    OPENLINEAGE_URL: server.url,
    OPENLINEAGE_API_KEY: 'a-key',
    OPENLINEAGE_NAMESPACE: 'shops',
  },
});

/** What a command told. */
async function told(...args: string[]): Promise<LineageEvent[]> {
  const before = server.received.length;
  await runMain(args, place());
  return server.received.slice(before).map(({ body }) => LineageEvent.parse(JSON.parse(body)));
}

async function dropped(name: string, text: string): Promise<LineageEvent[]> {
  await shop.write(name, text);
  expect((await runMain(['ingest', name, '--dataset', 'shop.sales'], place())).code).toBe(0);
  return await told('run');
}

describe('a lineage server is told', () => {
  test('of a run and of the Gold table that follows, with columns, rows and verdicts', async () => {
    const events = await dropped('a.csv', `${goodSales(1, 3)}9,Zeta,x,2024-03-01\n`);
    expect(kindsOf(events)).toEqual([
      'START shop.sales',
      'COMPLETE shop.sales',
      'START shop.monthly_sales',
      'COMPLETE shop.monthly_sales',
    ]);
    const [start, complete, , gold] = events as [LineageEvent, LineageEvent, LineageEvent, LineageEvent];
    expect(start.run.runId).toBe(complete.run.runId);
    expect(gold.run.facets.parent).toMatchObject({
      run: { runId: start.run.runId },
      job: { name: 'shop.sales' },
    });
    const lake = path.join(shop.cwd, 'lake');
    const bronze = { namespace: 'file', name: `${lake}/bronze/shop/sales` };
    expect(complete.inputs).toMatchObject([
      {
        ...bronze,
        inputFacets: {
          dataQualityMetrics: { rowCount: 4, fileCount: 1 },
          assay_verdicts: { records: 4, silver: 3, quarantined: 1, condemned: 0, blank: 0 },
          dataQualityAssertions: {
            assertions: [
              { assertion: 'conservation', success: true },
              { assertion: 'quarantined', success: false, actual: '1' },
              { assertion: 'condemned', success: true, actual: '0' },
              { assertion: 'TYPE_ERROR', success: false, actual: '1' },
            ],
          },
        },
      },
    ]);
    expect(complete.outputs.map(({ name }) => name.slice(lake.length))).toEqual([
      '/silver/shop/sales',
      '/quarantine/shop/sales',
      '/condemned/shop/sales',
    ]);
    const [silver] = complete.outputs;
    expect(silver?.outputFacets.outputStatistics).toMatchObject({ rowCount: 3 });
    expect(silver?.facets.schema?.fields).toContainEqual({
      name: 'amount',
      type: 'decimal(18,2)',
      description: expect.stringContaining('What was paid.'),
      ordinal_position: 3,
    });
    expect(silver?.facets.columnLineage?.fields).toMatchObject({
      amount: { inputFields: [{ ...bronze, field: 'amount' }] },
    });
    // As the SQL says it: month and sum of the columns of Silver, filtered by the day of the sale.
    const at = { namespace: 'file', name: `${lake}/silver/shop/sales` };
    expect(gold.outputs[0]?.facets.columnLineage).toMatchObject({
      fields: {
        as_of_month: { inputFields: [{ ...at, field: 'sold_on', transformations: [{ type: 'DIRECT' }] }] },
        sales: { inputFields: [] },
        amount: { inputFields: [{ ...at, field: 'amount' }] },
      },
      dataset: [{ ...at, field: 'sold_on', transformations: [{ type: 'INDIRECT' }] }],
    });
    expect(gold.job).toMatchObject({
      namespace: 'shops',
      facets: { sql: { query: expect.stringContaining('SELECT') } },
    });
    const [post] = server.received;
    expect([post?.path, post?.headers.authorization]).toEqual(['/api/v1/lineage', 'Bearer a-key']);
    expect(JSON.stringify(server.received)).not.toMatch(/Zeta|Customer, 1/);
  });

  test('of one that is held, refused, or fails', async () => {
    const held = await dropped('bad.csv', badSales(100, 140));
    expect(kindsOf(held)).toEqual(['START shop.sales', 'OTHER shop.sales']);
    const { json } = await runMainJson(['runs', '--held'], shop);
    const [run] = RunsJson.parse(json);
    const refused = await told('refuse', run?.runId ?? '', '--reason', 'wrong month');
    expect(kindsOf(refused)).toEqual(['ABORT shop.sales']);
    expect(refused[0]?.run.runId).toBe(held[0]?.run.runId);
    expect(refused[0]?.run.facets.errorMessage).toMatchObject({
      message: expect.stringContaining('wrong month'),
    });
    await shop.write('b.csv', goodSales(4, 5));
    await runMain(['ingest', 'b.csv', '--dataset', 'shop.sales'], place());
    await writeFile(path.join(shop.cwd, 'lake/silver/shop/sales/_LATEST.json'), '{');
    const failed = await told('run');
    expect(kindsOf(failed)).toEqual(['START shop.sales', 'FAIL shop.sales']);
    expect(failed[1]?.run.facets.errorMessage).toMatchObject({
      message: expect.stringContaining('assay repair'),
    });
  });

  test('in events and facets of which each fits the schema that it names', () => {
    const faults = server.received.flatMap(({ body }) => faultsOf(JSON.parse(body)));
    expect(faults).toEqual([]);
    expect(faultsOf({ ...JSON.parse(server.received[0]?.body ?? ''), eventType: 'BEGIN' })).toHaveLength(1);
  });

  test('nothing more where it is down, which fails no run', async () => {
    server.answer(500);
    const { code, err } = await runMain(['run', '--help'], place());
    expect(code).toBe(0);
    expect(err).toBe('');
    const before = server.received.length;
    const failing = await runMain(['run'], place());
    expect(failing.err).toContain('took no event: it answered 500');
    expect(server.received.length).toBe(before + 1);
  });
});
