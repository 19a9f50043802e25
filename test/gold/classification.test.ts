import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Contract, GoldContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { tableColumns } from '../../etl/contract/table-columns.ts';
import { type Engine, openEngine } from '../../etl/engine/engine.ts';
import { bindMonths } from '../../etl/gold/bind-months.ts';
import { checkGold } from '../../etl/gold/check-gold.ts';
import { contractText } from '../stages/contract-text.ts';

const PEOPLE = parseContract(
  'people.yaml',
  contractText({
    dataset: 'shop.people',
    partitionColumn: 'day',
    columns: [
      { name: 'id', key: true },
      { name: 'day', type: 'date', required: true },
      { name: 'who', classification: 'personal', assay: { protect: { as: 'pseudonym', group: 'ids' } } },
      {
        name: 'mail',
        classification: 'confidential',
        assay: { protect: { as: 'encrypted', group: 'contact' } },
      },
      { name: 'town' },
    ],
    assay: { subject: { column: 'who', kind: 'customer' }, unknownColumns: 'rescue' },
  }),
);
const ORDERS = parseContract(
  'orders.yaml',
  contractText({
    dataset: 'shop.orders',
    partitionColumn: 'day',
    columns: [
      { name: 'id', key: true },
      { name: 'day', type: 'date', required: true },
      { name: 'who', classification: 'personal' },
      { name: 'amount', type: 'integer' },
    ],
  }),
);

function gold(classification = 'internal'): GoldContract {
  return parseContract(
    'gold.yaml',
    contractText({
      dataset: 'shop.gold',
      partitionColumn: 'm',
      columns: [
        { name: 'm', type: 'date', key: true },
        { name: 'a', classification },
        { name: 'b', classification },
      ],
      assay: {
        layer: 'gold',
        sql: 'shop/gold.sql',
        inputs: ['shop.people', 'shop.orders'],
        affects: 'same-month',
      },
    }),
  ) as GoldContract;
}

const contracts: ReadonlyMap<string, Contract> = new Map([
  ['shop.people', PEOPLE],
  ['shop.orders', ORDERS],
]);
/** What stands in each protected column, and nowhere else. */
const PLANTED = { who: 'whowhowhowho', mail: 'mailmailmail', rescued: 'restrestrest' } as const;

let engine: Engine;
let plain: DuckDBConnection;
beforeAll(async () => {
  engine = await openEngine({ memoryLimitMb: 200, threads: 1 });
  plain = await (await DuckDBInstance.create(':memory:')).connect();
  await plain.run('CREATE SCHEMA silver');
  for (const contract of [PEOPLE, ORDERS]) {
    const values = tableColumns(contract).map(({ name, type }) => {
      const planted = contract === PEOPLE ? PLANTED[name as keyof typeof PLANTED] : undefined;
      const text = planted ?? (name === 'who' ? 'whowhowhowho' : 'Leeds');
      const sql = type.kind === 'date' ? "DATE '2024-01-31'" : type.kind === 'string' ? `'${text}'` : 'NULL';
      return `${sql} AS "${name}"`;
    });
    await plain.run(`CREATE TABLE silver.shop_${contract.name} AS SELECT ${values.join(', ')}`);
  }
});
afterAll(() => engine.close());

/** What the check says of a table's SQL; the empty text where it has nothing to say. */
async function said(sql: string, contract = gold()): Promise<string> {
  try {
    await checkGold(engine, contract, { sql, contracts });
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The protected columns of which DuckDB puts a part into a column of the answer. */
async function shown(sql: string, column: string): Promise<string[]> {
  const bound = bindMonths(sql, { from: 648, to: 648 });
  const rows = (
    await plain.runAndReadAll(`SELECT CAST("${column}" AS VARCHAR) AS v FROM (${bound})`)
  ).getRowsJson();
  const text = JSON.stringify(rows).toLowerCase();
  return Object.entries(PLANTED)
    .filter(([, token]) => text.includes(token.slice(0, 4)))
    .map(([name]) => name);
}

const M = '{{from_month}} AS m';
const P = 'silver.shop_people';

describe('protected values under a lower classification', () => {
  test.each<[string, string]>([
    ['a column', `SELECT ${M}, who AS a, town AS b FROM ${P}`],
    ['as it is named', `SELECT ${M}, p.mail AS b, 'x' AS a FROM silver.shop_people AS p`],
    [
      'in an expression',
      `SELECT ${M}, upper(concat(town, substr(mail, 1, 4))) AS a, CASE WHEN id > '0' THEN who END AS b FROM ${P}`,
    ],
    ['by an aggregate', `SELECT ${M}, max(mail) AS a, min_by(who, day) AS b FROM ${P}`],
    [
      'by a window',
      `SELECT ${M}, first_value(who) OVER (ORDER BY id) AS a, lag('x', 1, mail) OVER (ORDER BY id) AS b FROM ${P}`,
    ],
    [
      'through WITH',
      `WITH x AS (SELECT mail AS y FROM ${P}), z (q) AS (SELECT y FROM x) SELECT ${M}, q AS a, 'b' AS b FROM z`,
    ],
    [
      'through a subquery',
      `SELECT ${M}, t.q AS a, 'b' AS b FROM (SELECT coalesce(mail, town) FROM ${P}) AS t(q)`,
    ],
    ['by a scalar subquery', `SELECT ${M}, (SELECT max(who) FROM ${P}) AS a, 'b' AS b`],
    [
      'by a correlated subquery',
      `SELECT ${M}, (SELECT p.mail || o.id FROM silver.shop_orders AS o WHERE o.day = p.day) AS a, 'b' AS b FROM ${P} AS p`,
    ],
    ['by a star', `SELECT ${M}, * FROM (SELECT who AS a, town AS b FROM ${P})`],
    ['by a star of a relation', `SELECT ${M}, t.* FROM (SELECT town AS a, mail AS b FROM ${P}) AS t`],
    ['by a star of other names', `SELECT ${M}, * FROM (SELECT who, town FROM ${P}) AS t(a, b)`],
    [
      'by the second of two queries',
      `SELECT ${M}, town AS a, town AS b FROM ${P} UNION ALL SELECT ${M}, town, mail FROM ${P}`,
    ],
    [
      'by queries by name',
      `SELECT ${M}, town AS a, town AS b FROM ${P} UNION ALL BY NAME SELECT ${M}, town AS b, mail AS a FROM ${P}`,
    ],
    ['by USING', `SELECT ${M}, who AS a, 'b' AS b FROM silver.shop_orders JOIN ${P} USING (who)`],
    ['by an alias of the same SELECT', `SELECT ${M}, mail AS x, x || '!' AS a, 'b' AS b FROM ${P}`],
    ['in a whole record', `SELECT ${M}, CAST(p AS VARCHAR) AS a, 'b' AS b FROM ${P} AS p`],
    ['in unknown columns that were kept', `SELECT ${M}, rescued AS a, 'b' AS b FROM ${P}`],
    [
      'by a name without an alias',
      `SELECT ${M}, "max(mail)" AS a, 'b' AS b FROM (SELECT max(mail) FROM ${P})`,
    ],
    [
      'by a row of VALUES',
      `SELECT ${M}, v.x AS a, 'b' AS b FROM ${P} AS p, LATERAL (VALUES (p.mail)) AS v(x)`,
    ],
    ['in other letters', `SELECT ${M}, P.MAIL AS A, 'b' AS B FROM SILVER.Shop_People AS P`],
    [
      'where a column takes the place of another',
      `SELECT ${M}, * REPLACE (who AS a) FROM (SELECT town AS a, who, town AS b FROM ${P})`,
    ],
  ])('are refused: %s', async (_, sql) => {
    const message = await said(sql);
    for (const column of ['a', 'b']) {
      const tokens = await shown(sql, column);
      for (const name of tokens)
        expect(message).toMatch(new RegExp(`column ${column} protected.*shop_people\\.${name}`));
      if (tokens.length === 0) expect(message).not.toContain(`column ${column} protected`);
    }
    expect(message).toMatch(/classify [ab] (personal|confidential), or leave them out/);
    expect(await said(sql, gold('personal'))).toBe('');
  });

  test.each<[string, string]>([
    [
      'counts',
      `SELECT ${M}, CAST(count(DISTINCT who) AS VARCHAR) AS a, CAST(count_if(mail IS NULL) OVER () AS VARCHAR) AS b FROM ${P} GROUP BY who, mail`,
    ],
    [
      'conditions and order',
      `SELECT ${M}, town AS a, id AS b FROM ${P} WHERE mail LIKE 'a%' AND who IN (SELECT who FROM silver.shop_orders) ORDER BY who`,
    ],
    [
      'whether there is any',
      `SELECT ${M}, CASE WHEN mail IS NULL THEN 'none' ELSE town END AS a, CASE WHEN EXISTS (SELECT who FROM ${P}) THEN 'y' END AS b FROM ${P}`,
    ],
    [
      'others of the same name',
      `SELECT ${M}, o.who AS a, p.town AS b FROM silver.shop_orders AS o JOIN ${P} AS p ON o.who = p.who`,
    ],
    [
      'rows that a join found',
      `WITH n AS (SELECT who, count(*) AS n FROM ${P} GROUP BY who) SELECT ${M}, CAST(n.n AS VARCHAR) AS a, o.id AS b FROM n JOIN silver.shop_orders AS o USING (who)`,
    ],
    [
      'numbers of rows',
      `SELECT ${M}, CAST(rank() OVER (PARTITION BY who ORDER BY day) AS VARCHAR) AS a, town AS b FROM ${P}`,
    ],
  ])('are not: %s', async (_, sql) => {
    expect(await said(sql)).toBe('');
    expect([...(await shown(sql, 'b'))]).toEqual([]);
  });

  test('may be as high as the classification that they had', async () => {
    const sql = `SELECT ${M}, mail AS a, mail AS b FROM ${P}`;
    expect(await said(sql, gold('confidential'))).toBe('');
    expect(await said(sql.replace('mail AS a', 'who AS a'), gold('confidential'))).toMatch(
      /gives the confidential column a protected values of silver\.shop_people\.who \(personal\); classify a personal/,
    );
  });
});
