import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { PublishedEvent } from '../../etl/events/published-event.ts';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { QuarantineListJson, SnapshotsJson } from '../cli/shapes.ts';
import { goodSales, openShop, type Shop } from '../cli/shop.ts';
import { type Received, type Receiver, startReceiver } from './receiver.ts';

/** What a program is told by webhook, on one lake that lives through all that publishes. */

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw3h2vA0dYxUQ=';
const REPORT = 'gold.shop_monthly_sales';
const SALE = 'sale_id,customer,amount,sold_on\n';

let shop: Shop;
let receiver: Receiver;
beforeAll(async () => {
  [shop, receiver] = await Promise.all([openShop(), startReceiver()]);
});
afterAll(async () => {
  await receiver.stop();
  await shop.dispose();
});

const place = (env: Readonly<Record<string, string>> = {}) => ({
  cwd: shop.cwd,
  env: { ASSAY_EVENTS_URL: receiver.url, ASSAY_EVENTS_SECRET: SECRET, ...env },
});
const assay = (line: string, env?: Readonly<Record<string, string>>) => runMain(line.split(' '), place(env));
const events = (): PublishedEvent[] =>
  receiver.received.map(({ body }) => PublishedEvent.parse(JSON.parse(body)));
const last = (): PublishedEvent => events().at(-1) as PublishedEvent;

/** Drops a file and runs; returns what was told by that. */
async function dropAndRun(
  name: string,
  text: string,
  env?: Readonly<Record<string, string>>,
): Promise<PublishedEvent[]> {
  const before = receiver.received.length;
  await shop.write(name, text);
  expect((await assay(`ingest ${name} --dataset shop.sales`, env)).code).toBe(0);
  const { code, err } = await assay('run', env);
  expect({ code, err: err.replace(/^(warning|run|alert)[\s\S]*$/, '') }).toMatchObject({ code: 0 });
  return events().slice(before);
}

/** What a Python program that follows docs/notifications.md says of a post. */
async function judgedByPython(
  { headers, body }: Received,
  secret = SECRET,
  tolerance = 300,
): Promise<unknown> {
  const page = await readFile('docs/notifications.md', 'utf8');
  const code = /^```python\n# verify\.py\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '';
  const call = `import json, sys\nmessage = json.load(open(sys.argv[1]))\nprint(verify(message["secret"], message["headers"], message["body"].encode(), message["tolerance"]))\n`;
  const script = path.join(shop.cwd, 'verify.py');
  const message = path.join(shop.cwd, 'message.json');
  await writeFile(script, `${code}\n${call}`);
  await writeFile(message, JSON.stringify({ secret, headers, body, tolerance }));
  const { stdout } = await promisify(execFile)('python3', [script, message]);
  return stdout.trim();
}

describe('programs are told by webhook', () => {
  test('of a run: months, snapshots and Gold, no value, signed as a Python verifier wants it', async () => {
    const told = await dropAndRun('a.csv', `${goodSales(1, 3)}90,Zeta,7.77,2024-02-01\n`);
    expect(told).toMatchObject([
      {
        type: 'assay.published',
        dataset: 'shop.sales',
        contractVersion: '1.0.0',
        version: 1,
        before: null,
        months: ['2024-02', '2024-03'],
        gold: [
          {
            table: REPORT,
            version: 1,
            before: null,
            months: ['2024-02', '2024-03'],
            restated: [],
            waiting: [],
          },
        ],
      },
    ]);
    const { json } = await runMainJson(['snapshots', 'shop.sales'], shop);
    expect(last().snapshot).toBe(SnapshotsJson.parse(json)[0]?.snapshotId);
    expect(last().run).toBe(last().operation);
    const [post] = receiver.received as [Received];
    expect(post.body).not.toMatch(/Zeta|7\.77|Customer/);
    expect(post.headers['webhook-id']).toBe(last().id);
    expect(await judgedByPython(post)).toBe('True');
    expect(await judgedByPython({ ...post, body: post.body.replace('2024-02', '2024-01') })).toBe('False');
    expect(
      await judgedByPython(post, `whsec_${Buffer.from('another key of some length').toString('base64')}`),
    ).toBe('False');
    expect(await judgedByPython(post, SECRET, -1)).toBe('False');
  });

  test('the schema that is documented is that of the code, and takes what was sent', async () => {
    const schema: unknown = JSON.parse(await readFile('docs/notifications.schema.json', 'utf8'));
    expect(z.toJSONSchema(PublishedEvent, { io: 'input' })).toEqual(schema);
    const valid = new Ajv2020({ strict: false }).compile(schema as object);
    expect(receiver.received.map(({ body }) => valid(JSON.parse(body)))).toEqual([true]);
    const page = await readFile('docs/notifications.md', 'utf8');
    const shown: unknown = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
    expect([valid(shown), valid.errors]).toEqual([true, null]);
  });

  test('of figures that are restated, by month; and of nothing where no row changed', async () => {
    const before = last();
    expect(await dropAndRun('b.csv', goodSales(4, 5))).toMatchObject([
      {
        version: 2,
        before: { version: 1, snapshot: before.snapshot },
        months: ['2024-03'],
        gold: [{ months: ['2024-03'], restated: [{ month: '2024-03', figures: 2, wasOver: true }] }],
      },
    ]);
    expect(await dropAndRun('bad.csv', `${SALE}700,Bad,x,2024-03-01\n`)).toEqual([]);
    const count = receiver.received.length;
    await assay('run');
    await assay('compact shop.sales');
    expect(receiver.received).toHaveLength(count);
  });

  test('of a rollback and of a retry', async () => {
    const [first, second] = [events()[0], last()] as [PublishedEvent, PublishedEvent];
    const back = await runMain(
      ['rollback', 'shop.sales', '--to', String(first.snapshot), '--reason', 'test data'],
      place(),
    );
    expect(back.code).toBe(0);
    expect(last()).toMatchObject({ run: first.run, snapshot: first.snapshot, months: ['2024-03'] });
    expect(last().gold).toMatchObject([{ restated: [{ month: '2024-03', figures: 2, wasOver: true }] }]);
    expect(last().operation).not.toBe(first.run);
    const again = ['rollback', 'shop.sales', '--to', String(second.snapshot), '--reason', 'it was right'];
    expect((await runMain(again, place())).code).toBe(0);
    expect(last().snapshot).toBe(second.snapshot);
    const correct = ['quarantine', 'list', '--dataset', 'shop.sales'];
    const { json } = await runMainJson(correct, shop);
    const [{ records }] = QuarantineListJson.parse(json) as [(typeof QuarantineListJson)['_output'][number]];
    const fixed = await runMain(
      [
        'quarantine',
        'correct',
        records[0]?.record ?? '',
        'amount=5.00',
        '--dataset',
        'shop.sales',
        '--reason',
        'as invoiced',
      ],
      place(),
    );
    expect(fixed.code).toBe(0);
    await assay('run');
    expect(last()).toMatchObject({ months: ['2024-03'], gold: [{ table: REPORT }] });
  });

  test('a program that is out of order is told later, in order, under the same id', async () => {
    receiver.answer(503);
    const tries = await dropAndRun('c.csv', `${SALE}800,Cid,1.00,2024-05-01\n`);
    expect(tries.map(({ id }) => id)).toEqual(Array(3).fill(tries[0]?.id));
    receiver.answer(200);
    const told = await dropAndRun('d.csv', `${SALE}801,Dan,1.00,2024-06-01\n`);
    expect(told.map(({ id, months }) => ({ id, months }))).toEqual([
      { id: tries[0]?.id, months: ['2024-05'] },
      { id: told[1]?.id, months: ['2024-06'] },
    ]);
    expect(await judgedByPython(receiver.received.at(-1) as Received)).toBe('True');
  });

  test('a dead address fails no run; upkeep sends what is kept', async () => {
    const dead = { ASSAY_EVENTS_URL: 'http://127.0.0.1:9' };
    await shop.write('e.csv', `${SALE}802,Eve,1.00,2024-07-01\n`);
    await assay('ingest e.csv --dataset shop.sales', dead);
    const { code, err } = await assay('run', dead);
    expect(code).toBe(0);
    expect(err).toMatch(/warning: The events' address at 127\.0\.0\.1:9 did not take event .* It is kept/);
    const before = receiver.received.length;
    expect((await assay('tend')).code).toBe(0);
    expect(events().slice(before)).toMatchObject([{ months: ['2024-07'] }]);
  });

  test('a run that could not make Gold anew is told of, and Gold once it follows', async () => {
    const sql = path.join(shop.cwd, 'sql/gold/shop/monthly_sales.sql');
    const good = await readFile(sql, 'utf8');
    await writeFile(sql, good.replace('CAST(SUM(amount)', "CAST(CAST('x' || SUM(amount) AS DECIMAL(38, 2))"));
    await shop.write('f.csv', `${SALE}803,Flo,1.00,2024-08-01\n`);
    await assay('ingest f.csv --dataset shop.sales');
    const before = receiver.received.length;
    expect((await assay('run')).code).not.toBe(0);
    expect(events().slice(before)).toMatchObject([{ months: ['2024-08'], gold: [] }]);
    await writeFile(sql, good);
    await assay('run');
    const { version, snapshot } = events()[before] as PublishedEvent;
    expect(events().slice(before + 1)).toMatchObject([
      {
        version,
        snapshot,
        before: { version, snapshot },
        months: [],
        gold: [{ table: REPORT, months: ['2024-08'] }],
      },
    ]);
  });

  test('an address or a secret that can not be used is said at once', async () => {
    for (const [env, code] of [
      [{ ASSAY_EVENTS_SECRET: '' }, 'EVENTS_SECRET'],
      [{ ASSAY_EVENTS_SECRET: 'short' }, 'EVENTS_SECRET'],
      [{ ASSAY_EVENTS_URL: 'ftp://example.org' }, 'EVENTS_URL'],
    ] as const) {
      const { code: exit, out } = await runMain(['run', '--json'], place(env));
      expect({ exit, out: JSON.parse(out) as unknown }).toMatchObject({ exit: 2, out: { error: { code } } });
    }
  });
});
