import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { tempFolder } from '../adapters/temp-folder.ts';
import { openOutside, rowsOutside } from '../support/outside-table.ts';
import { runMain } from './run-main.ts';

const EVENTS = fileURLToPath(new URL('../../examples/orders/raw.orders.events.jsonl', import.meta.url));
const JUDGE = fileURLToPath(new URL('demo-stream.py', import.meta.url));

let [cwd, dispose]: [string, () => Promise<void>] = ['', async () => undefined];
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
});
afterAll(() => dispose());

const Judged = z.strictObject({
  silver: z.array(z.array(z.string())),
  passed: z.array(z.string()),
  offsets: z.array(z.number()),
  evidence: z.record(z.string(), z.array(z.tuple([z.enum(['PASS', 'FAIL']), z.array(z.string())]))),
  bronze: z.array(z.number()),
  again: z.array(z.record(z.string(), z.string())),
});

/** What Python makes of the example's file, and of the lines in the lake. */
function judge(lake: string): z.infer<typeof Judged> {
  const input = JSON.stringify({ events: EVENTS, lake });
  const { stdout, stderr } = spawnSync('python3', [JUDGE], { input, encoding: 'utf8' });
  expect(stderr).toBe('');
  return Judged.parse(JSON.parse(stdout));
}

const Order = z.looseObject({
  order_id: z.string(),
  customer_id: z.string(),
  currency: z.string(),
  total: z.union([z.number(), z.string()]),
});

/** Silver as icebird and hyparquet find it. */
async function silver(lake: string): Promise<string[][]> {
  const table = 'silver/orders/created';
  const rows = await rowsOutside(await openOutside(lake, `${table}/_LATEST.json`, table));
  return rows
    .map((row) => Order.parse(JSON.parse(row)))
    .map((row) => [row.order_id, row.customer_id, row.currency, Number(row.total).toFixed(2)])
    .sort();
}

test('the steel thread: a bad event has its evidence, waits, is corrected, goes to its topic again, and is in Silver once', async () => {
  // An earlier demo's, which is made anew.
  expect((await runMain(['init', '--lake', 'lake/demo-stream'], { cwd })).code).toBe(0);
  const { code, out, err } = await runMain(['demo', '--stream'], { cwd });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  // Each step is printed as a command that can be typed.
  const typed = out.split('\n').filter((line) => line.startsWith('$ '));
  expect(typed.length).toBeGreaterThan(12);
  expect(out.split('\n').filter((line) => /^── \d+\. /.test(line))).toHaveLength(typed.length);
  expect(out).toContain('NULL_VALUE:customer_id');
  const lake = path.join(cwd, 'lake/demo-stream');
  const told = judge(lake);
  expect(told.silver).toHaveLength(8);
  // What passes, and the one order that was corrected; nothing else.
  const corrected = ['o-784235', 'c-204', 'EUR', '19.99'];
  expect(await silver(lake)).toEqual([...told.silver, corrected].sort());
  // It went to its topic again as it came, but for its customer; its record of before is closed.
  expect(told.again).toEqual([
    {
      ...{ '/offset': '0', '/partition': '0', '/topicId': expect.stringMatching(/^redrive-/) },
      '/timestamp': expect.any(String),
      '/headers/assay-evidence-id': expect.stringMatching(/^evd-/),
      '/headers/assay-redrive-id': expect.any(String),
      '/value/data/customer_id': 'c-204',
    },
  ]);
  expect(typed.filter((line) => line.includes(' redrive '))).toHaveLength(1);
  expect(out).not.toContain('␊');
  // Each event once in Bronze, with one piece of evidence, although they were played twice; and the one that went again.
  expect(told.bronze).toEqual([0, ...told.offsets]);
  expect(Object.keys(told.evidence).sort()).toEqual([0, ...told.offsets].map(String).sort());
  for (const [offset, pieces] of Object.entries(told.evidence))
    expect([offset, pieces.map(([result]) => result)]).toEqual([
      offset,
      [offset === '0' || told.passed.includes(offset) ? 'PASS' : 'FAIL'],
    ]);
  // Beside its lake is the event that went again, and nothing else.
  expect(await readdir(cwd)).toEqual(['lake']);
  expect((await readdir(path.join(cwd, 'lake'))).sort()).toEqual(['demo-stream', 'demo-stream-again.jsonl']);
});

test.each([
  [['demo', '--bootstrap', 'localhost:1'], '--bootstrap is for events: add --stream.'],
  [['demo', '--stream', '--lake', 'lake'], 'is there already'],
])('%j is refused', async (args, why) => {
  const { code, err } = await runMain(args, { cwd });
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) });
});
