import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PublishedEvent } from '../../etl/events/published-event.ts';
import { openLake } from '../../index.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { type Receiver, startReceiver } from '../events/receiver.ts';
import { saleEvent, saleFile, salesEvents } from '../eventstore/sales.ts';
import { kindsOf, LineageEvent, readSpec } from '../openlineage/spec-faults.ts';
import { TOTALS, TOTALS_CODE } from '../projecting/sales-lake.ts';
import { contractText } from '../stages/contract-text.ts';
import { runMain } from './run-main.ts';
import { HealthJson, LineageJson, RunsJson } from './shapes.ts';

let cwd: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  const others = contractText({
    dataset: 'shop.others',
    columns: [
      { name: 'sale', key: true },
      { name: 'sold', type: 'integer' },
    ],
    assay: { layer: 'projection', inputs: ['shop.sales'] },
  });
  await put('contracts/shop/sales.yaml', salesEvents());
  await put('contracts/shop/totals.yaml', TOTALS);
  await put('contracts/shop/others.yaml', others);
  await put('projections/shop/totals.ts', TOTALS_CODE);
  await put('projections/shop/others.ts', FAILS);
  server = await startReceiver();
  expect((await assay('init')).code).toBe(0);
});
afterAll(async () => {
  await server.stop();
  await dispose();
});

const FAILS = `export const apply = () => { throw new Error('not today'); };`;

async function put(name: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(cwd, name)), { recursive: true });
  await writeFile(path.join(cwd, name), text);
}

/** Takes what programs and lineage servers are told. */
let server: Receiver;
const env = () => ({
  ASSAY_EVENTS_URL: `${server.url}/events`,
  ASSAY_EVENTS_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw3h2vA0dYxUQ=',
  OPENLINEAGE_URL: server.url,
});
const assay = (...words: string[]) => runMain(words, { cwd, env: env() });

const gaps = async (): Promise<unknown> =>
  JSON.parse((await assay('query', 'FROM ops.event_gaps ORDER BY ALL', '--format', 'json')).out);

/** How the datasets do, by name: others, sales, totals. */
async function health() {
  const found = HealthJson.parse(JSON.parse((await assay('health', '--json')).out));
  return found.sort((a, b) => (a.dataset < b.dataset ? -1 : 1));
}

/** What they were told since, at some path. */
const told = (path: string, since: number): unknown[] =>
  server.received
    .slice(since)
    .filter((one) => one.path === path)
    .map(({ body }) => JSON.parse(body));

async function drop(name: string, ...events: Parameters<typeof saleFile>[0]): Promise<void> {
  await put(name, saleFile([...events]));
  expect((await assay('ingest', name, '--dataset', 'shop.sales')).code).toBe(0);
}

test('a run says what it did to each projection, and which stays behind and why', async () => {
  await drop('a.csv', saleEvent('s1', 1, 'e1'), saleEvent('s1', 3, 'e3', '3.00'));
  const first = await assay('run');
  expect(first.code).toBe(1);
  expect(first.out).toMatch(
    /^Projection {2}projection\.shop_others: .*others\.ts threw Error .*not today .*\n {12}projection\.shop_totals: 2 events folded into 1 stream, 1 from the start; 0 published values restated$/m,
  );
  expect(first.out).toMatch(/assay project shop\.others$/m);

  expect(await gaps()).toEqual([
    { dataset: 'shop.sales', stream: 's1', events: 2, missing: 1, first_missing: 2, last_version: 3 },
  ]);
  const [others, sales, totals] = await health();
  expect(others?.ailments).toMatchObject([
    { code: 'PROJECTION_BEHIND', what: expect.stringContaining('not today'), next: 'project shop.others' },
  ]);
  expect(sales).toMatchObject({
    dataset: 'shop.sales',
    ailments: [],
    notes: [expect.stringContaining('1 missing in 1 stream: s1 (1, from version 2)')],
  });
  expect(totals?.ailments).toEqual([]);

  // The other one fails as well, and each is told.
  await put('projections/shop/totals.ts', FAILS);
  expect((await health())[2]?.ailments).toMatchObject([
    { code: 'PROJECTION_BEHIND', what: expect.stringContaining("isn't what its rows were made by") },
  ]);
  const [nothing] = RunsJson.parse(JSON.parse((await assay('run', '--json')).out));
  const failed = {
    status: 'failed',
    code: 'PROJECTION_THREW',
    message: expect.stringContaining('not today'),
  };
  expect(nothing).toMatchObject({
    status: 'nothing-to-do',
    projections: [
      { projection: 'shop.others', ...failed },
      { projection: 'shop.totals', table: 'projection.shop_totals', ...failed },
    ],
  });

  await put('projections/shop/totals.ts', TOTALS_CODE);
  await put('projections/shop/others.ts', `export const apply = () => ({ sold: 1 });`);
  await drop('b.csv', saleEvent('s1', 2, 'e2'));
  const since = server.received.length;
  const late = await assay('run');
  expect(late.code).toBe(0);
  expect(late.out).toMatch(
    /shop_totals: 3 events folded into 1 stream, 1 from the start; 2 published values restated$/m,
  );
  expect(late.out).toMatch(/2 published figures restated:[\s\S]*shop\.totals .*sold +2 +3$/m);
  const runId = /run (\S+)/.exec(late.out)?.[1] ?? '';
  const shown = JSON.parse((await assay('show', runId, '--json')).out);
  expect(shown.projections).toMatchObject([
    { projection: 'shop.others', status: 'refreshed' },
    { projection: 'shop.totals', status: 'refreshed', events: 3, streams: 1, anew: 1, restated: 2 },
  ]);

  expect(await gaps()).toEqual([]);
  const well = await health();
  expect(well.map(({ ailments, notes }) => [ailments, notes])).toEqual(well.map(() => [[], undefined]));

  // Programs are told, and know the state of before.
  const [event, ...more] = told('/events', since);
  expect(more).toEqual([]);
  const before = PublishedEvent.parse(told('/events', 0)[0]).projections[0];
  expect(event).toMatchObject({
    dataset: 'shop.sales',
    projections: [
      { table: 'projection.shop_others', version: 1, before: null, restated: 0 },
      {
        table: 'projection.shop_totals',
        version: 2,
        before: { version: 1, snapshot: before?.snapshot },
        restated: 2,
      },
    ],
  });
});

test('a lineage server is told of each projection as of a job, by the schemas of the standard', async () => {
  const faultsOf = await readSpec();
  const events = told('/api/v1/lineage', 0);
  expect(events.flatMap(faultsOf)).toEqual([]);
  const parsed = events.map((one) => LineageEvent.parse(one));
  const first = ['START shop.sales', 'COMPLETE shop.sales', 'START shop.others', 'FAIL shop.others'];
  expect(kindsOf(parsed).slice(0, 6)).toEqual([...first, 'START shop.totals', 'COMPLETE shop.totals']);
  const totals = parsed[5];
  expect(totals?.run.facets.parent).toMatchObject({ job: { name: 'shop.sales' } });
  expect(totals?.inputs.map(({ name }) => name.slice(`${cwd}/lake`.length))).toEqual(['/silver/shop/sales']);
  expect(totals?.outputs[0]?.facets.columnLineage?.fields).toMatchObject({
    sale: { inputFields: [{ name: totals?.inputs[0]?.name, field: 'sale' }] },
  });
  expect(JSON.stringify(parsed)).not.toMatch(/not today|s1/);
});

test('a row of a projection leads to the lines of the events of its stream', async () => {
  const { code, out } = await assay('lineage', 'shop.totals', 'sale=s1', '--json');
  expect(code).toBe(0);
  const found = LineageJson.parse(JSON.parse(out));
  expect(found.figure).toMatchObject({ sale: 's1', sold: '3', last_event: 'e3' });
  const lines = found.inputs[0]?.records.map(({ values, sourceFile, line }) => [
    values.event,
    sourceFile.split('/').at(-1),
    line,
  ]);
  expect(lines).toEqual([
    ['e1', 'a.csv', 2],
    ['e3', 'a.csv', 3],
    ['e2', 'b.csv', 2],
  ]);
});

test('a new projection says its own word first, and has no problem of another contract', async () => {
  await put('contracts/shop/broken.yaml', 'apiVersion: v3.1.0\n');
  await put('contracts/shop/totals.yaml', TOTALS.replace('logicalType: integer', 'logicalType: strange'));
  const { code, out, err } = await assay('new', 'projection', 'shop.counted', '--from', 'shop.sales');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(
    /^Wrote \S+counted\.mjs, \S+counted\.test\.mjs and \S+counted\.yaml[\s\S]*no problems\.\nNext: assay project shop\.counted$/,
  );
  expect(out).not.toMatch(/broken|totals/);
  await put('contracts/shop/totals.yaml', TOTALS);
  await rm(path.join(cwd, 'contracts/shop/broken.yaml'));
});

test('a program opens a lake with the code of its projections in another folder', async () => {
  await cp(path.join(cwd, 'projections'), path.join(cwd, 'elsewhere'), { recursive: true });
  await put('elsewhere/shop/totals.ts', `export const apply = () => ({ sold: 77, total: '1' });`);
  const lake = await openLake(path.join(cwd, 'lake'), {
    contracts: path.join(cwd, 'contracts'),
    projections: path.join(cwd, 'elsewhere'),
  });
  await lake.run('shop.sales');
  expect(await lake.query('SELECT sale, sold FROM projection.shop_totals')).toEqual([
    { sale: 's1', sold: 77 },
  ]);
});
