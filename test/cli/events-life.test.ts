import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { type SaleEvent, saleEvent, saleFile, salesEvents } from '../eventstore/sales.ts';
import { salesProjection } from '../projecting/sales-lake.ts';
import { storedZip } from '../support/stored-zip.ts';
import { runMain, runMainJson } from './run-main.ts';
import { AuditJson, QuarantineListJson, RollbackJson, RunsJson } from './shapes.ts';

/** What people do to a lake of events, some of which gave way: afterwards Silver has what it should, and all adds up. */

let cwd: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await writeContract(salesEvents());
  await write('contracts/ids.yaml', salesProjection('ids', [{ name: 'ids', required: true }]));
  // The ids of a stream's events, in the order of their versions.
  await write(
    'projections/shop/ids.js',
    `export const apply = (s, e) => ({ ids: s.ids === undefined ? e.event : s.ids + ' ' + e.event });`,
  );
  await ok('init');
});
afterAll(() => dispose());

async function write(name: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(cwd, name)), { recursive: true });
  await writeFile(path.join(cwd, name), text);
}

const writeContract = (text: string): Promise<void> => write('contracts/sales.yaml', text);

async function ok(...args: readonly string[]): Promise<unknown> {
  const { code, json, err } = await runMainJson(args, { cwd });
  expect({ args, code, err, json: code === 0 ? undefined : json }).toEqual({ args, code: 0, err: '' });
  return json;
}

async function publish(name: string, content: string | Uint8Array) {
  await writeFile(path.join(cwd, name), content);
  await ok('ingest', name, '--dataset', 'shop.sales');
  return RunsJson.parse((await runMainJson(['run', '--no-tend'], { cwd })).json)[0];
}

const decided = ['--reason', 'r', '--by', 'ann'] as const;
const file = (...events: readonly SaleEvent[]): string => saleFile(events);

/** The ids in Silver and in the projection, after everything was read again from the sources, folded anew, and compared. */
async function soundIds(): Promise<unknown> {
  const audits = AuditJson.parse((await runMainJson(['audit'], { cwd })).json);
  expect(audits.map(({ dataset, problems }) => ({ dataset, problems }))).toEqual([
    { dataset: 'shop.ids', problems: [] },
    { dataset: 'shop.sales', problems: [] },
  ]);
  const silver = 'SELECT sale, event FROM silver.shop_sales';
  const folded = `SELECT sale, unnest(string_split(ids, ' ')) AS event FROM projection.shop_ids`;
  const ids = (from: string): string => `SELECT string_agg(event, ' ' ORDER BY event) AS ids FROM (${from})`;
  const asked = async (sql: string): Promise<unknown> =>
    JSON.parse((await runMain(['query', sql, '--json'], { cwd })).out);
  const found = await asked(ids(silver));
  expect(await asked(ids(folded))).toEqual(found);
  return found;
}

test('events that gave way stay accounted for after all that is done to a lake', async () => {
  // One comes in a retry, one in an archive, one in a file.
  await publish('a.csv', `${file(saleEvent('s4', 1, 'e8'))}e9,s1,x,sold,2024-01-05T10:00:00Z,9.00\n`);
  const [{ records = [] } = {}] = QuarantineListJson.parse(
    await ok('quarantine', 'list', '--dataset', 'shop.sales'),
  );
  await ok('quarantine', 'correct', records[0]?.record ?? '', 'nr=1', '--dataset', 'shop.sales', ...decided);
  await publish('z.zip', storedZip({ 'z1.csv': file(saleEvent('s2', 1, 'e7')) }));
  const before = await publish('b.csv', file(saleEvent('s3', 1, 'e6')));
  const rivals = [1, 2, 3].map((n) => saleEvent(`s${n}`, 1, `e${n}`, '5.00'));
  const conflict = await publish('c.csv', file(...rivals));
  expect(conflict).toMatchObject({ status: 'promoted', events: { gaveWay: 3 } });
  const after = [{ ids: 'e1 e2 e3 e8' }];
  expect(await soundIds()).toEqual(after);

  await ok('compact', 'shop.sales', ...decided);
  expect(await soundIds()).toEqual(after);

  const to = String(before?.snapshotId);
  RollbackJson.parse(await ok('rollback', 'shop.sales', '--to', to, ...decided));
  expect(await soundIds()).toEqual([{ ids: 'e6 e7 e8 e9' }]);
  await ok('readmit', conflict?.runId ?? '', ...decided);
  await ok('run', '--no-tend');
  expect(await soundIds()).toEqual(after);

  await ok('backfill', 'shop.sales', '--from', '2020-01-01', '--again', ...decided);
  expect(await soundIds()).toEqual(after);

  const wider = salesEvents().replace('version: 1.0.0', 'version: 2.0.0').replace('(12,2)', '(14,2)');
  await writeContract(wider);
  await ok('migrate', 'shop.sales', ...decided);
  expect(await soundIds()).toEqual(after);
  // Its rival was read under the contract of before.
  expect(await publish('d.csv', file(saleEvent('s3', 1, 'e0', '6.00')))).toMatchObject({
    events: { gaveWay: 1 },
  });
  expect(await soundIds()).toEqual([{ ids: 'e0 e1 e2 e8' }]);
});
