import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Engine, openEngine } from '../../etl/engine/engine.ts';
import { type MonthsRead, monthsRead } from '../../etl/gold/months-read.ts';
import { tempFolder } from '../adapters/temp-folder.ts';

/** Which months Gold SQL reads: never fewer than DuckDB needs for the same answer. */

const READ = { table: 'shop_sales', column: 'sold_on' };
const WINDOW = { from: '2024-02-01', to: '2024-03-01' };
const FEBRUARY = 649;

let engine: Engine;
let dispose: () => Promise<void>;
beforeAll(async () => {
  const temp = await tempFolder();
  engine = await openEngine({ memoryLimitMb: 300, threads: 1 }, path.join(temp.folder, 'spill'));
  await engine.run('CREATE SCHEMA silver');
  dispose = async () => {
    engine.close();
    await temp.dispose();
  };
});
afterAll(() => dispose());

const bound = (sql: string, { from, to } = WINDOW): string =>
  sql.replaceAll('{{from_month}}', `DATE '${from}'`).replaceAll('{{to_month}}', `DATE '${to}'`);
const read = (sql: string): Promise<MonthsRead> => monthsRead(engine, bound(sql), READ);

const BOTH = { from: FEBRUARY, to: FEBRUARY + 1 };
const NEXT = "CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)";
const ALL = 'SELECT sold_on, id FROM silver.shop_sales';

/** What is restricted, and to which months. */
const RESTRICTED: readonly (readonly [string, MonthsRead])[] = [
  [`${ALL} WHERE sold_on >= {{from_month}} AND sold_on < ${NEXT}`, BOTH],
  [`${ALL} WHERE ${NEXT} > sold_on AND {{from_month}} <= sold_on AND id > 3`, BOTH],
  [`${ALL} WHERE sold_on BETWEEN {{from_month}} AND {{to_month}}`, BOTH],
  [`${ALL} WHERE date_trunc('month', sold_on) BETWEEN {{from_month}} AND {{to_month}}`, BOTH],
  [
    `${ALL} WHERE CAST(date_trunc('month', CAST(sold_on AS DATE)) AS DATE) >= {{from_month}} AND sold_on < ${NEXT}`,
    BOTH,
  ],
  [`${ALL} WHERE CAST(sold_on AT TIME ZONE 'UTC' AS DATE) >= {{from_month}} AND sold_on < ${NEXT}`, BOTH],
  [`${ALL} WHERE sold_on < ${NEXT}`, { to: FEBRUARY + 1 }],
  [`${ALL} WHERE sold_on <= {{to_month}}`, { to: FEBRUARY + 1 }],
  [`${ALL} WHERE sold_on < {{to_month}}`, { to: FEBRUARY }],
  [`${ALL} WHERE date_trunc('month', sold_on) = {{from_month}}`, { from: FEBRUARY, to: FEBRUARY }],
  [
    `${ALL} WHERE sold_on >= {{from_month}} - INTERVAL '12' MONTH AND sold_on < ${NEXT}`,
    { from: FEBRUARY - 12, to: FEBRUARY + 1 },
  ],
  [`WITH s AS (${ALL} WHERE sold_on >= {{from_month}} AND sold_on < ${NEXT}) SELECT * FROM s`, BOTH],
  [
    `SELECT s.id FROM silver.shop_sales AS s JOIN silver.shops AS o ON s.id = o.id WHERE s.sold_on >= {{from_month}} AND s.sold_on < ${NEXT}`,
    BOTH,
  ],
  [
    `SELECT o.id, s.id AS n FROM silver.shops AS o LEFT JOIN silver.shop_sales AS s ON s.id = o.id WHERE s.sold_on >= {{from_month}} AND s.sold_on < ${NEXT}`,
    BOTH,
  ],
  [
    `${ALL} WHERE sold_on >= {{from_month}} AND sold_on < {{to_month}} UNION ALL ${ALL} WHERE sold_on >= {{to_month}} AND sold_on < ${NEXT}`,
    BOTH,
  ],
  [
    `SELECT count(*) AS n FROM silver.shop_sales WHERE sold_on >= {{from_month}} AND sold_on < ${NEXT} HAVING count(*) > 0`,
    BOTH,
  ],
];

/** What is read whole, since some part needs it, or nobody can tell. */
const WHOLE: readonly string[] = [
  ALL,
  `${ALL} WHERE sold_on >= {{from_month}} OR id = 3`,
  `${ALL} WHERE NOT (sold_on >= {{from_month}} AND id > 1)`,
  `${ALL} WHERE sold_on + INTERVAL '1' MONTH >= {{from_month}}`,
  `${ALL} WHERE date_trunc('year', sold_on) >= {{from_month}}`,
  `${ALL} WHERE CAST(sold_on AS VARCHAR) >= '2024-02-01'`,
  `${ALL} WHERE coalesce(sold_on, {{from_month}}) >= {{from_month}}`,
  `${ALL} WHERE CASE WHEN id > 2 THEN sold_on >= {{from_month}} ELSE true END`,
  `SELECT * FROM (${ALL}) AS s WHERE s.sold_on >= {{from_month}}`,
  `WITH s AS (${ALL}) SELECT * FROM s WHERE sold_on >= {{from_month}}`,
  `SELECT a.id FROM silver.shop_sales AS a JOIN silver.shop_sales AS b ON a.id = b.id WHERE a.sold_on >= {{from_month}}`,
  `SELECT a.id, b.id AS other FROM silver.shops AS a ASOF JOIN silver.shop_sales AS b ON a.since >= b.sold_on WHERE b.sold_on >= {{from_month}}`,
  `SELECT a.id, b.id AS other FROM silver.shops AS a POSITIONAL JOIN silver.shop_sales AS b WHERE b.sold_on >= {{from_month}}`,
  `SELECT o.id FROM silver.shops AS o WHERE o.since >= {{from_month}} AND o.id NOT IN (SELECT id FROM silver.shop_sales)`,
  `SELECT x AS sold_on FROM silver.shop_sales AS s(x, y) WHERE x >= {{from_month}}`,
  `SELECT id FROM silver.shop_sales, (SELECT DATE '2024-01-01' AS since) AS o WHERE since >= {{from_month}}`,
  `${ALL} WHERE sold_on >= (SELECT min(since) FROM silver.shops)`,
];

describe('months that Gold SQL reads of an input', () => {
  test.each(RESTRICTED)('%s', async (sql, months) => {
    expect(await read(sql)).toEqual(months);
  });

  test.each(WHOLE)('all: %s', async (sql) => {
    expect(await read(sql)).toEqual({});
  });
});

const DAYS = fc
  .integer({ min: 0, max: 365 })
  .map((day) => new Date(Date.UTC(2023, 9, 1 + day)).toISOString().slice(0, 10));
const MONTHS = fc
  .tuple(fc.integer({ min: 0, max: 11 }), fc.integer({ min: 0, max: 3 }))
  .map(([first, more]) => {
    const month = (n: number): string => new Date(Date.UTC(2023, 9 + n, 1)).toISOString().slice(0, 10);
    return { from: month(first), to: month(first + more) };
  });
const texts = (days: readonly string[]): string =>
  days.length === 0
    ? ''
    : ` UNION ALL VALUES ${days.map((day, n) => `(DATE '${day}', ${n % 5})`).join(', ')}`;

test('whatever lies in other months changes no answer: DuckDB gives the same without it', async () => {
  const queries = [...RESTRICTED.map(([sql]) => sql), ...WHOLE];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...queries),
      fc.array(DAYS, { maxLength: 30 }),
      fc.array(DAYS, { maxLength: 6 }),
      MONTHS,
      async (query, sales, shops, window) => {
        await engine.run(
          `CREATE OR REPLACE TABLE silver.sold AS SELECT NULL::DATE AS sold_on, 7 AS id${texts(sales)};
           CREATE OR REPLACE TABLE silver.shops AS SELECT NULL::DATE AS since, 7 AS id${texts(shops)}`,
        );
        const sql = bound(query, window);
        const { from = -1e6, to = 1e6 } = await monthsRead(engine, sql, READ);
        const answers: unknown[] = [];
        for (const where of [
          'true',
          `sold_on IS NULL OR (year(sold_on) - 1970) * 12 + month(sold_on) - 1 BETWEEN ${from} AND ${to}`,
        ]) {
          await engine.run(
            `CREATE OR REPLACE VIEW silver.shop_sales AS SELECT * FROM silver.sold WHERE ${where}`,
          );
          answers.push(await engine.rows(`SELECT * FROM (${sql}) ORDER BY ALL`));
        }
        expect(answers[1]).toEqual(answers[0]);
      },
    ),
    { numRuns: 300 },
  );
});
