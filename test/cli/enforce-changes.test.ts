import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain } from './run-main.ts';

/** Changes of a table as Debezium sent them (test/broker has Debezium itself): the commands of docs/streaming.md. */

let [cwd, dispose]: [string, () => Promise<void>] = ['', async () => undefined];
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await cp('examples/changes', path.join(cwd, 'examples/changes'), { recursive: true });
});
afterAll(() => dispose());

const run = async (args: readonly string[]) => await runMain(args, { cwd });
const json = async (...args: readonly string[]): Promise<unknown> =>
  JSON.parse(
    (await run([...args, '--contracts', 'examples/changes/contracts', '--lake', 'lake', '--json'])).out,
  );

test('of each row the last change is the table; a deleted row is read where it was, a tombstone passes', async () => {
  const page = await readFile('docs/streaming.md', 'utf8');
  const commands = (/## Changes of a table[\s\S]*?```sh\n([\s\S]*?)```/.exec(page)?.[1] ?? '')
    .trim()
    .split('\n');
  expect(commands).toHaveLength(3);
  const outs: string[] = [];
  for (const command of commands) {
    const input = /< (\S+)$/.exec(command)?.[1];
    const sql = input === undefined ? '' : await readFile(path.join(cwd, input), 'utf8');
    const words = command
      .replace(/ < \S+$/, '')
      .split(' ')
      .slice(2);
    const { code, out } = await run(words.map((word) => (word === '-' ? sql : word)));
    expect([command, code]).toEqual([command, words[0] === 'enforce' ? 1 : 0]);
    outs.push(out);
  }
  expect(outs[2]).toContain('12345678901234.5600');

  const evidence = (await json('evidence', 'list', '--limit', '100')) as {
    source: { partition: number; offset: number; event_time: string | null };
    validation: { reason_codes: string[] };
  }[];
  expect(evidence).toHaveLength(11);
  expect(evidence.filter(({ validation }) => validation.reason_codes.length > 0)).toMatchObject([
    { source: { partition: 1, offset: 3 }, validation: { reason_codes: ['FORMAT_ERROR:sku'] } },
  ]);
  const first = evidence.find(({ source }) => source.partition === 0 && source.offset === 0);
  expect(first?.source.event_time).toMatch(/^2026-11-29T21:47:53/);

  const changes = await json(
    'query',
    'SELECT id, op, quantity, CAST(price AS VARCHAR) AS price, CAST(counted_on AS VARCHAR) AS counted_on, note FROM silver.warehouse_stock_changes ORDER BY lsn, id, op',
  );
  const one = { price: '12345678901234.5600', counted_on: '2026-01-13' };
  const third = { quantity: 1, price: '1.0000', counted_on: '2026-01-14', note: 'new' };
  const second = { quantity: 0, price: '0.1000', counted_on: null, note: 'é "q"' };
  expect(changes).toEqual([
    { id: 1, op: 'r', quantity: 5, ...one, note: null },
    { id: 2, op: 'r', ...second },
    { id: 1, op: 'u', quantity: 4, ...one, note: 'one is broken' },
    { id: 2, op: 'd', ...second },
    { id: 3, op: 'c', ...third },
    // NULL is what the row became, whatever it was before.
    { id: 1, op: 'u', quantity: 4, ...one, note: null },
    { id: 3, op: 'd', ...third },
    { id: 4, op: 'c', ...third },
  ]);
  const sql = await readFile('examples/changes/current-stock.sql', 'utf8');
  expect(await json('query', sql)).toMatchObject([
    { id: 1, quantity: 4, note: null },
    { id: 4, sku: 'CD-3', quantity: 1, note: 'new' },
  ]);
});

test('what is no change of a row fails, and its evidence says at which place', async () => {
  const values: [string, string[]][] = [
    ['{"op":"t","before":null,"after":null,"source":{"lsn":1}}', ['op', 'after']],
    ['{"op":"d","before":null,"after":{"id":1},"source":{"lsn":1}}', ['before']],
    ['{"op":"u","before":{"id":1},"after":null,"source":{"lsn":1}}', ['after']],
    ['{"schema":{},"payload":{"op":"c"}}', ['op', 'after', 'source']],
  ];
  await writeFile(path.join(cwd, 'wrong.jsonl'), values.map(([value]) => `${value}\n`).join(''));
  await run(['init', '--lake', 'wrong']);
  const { code } = await run([
    ...[
      'enforce',
      '--from',
      'wrong.jsonl',
      '--topic',
      'warehouse.public.stock',
      '--no-run',
      '--lake',
      'wrong',
    ],
    ...['--policies', 'examples/changes/policies', '--contracts', 'examples/changes/contracts'],
  ]);
  expect(code).toBe(1);
  const { out } = await run(['evidence', 'list', '--lake', 'wrong', '--json']);
  const found = JSON.parse(out) as {
    source: { offset: number };
    validation: { reason_codes: string[] };
  }[];
  found.sort((a, b) => a.source.offset - b.source.offset);
  expect(
    found.map(({ validation }) => validation.reason_codes.filter((code) => code.startsWith('ENVELOPE'))),
  ).toEqual(values.map(([, places]) => places.map((place) => `ENVELOPE_INVALID:${place}`)));
});
