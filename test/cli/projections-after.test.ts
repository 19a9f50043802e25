import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { saleEvent, saleFile, salesEvents } from '../eventstore/sales.ts';
import { TOTALS, TOTALS_CODE } from '../projecting/sales-lake.ts';
import { contractText } from '../stages/contract-text.ts';
import { runMain } from './run-main.ts';
import { RunsJson } from './shapes.ts';

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
  expect((await assay('init')).code).toBe(0);
});
afterAll(() => dispose());

const FAILS = `export const apply = () => { throw new Error('not today'); };`;

async function put(name: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(cwd, name)), { recursive: true });
  await writeFile(path.join(cwd, name), text);
}

const assay = (...words: string[]) => runMain(words, { cwd });

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

  // The other one fails as well, and each is told.
  await put('projections/shop/totals.ts', FAILS);
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
});
