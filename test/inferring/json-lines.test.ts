import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { testLake } from '../stages/harness.ts';
import { columnOf, contractOf, infer, reviewed } from './infer.ts';

const LINES = Array.from({ length: 60 }, (_, n) =>
  JSON.stringify({
    orderId: 1000 + n,
    when: { placed: `2024-0${1 + (n % 9)}-15T10:00:00Z`, 'day/local': `2024-0${1 + (n % 9)}-15` },
    total: (n + 1) * 1.25,
    currency: n % 3 === 0 ? 'GBP' : 'EUR',
    lines: n % 2 === 0 ? [] : [{ sku: `A${n}`, count: n }],
    gift: n % 4 === 0 ? true : null,
    byShop: { [`shop${n * 7}`]: n },
    contact: n % 5 === 0 ? 'none' : { mail: `p${n}@example.org` },
  }),
);

test('columns are proposed for all values of JSON Lines, nested ones by their places, and a run with them publishes every record', async () => {
  const text = `${LINES.join('\n')}\n`;
  const proposal = await infer({
    'orders.jsonl': text,
    'more.jsonl.gz': gzipSync(text.replaceAll('"orderId":1', '"orderId":2')),
  });
  expect(proposal.csv.format).toBe('jsonl');
  expect(proposal.files.map(({ records, broken }) => [records, broken])).toEqual([
    [60, 0],
    [60, 0],
  ]);
  const found = Object.fromEntries(proposal.columns.map(({ name, path, type }) => [name, [path, type.kind]]));
  expect(found).toMatchObject({
    order_id: ['/orderId', 'long'],
    when_placed: ['/when/placed', 'timestamptz'],
    when_day_local: ['/when/day~1local', 'date'],
    total: ['/total', 'decimal'],
    currency: ['/currency', 'string'],
    lines: ['/lines', 'string'],
    gift: ['/gift', 'boolean'],
    // A text in some records, an object in others: one column.
    contact: ['/contact', 'string'],
  });
  expect(columnOf(proposal, 'currency').isCurrency).toBe(true);
  const contract = contractOf(proposal);
  expect(contract.columns.find(({ name }) => name === 'total')?.path).toBeUndefined();
  const lake = await testLake({ contracts: [reviewed(proposal)] });
  try {
    const { record } = await lake.dropAndRun({ 'orders.jsonl': text });
    expect(record?.counts).toMatchObject({ records: 60, silver: 60 });
  } finally {
    await lake.dispose();
  }
});

test('an object whose names are data is one column', async () => {
  const lines = Array.from(
    { length: 300 },
    (_, n) => `{"id":${n},"day":"2024-01-0${1 + (n % 9)}","by":{"k${n}":1}}`,
  );
  const { columns, notes } = await infer({ 'a.ndjson': lines.join('\n') });
  expect(columns.map(({ path }) => path)).toEqual(['/id', '/day', '/by']);
  expect(notes.csv.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^\/by has more than 200/));
});

test.each([
  ['a JSON array', { 'a.json': '[{"a":1},\n{"a":2}]\n' }, /it is JSON, and no JSON Lines: write each record/],
  ['an object over several lines', { 'a.json': '{ "a":\n1}\n' }, /it is JSON, and no JSON Lines/],
  [
    'CSV beside it',
    { 'a.csv': 'a,b\n1,2\n', 'b.jsonl': '{"a":1}\n' },
    /b\.jsonl is JSON Lines, and a\.csv is CSV/,
  ],
])('%s is refused with what to do', async (_, files, message) => {
  await expect(infer(files as Record<string, string>)).rejects.toThrow(message);
});
