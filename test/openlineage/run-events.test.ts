import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { RunsJson } from '../cli/shapes.ts';
import { badSales, goodSales, openShop, type Shop } from '../cli/shop.ts';
import { type Receiver, startReceiver } from '../events/receiver.ts';

/** What a lineage server is told, judged by the standard's own schemas. */

const SPEC = new URL('./spec/', import.meta.url);

const Facets = z.record(z.string(), z.looseObject({ _producer: z.url(), _schemaURL: z.url() })).default({});
const Dataset = z.looseObject({
  namespace: z.string(),
  name: z.string(),
  facets: Facets,
  inputFacets: Facets,
  outputFacets: Facets,
});
const Event = z.looseObject({
  eventType: z.string(),
  run: z.object({ runId: z.uuid(), facets: Facets }),
  job: z.object({ namespace: z.string(), name: z.string(), facets: Facets }),
  inputs: z.array(Dataset),
  outputs: z.array(Dataset),
});
type Event = z.infer<typeof Event>;

let shop: Shop;
let server: Receiver;
let ajv: Ajv2020;
beforeAll(async () => {
  [shop, server] = await Promise.all([openShop('{ maxQuarantineRate: 0.1 }'), startReceiver()]);
  ajv = new Ajv2020({ strict: false });
  (addFormats as unknown as (one: Ajv2020) => void)(ajv);
  for (const name of await readdir(SPEC))
    if (name.endsWith('.json'))
      ajv.addSchema(JSON.parse(await readFile(new URL(name, SPEC), 'utf8')) as object);
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
async function told(...args: string[]): Promise<Event[]> {
  const before = server.received.length;
  await runMain(args, place());
  return server.received.slice(before).map(({ body }) => Event.parse(JSON.parse(body)));
}

async function dropped(name: string, text: string): Promise<Event[]> {
  await shop.write(name, text);
  expect((await runMain(['ingest', name, '--dataset', 'shop.sales'], place())).code).toBe(0);
  return await told('run');
}

const kinds = (events: readonly Event[]): string[] =>
  events.map(({ eventType, job }) => `${eventType} ${job.name}`);

/** Everything that the standard's schemas have against an event and its facets, each by the schema that it names. */
function faultsOf(event: unknown): unknown[] {
  const errorsOf = (url: string, value: unknown): unknown[] => {
    const validate = ajv.compile({ $ref: url });
    return validate(value) ? [] : [{ url, errors: validate.errors }];
  };
  const { run, job, inputs, outputs } = Event.parse(event);
  const sets = [...inputs, ...outputs].flatMap((one) => [one.facets, one.inputFacets, one.outputFacets]);
  const facets = [run.facets, job.facets, ...sets].flatMap((one) => Object.entries(one));
  return [
    ...errorsOf('https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent', event),
    ...facets.flatMap(([name, value]) =>
      errorsOf(value._schemaURL, name.startsWith('assay_') ? value : { [name]: value }[name]),
    ),
  ];
}

describe('a lineage server is told', () => {
  test('of a run and of the Gold table that follows, with columns, rows and verdicts', async () => {
    const events = await dropped('a.csv', `${goodSales(1, 3)}9,Zeta,x,2024-03-01\n`);
    expect(kinds(events)).toEqual([
      'START shop.sales',
      'COMPLETE shop.sales',
      'START shop.monthly_sales',
      'COMPLETE shop.monthly_sales',
    ]);
    const [start, complete, , gold] = events as [Event, Event, Event, Event];
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
    expect(kinds(held)).toEqual(['START shop.sales', 'OTHER shop.sales']);
    const { json } = await runMainJson(['runs', '--held'], shop);
    const [run] = RunsJson.parse(json);
    const refused = await told('refuse', run?.runId ?? '', '--reason', 'wrong month');
    expect(kinds(refused)).toEqual(['ABORT shop.sales']);
    expect(refused[0]?.run.runId).toBe(held[0]?.run.runId);
    expect(refused[0]?.run.facets.errorMessage).toMatchObject({
      message: expect.stringContaining('wrong month'),
    });
    await shop.write('b.csv', goodSales(4, 5));
    await runMain(['ingest', 'b.csv', '--dataset', 'shop.sales'], place());
    await writeFile(path.join(shop.cwd, 'lake/silver/shop/sales/_LATEST.json'), '{');
    const failed = await told('run');
    expect(kinds(failed)).toEqual(['START shop.sales', 'FAIL shop.sales']);
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
