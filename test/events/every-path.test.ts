import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { PublishedEvent } from '../../etl/events/published-event.ts';
import { runMain } from '../cli/run-main.ts';
import { badSales, goodSales, openShop, type Shop, salesContract } from '../cli/shop.ts';
import { type Receiver, startReceiver } from './receiver.ts';

/** Whatever publishes is told: by each command that can, on one lake, to a program that is out of order at first. */

const REPORT = 'gold.shop_monthly_sales';
const LIMITS = '{ maxQuarantineRate: 0.1, smallBatchRecords: 10 }';
const NO_LIMITS = '{ maxQuarantineRate: 1 }';
const SALE = 'sale_id,customer,amount,sold_on\n';
const WORD = ['--reason', 'a test', '--by', 'ann'];

let shop: Shop;
let receiver: Receiver;
let isValid: ValidateFunction;
beforeAll(async () => {
  [shop, receiver] = await Promise.all([openShop(LIMITS), startReceiver()]);
  isValid = new Ajv2020({ strict: false }).compile(
    JSON.parse(await readFile('docs/notifications.schema.json', 'utf8')) as object,
  );
});
afterAll(async () => {
  await receiver.stop();
  await shop.dispose();
});
beforeEach(() => {
  receiver.received.length = 0;
});

const ENV = {
  ASSAY_EVENTS_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw3h2vA0dYxUQ=',
  ASSAY_USER: 'ann',
};

/** Runs a command that ends with one of these codes, and returns its JSON. */
async function json(args: readonly string[], codes: readonly number[] = [0]) {
  const env = { ...ENV, ASSAY_EVENTS_URL: receiver.url };
  const { code, out, err } = await runMain([...args, '--json'], { cwd: shop.cwd, env });
  if (!codes.includes(code ?? -1)) throw new Error(`${args.join(' ')} ended with ${code}: ${out} ${err}`);
  // Each line of a watch is one.
  return args[0] === 'watch' ? undefined : JSON.parse(out);
}

/** The events that came, each checked against the schema that is documented. */
function events(): PublishedEvent[] {
  return receiver.received.map(({ body }) => {
    const event: unknown = JSON.parse(body);
    expect([isValid(event), isValid.errors]).toEqual([true, null]);
    return PublishedEvent.parse(event);
  });
}

/** Runs a command while nobody takes its event, which fails it in nothing; then what upkeep tells of it, under the same id. */
async function toldOf(...args: string[]) {
  receiver.received.length = 0;
  receiver.answer(503);
  const answer = await json(args);
  const tried = events();
  expect(tried.length).toBeGreaterThan(0);
  receiver.answer(200);
  receiver.received.length = 0;
  await json(['tend']);
  const told = events();
  expect(told).toHaveLength(1);
  expect(tried).toEqual(tried.map(() => told[0]));
  return { event: told[0] as PublishedEvent, answer };
}

async function drop(name: string, text: string): Promise<void> {
  await shop.write(name, text);
  await json(['ingest', name, '--dataset', 'shop.sales']);
}

/** A run that is held, of which nobody is told anything. */
async function heldRun(files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) await drop(name, text);
  const [run] = await json(['run'], [1]);
  expect(run.status).toBe('held');
  expect(receiver.received).toEqual([]);
  return await json(['show', run.runId]);
}

let last: PublishedEvent;

test('a watch', async () => {
  await shop.write('drops/shop/sales/a.csv', goodSales(1, 3));
  ({ event: last } = await toldOf('watch', '--drop', 'drops', '--once', '--settle', '0.1'));
  expect(last).toMatchObject({ version: 1, before: null, months: ['2024-03'], gold: [{ table: REPORT }] });
  expect(last.operation).toBe(last.run);
});

test('an approval of a run that was held', async () => {
  const held = await heldRun({ 'held.csv': badSales(100, 120, `4,Dan,1.25,2024-04-01\n`) });
  const { event } = await toldOf('approve', held.runId, '--digest', held.sealDigest, ...WORD);
  expect(event).toMatchObject({
    run: held.runId,
    operation: held.runId,
    version: last.version + 1,
    before: { version: last.version, snapshot: last.snapshot },
    months: ['2024-04'],
  });
  last = event;
});

test('no refusal; where one file was refused, the approval of the others', async () => {
  const all = await heldRun({ 'refused.csv': badSales(200, 220) });
  await json(['refuse', all.runId, ...WORD]);
  expect(receiver.received).toEqual([]);
  const some = await heldRun({
    'good.csv': `${SALE}6,Flo,1.25,2024-05-01\n`,
    'bad.csv': badSales(300, 320),
  });
  const bad = some.files.find(({ key }: { key: string }) => key.endsWith('/bad.csv')).key;
  const rest = await json(['refuse', some.runId, '--file', bad, ...WORD]);
  expect(receiver.received).toEqual([]);
  const { event } = await toldOf('approve', some.runId, '--digest', rest.sealDigest, ...WORD);
  expect(event).toMatchObject({
    run: some.runId,
    before: { version: last.version, snapshot: last.snapshot },
    months: ['2024-05'],
  });
  last = event;
});

test('a backfill under a contract that reads more', async () => {
  // What was refused is read again with it: no limit holds it any more.
  const next = salesContract(NO_LIMITS)
    .replace('version: 1.0.0', 'version: 1.1.0')
    .replace(
      'description: What was paid.',
      'description: What was paid.\n        customProperties: [{ property: assay.nullValues, value: [x] }]',
    );
  await shop.write('contracts/shop/sales.yaml', next);
  const { event, answer } = await toldOf(...['backfill', 'shop.sales', '--from', '2024-01-01', ...WORD]);
  expect(event).toMatchObject({
    run: answer.run.runId,
    contractVersion: '1.1.0',
    before: { version: last.version },
  });
  last = event;
});

test('a migration to a new major version', async () => {
  const next = salesContract(NO_LIMITS)
    .replace('version: 1.0.0', 'version: 2.0.0')
    .replace('DECIMAL(18,2)', 'DECIMAL(18,3)');
  await shop.write('contracts/shop/sales.yaml', next);
  const { event, answer } = await toldOf('migrate', 'shop.sales', ...WORD);
  expect(event).toMatchObject({
    run: answer.run.runId,
    contractVersion: '2.0.0',
    before: { version: last.version, snapshot: last.snapshot },
    months: ['2024-03', '2024-04', '2024-05'],
  });
  last = event;
});

test('a rollback, under the id of the decision', async () => {
  await drop('later.csv', `${SALE}7,Gus,1.25,2024-05-02\n`);
  await json(['run']);
  const [later] = events();
  receiver.received.length = 0;
  const { event } = await toldOf('rollback', 'shop.sales', '--to', String(last.snapshot), ...WORD);
  expect(event).toMatchObject({
    run: last.run,
    snapshot: last.snapshot,
    before: { version: later?.version, snapshot: later?.snapshot },
    months: ['2024-05'],
    gold: [{ table: REPORT, restated: [{ month: '2024-05', figures: 2, wasOver: true }] }],
  });
  const decided = await json(['query', `SELECT kind FROM ops.decisions WHERE id = '${event.operation}'`]);
  expect(decided).toEqual([{ kind: 'rolled-back' }]);
  last = event;
});

test('what waits for a closed month, and its being accepted; the closing itself changes nothing', async () => {
  await json(['close', 'shop.monthly_sales', '--month', '2024-03', ...WORD]);
  await json(['tend']);
  expect(receiver.received).toEqual([]);
  await drop('late.csv', `${SALE}8,Hal,1.25,2024-03-20\n`);
  const { event: late } = await toldOf('run');
  const [{ restatement, ...waits } = {}] = late.gold[0]?.waiting ?? [];
  expect({ months: late.months, waits }).toEqual({ months: ['2024-03'], waits: { month: '2024-03' } });
  // Nothing was published otherwise than before.
  expect(late.gold).toMatchObject([{ table: REPORT, months: [], restated: [] }]);
  const { event } = await toldOf('restatements', 'accept', restatement ?? '', ...WORD);
  expect(event).toMatchObject({
    run: late.run,
    version: late.version,
    before: { version: late.version, snapshot: late.snapshot },
    months: [],
    gold: [{ months: ['2024-03'], restated: [{ month: '2024-03', figures: 2, wasOver: true }], waiting: [] }],
  });
});
