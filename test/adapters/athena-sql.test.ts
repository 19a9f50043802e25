import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { athenaSql, readRequest, rewriteTables, tablesIn } from '../../adapters/aws/athena-sql.ts';

const KNOWN = new Map([
  ['silver.spend_payments', { database: 'a_silver', table: 'spend_payments' }],
  ['gold.spend_totals', { database: 'a_gold', table: 'spend_totals' }],
  ['ops.source_files_spend_payments', { database: 'a_ops', table: 'source_files_spend_payments' }],
]);
const NOW = new Map<string, number>();
const SILVER = '"a_silver"."spend_payments"';

const code = (code: string) => expect.objectContaining({ name: 'ConfigError', code });

describe('tables', () => {
  test.each([
    ['SELECT * FROM silver.spend_payments', `SELECT * FROM ${SILVER}`],
    ['select * from Silver . "spend_payments" t', `select * from ${SILVER} t`],
    [
      'SELECT 1 FROM "silver"."spend_payments",gold.spend_totals',
      `SELECT 1 FROM ${SILVER},"a_gold"."spend_totals"`,
    ],
    ['SELECT silver.spend_payments.net FROM silver.spend_payments', `SELECT ${SILVER}.net FROM ${SILVER}`],
    [
      'SELECT count(*) FROM ops.source_files_spend_payments',
      'SELECT count(*) FROM "a_ops"."source_files_spend_payments"',
    ],
    [
      "SELECT 'FROM silver.spend_payments', 'it''s' -- silver.spend_payments\nFROM silver.spend_payments",
      `SELECT 'FROM silver.spend_payments', 'it''s' -- silver.spend_payments\nFROM ${SILVER}`,
    ],
    ['SELECT /* silver.spend_payments */ 1', 'SELECT /* silver.spend_payments */ 1'],
    [
      'SELECT x.silver.spend_payments, "silver.spend_payments" FROM x',
      'SELECT x.silver.spend_payments, "silver.spend_payments" FROM x',
    ],
    [
      'SELECT silver.amount FROM other.table_x AS silver',
      'SELECT silver.amount FROM other.table_x AS silver',
    ],
  ])('%s', (sql, sent) => {
    expect(athenaSql(sql, KNOWN, NOW)).toBe(sent);
  });

  test('of the past, rows are read as of the snapshot, and columns named as ever', () => {
    const sql =
      'SELECT silver.spend_payments.net FROM silver.spend_payments JOIN gold.spend_totals USING (month)';
    expect(athenaSql(sql, KNOWN, new Map([['silver.spend_payments', 4711]]))).toBe(
      `SELECT ${SILVER}.net FROM ${SILVER} FOR VERSION AS OF 4711 JOIN "a_gold"."spend_totals" USING (month)`,
    );
  });

  test('a table that there is not is named, with those that there are', () => {
    expect(() => athenaSql('SELECT * FROM silver.spend_payment', KNOWN, NOW)).toThrow(code('NO_TABLE'));
    expect(() => athenaSql('SELECT * FROM silver.spend_payment', KNOWN, NOW)).toThrow(
      /did you mean 'silver.spend_payments'/,
    );
    expect(() => athenaSql('SELECT * FROM x JOIN ops.runs ON true', KNOWN, NOW)).toThrow(/--engine local/);
  });

  test('those that rows are read from are found, each once', () => {
    const sql = 'SELECT silver.spend_payments.net FROM silver.spend_payments, silver.spend_payments AS b';
    expect(tablesIn(sql, KNOWN)).toEqual(['silver.spend_payments']);
    expect(tablesIn("SELECT 'silver.spend_payments'", KNOWN)).toEqual([]);
  });

  test('whatever else stands in the SQL stays as it is, character by character', () => {
    const part = fc.constantFrom(
      'silver',
      '.',
      'spend_payments',
      '"',
      "'",
      '--',
      '/*',
      '*/',
      '\n',
      ' ',
      ';',
      'é',
      '😀',
      'a',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(part).map((parts) => parts.join('')),
        ),
        (sql) => {
          expect(rewriteTables(sql, new Map(), ({ name }) => name)).toBe(sql);
        },
      ),
    );
  });
});

describe('what is asked', () => {
  test.each([
    'SELECT 1',
    ' with x as (select 1) select * from x ;\n',
    '(SELECT 1)',
    'VALUES 1',
    '-- note\nSELECT 1',
  ])('%j is a query', (sql) => {
    expect(readRequest(sql, KNOWN)).toEqual({ kind: 'query', sql: sql.replace(/[\s;]+$/, '') });
  });

  test('SHOW TABLES and DESCRIBE are understood', () => {
    expect(readRequest('show  tables;', KNOWN)).toEqual({ kind: 'show-tables' });
    for (const sql of [
      'SHOW TABLES FROM silver',
      'show all tables in "Silver" -- all',
      'SHOW TABLES FROM\nSILVER;',
    ])
      expect(readRequest(sql, KNOWN)).toEqual({ kind: 'show-tables', schema: 'silver' });
    expect(readRequest('DESCRIBE gold.spend_totals', KNOWN)).toEqual({
      kind: 'describe',
      table: 'gold.spend_totals',
    });
    expect(() => readRequest('DESCRIBE gold.nothing', KNOWN)).toThrow(code('NO_TABLE'));
    expect(() => readRequest('DESCRIBE 1', KNOWN)).toThrow(code('SQL'));
  });

  test.each([
    'DROP TABLE silver.spend_payments',
    'INSERT INTO silver.spend_payments SELECT 1',
    'CREATE TABLE x AS SELECT 1',
    "UNLOAD (SELECT 1) TO 's3://x/' WITH (format = 'PARQUET')",
    'DELETE FROM silver.spend_payments',
    'EXPLAIN ANALYZE DELETE FROM silver.spend_payments',
    '/* SELECT */ VACUUM silver.spend_payments',
    "EXECUTE prepared USING 'SELECT'",
    'SELECT 1; DROP TABLE silver.spend_payments',
    '',
  ])('%j is refused', (sql) => {
    expect(() => readRequest(sql, KNOWN)).toThrow(code('SQL'));
  });
});
