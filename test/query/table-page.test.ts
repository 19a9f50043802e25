import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Classification } from '../../etl/contract/contract.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { type Engine, openEngine } from '../../etl/engine/engine.ts';
import type { Reader, TableSchema } from '../../etl/query/reader.ts';
import { type PageRequest, type TablePage, tablePage } from '../../etl/query/table-page.ts';
import type { ColumnFilter } from '../../etl/query/table-page-filter.ts';
import type { PageOrder } from '../../etl/query/table-page-order.ts';
import type { FilterOp } from '../../etl/query/table-page-type.ts';
import { NIGHTLY } from '../../etl/tending/tend.ts';
import { tendDataset } from '../../etl/tending/tend-dataset.ts';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

const columns = [
  { name: 'id', type: 'integer', key: true },
  { name: 'paid_on', type: 'date', required: true },
  { name: 'at', type: 'timestamp' },
  { name: 'amount', type: 'number', physicalType: 'DECIMAL(12,2)' },
  { name: 'is_paid', type: 'boolean' },
  { name: 'payee', classification: 'personal' },
  { name: 'note' },
];
const ORDERS = {
  partitionColumn: 'paid_on',
  columns,
  assay: { limits: NO_LIMITS, snapshots: { keep: '1d', atLeast: 1 } },
};

/** By hand: what each row is, in the file's own spelling. */
const ROWS: readonly (readonly string[])[] = [
  ['1', '2024-05-01', '2024-05-01T10:00:00Z', '10.50', 'true', 'Zoe', 'one'],
  ['2', '2024-05-02', '2024-05-01T23:59:59.123456Z', '-0.05', 'false', 'Yan', "it's 100%"],
  ['3', '2024-06-03', '', '9999999999.99', 'true', 'Xia', 'a"b'],
  ['4', '2024-06-04', '2024-06-04T00:00:00+02:00', '', '', 'Yan', ''],
  ['9007199254740993', '2024-06-05', '2024-06-05T01:00:00Z', '10.51', 'true', '', 'One'],
  ['-9223372036854775808', '2024-06-06', '2024-06-05T01:00:00Z', '10.50', 'false', 'Zoe', 'é_x'],
];
const HEADER = 'id,paid_on,at,amount,is_paid,payee,note';
const csv = (rows: readonly (readonly string[])[]): string =>
  [HEADER, ...rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')), ''].join(
    '\n',
  );

let lake: TestLake;
let engine: Engine;
beforeAll(async () => {
  lake = await testLake({
    contracts: [
      contractText({ ...ORDERS, dataset: 'a.b_c' }),
      contractText({ ...ORDERS, dataset: 'a.other' }),
      contractText({ ...ORDERS, dataset: 'shop.empty' }),
    ],
  });
  await lake.dropAndRun({ 'a.csv': csv(ROWS) });
  await lake.dropAndRun({ 'other.csv': csv([['77', '2024-05-01', '', '1', '', '', 'other']]) }, 'a.other');
  engine = await openEngine(lake.lake.effects.engine);
});
afterAll(async () => {
  engine.close();
  await lake.dispose();
});

interface Asked extends Partial<Omit<PageRequest, 'contract'>> {
  readonly dataset?: string;
  readonly limit?: number;
}

async function ask({ dataset = 'a.b_c', limit = 100, ...asked }: Asked): Promise<TablePage> {
  const { effects } = lake.lake;
  const contract = requireContract(await loadContracts(effects.contracts), dataset);
  const whole = {
    layer: 'silver',
    filters: [],
    order: [],
    asOf: { kind: 'now' },
    reader: undefined,
  } as const;
  return await tablePage(engine, effects, { ...whole, contract, limit, ...asked });
}

const idsOf = ({ columns: shown, rows }: TablePage): unknown[] => {
  const at = shown.findIndex(({ name }) => name === 'id');
  return rows.map((row) => String(row[at]));
};
const where = (column: string, op: FilterOp, ...values: string[]): ColumnFilter => ({ column, op, values });
const BIG = '9007199254740993';
const LEAST = '-9223372036854775808';

describe('rows are filtered exactly', () => {
  test.each<[ColumnFilter, readonly string[]]>([
    [where('amount', 'eq', '10.50'), ['1', LEAST]],
    [where('amount', 'eq', '10.5'), ['1', LEAST]],
    [where('amount', 'eq', '10.505'), []],
    [where('amount', 'lt', '10.505'), ['1', '2', LEAST]],
    [where('amount', 'gte', '10.505'), ['3', BIG]],
    [where('amount', 'lt', '-0.051'), []],
    [where('amount', 'gt', '-0.051'), ['1', '2', '3', BIG, LEAST]],
    [where('amount', 'lte', '-0.045'), ['2']],
    [where('amount', 'lte', '99999999999999999999999999999999999999999999'), ['1', '2', '3', BIG, LEAST]],
    [where('amount', 'eq', '99999999999999999999999999999999999999999999'), []],
    [where('amount', 'gt', '-99999999999999999999999999999999999999999999'), ['1', '2', '3', BIG, LEAST]],
    [where('amount', 'isNull', 'true'), ['4']],
    [where('id', 'eq', BIG), [BIG]],
    [where('id', 'eq', '9007199254740992'), []],
    [where('id', 'gt', '9223372036854775807'), []],
    [where('id', 'gt', '9223372036854775808'), []],
    [where('id', 'gte', LEAST), ['1', '2', '3', '4', BIG, LEAST]],
    [where('id', 'in', '1', '3', '5', '1.5'), ['1', '3']],
    [where('id', 'in'), []],
    [where('paid_on', 'gte', '2024-06-04'), ['4', BIG, LEAST]],
    [where('at', 'eq', '2024-06-03T22:00:00Z'), ['4']],
    [where('at', 'eq', '2024-06-04T00:00:00+02:00'), ['4']],
    [where('at', 'gt', '2024-05-01T23:59:59.123455'), ['2', '4', BIG, LEAST]],
    [where('is_paid', 'eq', 'false'), ['2', LEAST]],
    [where('note', 'contains', '%'), ['2']],
    [where('note', 'contains', "'"), ['2']],
    [where('note', 'contains', '"'), ['3']],
    [where('note', 'startsWith', 'é_'), [LEAST]],
    [where('note', 'eq', 'one'), ['1']],
    [where('note', 'eq', "x' OR true --"), []],
    [where('note', 'gt', 'one'), [LEAST]],
  ])('%j', async (filter, ids) => {
    expect(idsOf(await ask({ filters: [filter] })).sort()).toEqual([...ids].sort());
  });

  test('all filters are met', async () => {
    const filters = [where('amount', 'eq', '10.50'), where('payee', 'eq', 'Zoe'), where('id', 'gt', '0')];
    expect(idsOf(await ask({ filters }))).toEqual(['1']);
  });

  test.each<[ColumnFilter, string]>([
    [where('amount', 'eq', 'ten'), 'FILTER'],
    [where('amount', 'eq', '1'.repeat(101)), 'FILTER'],
    [where('amount', 'contains', '1'), 'FILTER'],
    [where('paid_on', 'eq', '2024-02-30'), 'FILTER'],
    [where('at', 'eq', '2024-02-03T25:00:00Z'), 'FILTER'],
    [where('is_paid', 'eq', 'yes'), 'FILTER'],
    [where('is_paid', 'lt', 'true'), 'FILTER'],
    [where('note', 'eq', 'a\0b'), 'FILTER'],
    [where('id', 'in', ...Array.from({ length: 1001 }, () => '1')), 'FILTER'],
    [where('id"; DROP', 'eq', '1'), 'NO_COLUMN'],
  ])('%j is refused', async (filter, code) => {
    await expect(ask({ filters: [filter] })).rejects.toMatchObject({ name: 'ConfigError', code });
  });
});

const by = (column: string, direction: 'asc' | 'desc' = 'asc'): PageOrder => ({ column, direction });

/** All pages of a question, as ids. */
async function walk(asked: Asked): Promise<unknown[]> {
  const ids: unknown[] = [];
  let cursor: string | undefined;
  for (let n = 0; n < 20; n++) {
    const page = await ask({ ...asked, cursor });
    ids.push(...idsOf(page));
    if (!page.hasMore) return ids;
    cursor = page.cursors.at(-1);
  }
  throw new RangeError('the pages have no end');
}

describe('pages', () => {
  test.each<[readonly PageOrder[], readonly string[]]>([
    [[], [LEAST, '1', '2', '3', '4', BIG]],
    [[by('amount')], ['2', LEAST, '1', BIG, '3', '4']],
    [[by('amount', 'desc')], ['3', BIG, LEAST, '1', '2', '4']],
    [
      [by('is_paid'), by('id', 'desc')],
      ['2', LEAST, BIG, '3', '1', '4'],
    ],
    [[by('at', 'desc')], [LEAST, BIG, '4', '2', '1', '3']],
    [
      [by('note'), by('paid_on')],
      [BIG, '3', '2', '1', LEAST, '4'],
    ],
  ])('ordered by %j hold every row once, whatever their size', async (order, ids) => {
    for (const limit of [1, 4, 6]) expect(await walk({ order, limit })).toEqual(ids);
  });

  test('show the columns that are asked for, and what orders them', async () => {
    const page = await ask({ columns: ['note'], limit: 1 });
    expect(page.columns.map(({ name }) => name)).toEqual(['note', 'id']);
  });

  test('are of the dataset that is meant, where two make tables of one name', async () => {
    expect(await walk({ dataset: 'a.other' })).toEqual(['77']);
    expect(await walk({})).toHaveLength(6);
  });

  test('of a table of which nothing was published are empty', async () => {
    expect(await ask({ dataset: 'shop.empty' })).toMatchObject({
      snapshotId: null,
      rows: [],
      hasMore: false,
    });
  });

  test.each([
    [[by('id'), by('id')], 'ORDER'],
    [[by('nothing')], 'NO_COLUMN'],
  ])('ordered by %j are refused', async (order, code) => {
    await expect(ask({ order })).rejects.toMatchObject({ code });
  });
});

describe('a reader', () => {
  const reader = (schemas: readonly TableSchema[], hidden: readonly Classification[]): Reader => ({
    schemas: new Set(schemas),
    ops: new Set(),
    hidden: new Set(hidden),
  });
  const analyst = reader(['silver'], ['personal']);

  test('finds no table that is not there for them', async () => {
    await expect(ask({ reader: reader(['gold'], []) })).rejects.toMatchObject({ code: 'NO_TABLE' });
    await expect(ask({ layer: 'quarantine', reader: analyst })).rejects.toMatchObject({ code: 'NO_TABLE' });
  });

  test('sees no hidden value, and learns none by a filter or an order', async () => {
    const page = await ask({ reader: analyst, columns: ['payee'] });
    expect(page.rows.map(([payee]) => payee)).toEqual(['•••', '•••', '•••', '•••', '•••', null]);
    const hidden = [
      where('payee', 'eq', 'Zoe'),
      where('payee', 'startsWith', 'Z'),
      where('payee', 'gt', 'Y'),
    ];
    for (const filter of hidden)
      await expect(ask({ reader: analyst, filters: [filter] })).rejects.toMatchObject({ code: 'FILTER' });
    await expect(ask({ reader: analyst, order: [by('payee')] })).rejects.toMatchObject({ code: 'ORDER' });
    const none = where('payee', 'isNull', 'true');
    expect(idsOf(await ask({ reader: analyst, filters: [none] }))).toEqual([BIG]);
  });

  test('gets every row once where the key is hidden, also rows that look alike', async () => {
    const nobody = reader(['silver'], ['internal', 'personal']);
    const sizes = [];
    for (const limit of [1, 5]) {
      let [cursor, rows]: [string | undefined, number] = [undefined, 0];
      for (let isDone = false; !isDone; ) {
        const page: TablePage = await ask({ reader: nobody, limit, cursor });
        [cursor, rows, isDone] = [page.cursors.at(-1), rows + page.rows.length, !page.hasMore];
      }
      sizes.push(rows);
    }
    expect(sizes).toEqual([6, 6]);
  });
});

describe('cursors', () => {
  test('go on with the state that they began with, until it is expired', async () => {
    const before = await ask({ limit: 4 });
    const cursor = before.cursors.at(-1);
    await lake.dropAndRun({ 'b.csv': csv([['5', '2024-06-09', '', '1', '', '', '']]) });
    expect(idsOf(await ask({ cursor }))).toEqual(['4', BIG]);
    expect(idsOf(await ask({ filters: [where('id', 'gt', '4')] }))).toEqual(['5', BIG]);
    const asOf = { kind: 'snapshot', id: before.snapshotId ?? 0 } as const;
    expect(idsOf(await ask({ asOf, filters: [where('id', 'gt', '4')] }))).toEqual([BIG]);
    lake.setTime('2025-06-01T00:00:00Z');
    await tendDataset(lake.lake.effects, 'a.b_c', NIGHTLY);
    await expect(ask({ cursor })).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
  });

  const forged = (said: unknown): string => Buffer.from(JSON.stringify(said)).toString('base64url');
  test.each([
    '',
    'x',
    '{}',
    forged(7),
    forged({}),
    forged({ q: 'a', s: -1, k: [], n: 1 }),
    'A'.repeat(200_000),
  ])('that are none are refused: %.20s', async (cursor) => {
    await expect(ask({ cursor })).rejects.toMatchObject({ code: 'CURSOR' });
  });

  test('of another table, order or filter are refused', async () => {
    const { cursors } = await ask({ limit: 1 });
    const [cursor] = cursors;
    await expect(ask({ cursor, order: [by('amount')] })).rejects.toMatchObject({ code: 'CURSOR' });
    await expect(ask({ cursor, filters: [where('id', 'gt', '0')] })).rejects.toMatchObject({
      code: 'CURSOR',
    });
    await expect(ask({ cursor, dataset: 'a.other' })).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    await expect(ask({ cursor, layer: 'quarantine' })).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
  });

  test('with values that are none of their column are no way into SQL, nor to an error that nobody foresaw', async () => {
    const { cursors } = await ask({ limit: 1 });
    const said = JSON.parse(Buffer.from(cursors[0] ?? '', 'base64url').toString()) as { k: string[] };
    for (const value of ["1' OR true", 'x', '1e400', ''])
      expect(idsOf(await ask({ cursor: forged({ ...said, k: [value] }) }))).toEqual([]);
    await expect(ask({ cursor: forged({ ...said, k: ['\0'] }) })).rejects.toMatchObject({ code: 'CURSOR' });
  });
});
