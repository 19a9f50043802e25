import { expect, test } from '@jest/globals';
import { trinoEngine } from '../../adapters/trino/trino-engine.ts';
import type { Effects } from '../../etl/ports.ts';
import { openTable } from '../../etl/table/lake-table.ts';
import { currentSnapshot } from '../../etl/table/metadata.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { PORTABLE_GOLD } from './support/portable-gold.ts';
import { CATALOG, SCHEMA } from './support/secured-trino.ts';
import { readSession } from './support/session.ts';
import { statement } from './support/statement.ts';

/** All portable Gold SQL of the tests, computed by Trino and by DuckDB: the same figures and restatements. */

const { url } = readSession();
/** A question to Trino takes seconds where others use the machine, so that several queries are one. */
const NAMES = ['gold_even', 'gold_odd'];

const sales = contractText({
  dataset: 'shop.sales',
  partitionColumn: 'sold_on',
  columns: [
    { name: 'id', type: 'integer', key: true },
    { name: 'shop' },
    { name: 'sold_on', type: 'date', required: true },
    { name: 'sold_at', type: 'timestamp' },
    { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)' },
    { name: 'weight', type: 'number', physicalType: 'DOUBLE' },
    { name: 'paid', type: 'boolean' },
  ],
  assay: { limits: NO_LIMITS },
});
const shops = contractText({
  dataset: 'shop.shops',
  partitionColumn: 'opened_on',
  columns: [
    { name: 'shop', key: true },
    { name: 'town' },
    { name: 'opened_on', type: 'date', required: true },
  ],
  assay: { limits: NO_LIMITS },
});
const gold = (name: string): string =>
  contractText({
    dataset: `shop.${name}`,
    partitionColumn: 'month',
    columns: [
      { name: 'month', type: 'date', required: true, key: true },
      { name: 'name', key: true },
      { name: 'total', type: 'number', physicalType: 'DECIMAL(38,2)' },
    ],
    assay: {
      layer: 'gold',
      sql: `shop/${name}.sql`,
      inputs: ['shop.sales', 'shop.shops'],
      affects: 'month-and-later',
    },
  });

const SHOPS = 'shop,town,opened_on\na,Leeds,2010-05-01\nb,,2011-05-01\nc,Ÿork,2024-02-10\n';
const SALES = `id,shop,sold_on,sold_at,amount,weight,paid
1,a,2024-01-31,2024-01-31T23:59:59.999999Z,1.50,0.5,true
2,a,2024-02-29,2024-02-29T00:00:00+01:00,-2.25,1,false
3,it's,2024-03-01,,,2,
4,,2024-03-31,2024-03-31T12:00:00Z,100,3,true
5,b,2023-12-31,,7,3,true
6,b,2024-04-01,,999999999999999.99,3,true
7,b,2024-04-01,,999999999999999.99,3,true
8,ÿ,2024-02-01,2024-02-01T00:00:00Z,0,3,true
9,Z,2024-02-01,,-0.005,3,false
`;
const LATE = `id,shop,sold_on,sold_at,amount,weight,paid
20,a,2024-02-15,2024-02-15T00:00:00.000001Z,0.01,1,true
21,c,2024-03-15,,33.33,1,false
`;

/** The SQL of a table: every other query, each with its number before its names. */
const sqlOf = (parity: number): string =>
  Object.values(PORTABLE_GOLD)
    .map((sql, n) => ({ sql, n }))
    .filter(({ n }) => n % 2 === parity)
    .map(
      ({ sql, n }) =>
        `SELECT month, '${n} ' || COALESCE(name, '(none)') AS name, COALESCE(total, 0) AS total FROM (${sql}\n) AS made_${n}`,
    )
    .join(' UNION ALL ');

async function withTotals(wrap: (effects: Effects) => Effects): Promise<TestLake> {
  const lake = await testLake({
    contracts: [sales, shops, ...NAMES.map(gold)],
    sql: Object.fromEntries(NAMES.map((name, parity) => [`shop/${name}.sql`, sqlOf(parity)])),
    wrap,
  });
  await lake.dropAndRun({ 'shops.csv': SHOPS }, 'shop.shops');
  await lake.dropAndRun({ 'sales.csv': SALES });
  return lake;
}

async function published(lake: TestLake): Promise<string[]> {
  const rows = (await Promise.all(NAMES.map((name) => lake.gold(`shop.${name}`)))).flat();
  return rows.map(({ month, name, total }) => `${name} ${month} ${total}`).sort();
}

async function computedBy({ lake }: TestLake, name: string): Promise<string | undefined> {
  const { objects } = lake.effects;
  const state = (await readPointer(objects, 'gold', `shop.${name}`))?.pointer.tables.gold;
  const snapshot = state && currentSnapshot((await openTable(objects, state)).metadata);
  return snapshot?.summary['assay.engine'];
}

test('Trino and DuckDB make the same Gold, and tell of the same restatements', async () => {
  const [byDuck, byTrino] = [
    await withTotals((effects) => effects),
    await withTotals((effects) => ({
      ...effects,
      sets: {
        engine: trinoEngine({ server: url, catalog: CATALOG, schema: SCHEMA, user: 'test' }, effects),
        fromBytes: 0,
      },
    })),
  ];
  try {
    for (const file of [undefined, LATE]) {
      if (file !== undefined)
        for (const lake of [byDuck, byTrino]) await lake.dropAndRun({ 'late.csv': file });
      const right = await published(byDuck);
      expect(await published(byTrino)).toEqual(right);
      const numbers = new Set(right.map((row) => row.split(' ')[0]));
      expect(numbers.size).toBe(Object.keys(PORTABLE_GOLD).length);
    }
    for (const name of NAMES) {
      expect(await computedBy(byTrino, name)).toBe('trino');
      expect(await computedBy(byDuck, name)).toBeUndefined();
    }
    const told = ({ alerts }: TestLake): unknown[] =>
      alerts.map(({ kind, dataset, details }) => ({ kind, dataset, details }));
    expect(told(byTrino)).toEqual(told(byDuck));
    expect(byDuck.alerts.length).toBeGreaterThan(0);
    expect(await statement(url, `SHOW TABLES FROM ${CATALOG}.${SCHEMA}`)).toEqual([]);
  } finally {
    for (const lake of [byDuck, byTrino]) await lake.dispose();
  }
});
