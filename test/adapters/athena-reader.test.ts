import { describe, expect, test } from '@jest/globals';
import { athenaReaderSql, guardedSql, tablesOfReader } from '../../adapters/aws/athena-reader.ts';
import { knownTables } from '../../adapters/aws/athena-tables.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { readerOf } from '../../service/identity/reader.ts';
import { shippedContracts } from '../support/shipped-contracts.ts';

/** SQL for Athena of people whose rights are not the service's. */

const PREFIX = 'assay_staging_';
const contracts = [...(await loadContracts(shippedContracts())).contracts.values()];
const known = knownTables(contracts, PREFIX);
const analyst = readerOf({ name: 'ann', roles: ['analyst'] });
const sqlOf = (sql: string, reader = analyst): string =>
  athenaReaderSql(guardedSql(sql, PREFIX), {
    ...{ reader, contracts, databasePrefix: PREFIX, snapshots: new Map() },
    known: tablesOfReader(known, reader),
  });

test('a table with columns that the asker may not see is a masking view of the query', () => {
  const sql = sqlOf('SELECT account_id FROM silver.mortgages_transactions AS t');
  expect(sql).toMatch(/^WITH "masked silver\.mortgages_transactions" AS \(SELECT /);
  expect(sql).toContain(`CASE WHEN "account_id" IS NOT NULL THEN '•••' END AS "account_id"`);
  expect(sql).toContain('FROM "assay_staging_silver"."mortgages_transactions")\n');
  expect(sql).toMatch(/SELECT account_id FROM "masked silver\.mortgages_transactions" AS t$/);
});

test.each([
  ['WITH a AS (TABLE silver.mortgages_transactions) SELECT * FROM a', /^WITH "masked [\s\S]*\),\n a AS/],
  [
    'with recursive a AS (SELECT * FROM silver.mortgages_transactions) TABLE a',
    /^WITH RECURSIVE "masked [\s\S]*\),\n a AS/,
  ],
  ['(SELECT * FROM silver.mortgages_transactions)', /^WITH "masked [\s\S]*\)\n\(SELECT/],
])('views come before those of %s', (sql, shape) => {
  expect(sqlOf(sql)).toMatch(shape);
});

test('a table without such columns, or of who may see them, is read as it is', () => {
  const sql = 'SELECT * FROM silver.mortgages_transactions';
  const finance = readerOf({ name: 'fin', roles: ['finance'] });
  expect(sqlOf(sql, finance)).toBe('SELECT * FROM "assay_staging_silver"."mortgages_transactions"');
});

test.each(['SELECT * FROM quarantine.mortgages_transactions', 'SELECT * FROM gold.nothing'])(
  '%s: what is not there for a reader does not exist',
  (sql) => {
    expect(() => sqlOf(sql)).toThrow(expect.objectContaining({ code: 'NO_TABLE' }));
  },
);

describe('a name that only the service may say is refused, however it is written', () => {
  test.each([
    'SELECT * FROM assay_staging_silver.mortgages_transactions',
    'SELECT * FROM "Assay_Staging_Silver".mortgages_transactions',
    'SELECT * FROM silver.mortgages_transactions, awsdatacatalog.x.y',
    'SELECT * FROM information_schema.tables',
    'SELECT * FROM silver."mortgages_transactions$files"',
    'SELECT `a` FROM silver.mortgages_transactions',
    "SELECT 'never ends",
  ])('%s', (sql) => {
    expect(() => guardedSql(sql, PREFIX)).toThrow(expect.objectContaining({ code: 'SQL' }));
  });

  test('comments are left out: Athena ends one at a carriage return', () => {
    expect(guardedSql('SELECT 1 -- \r, assay_staging_silver.x\n+ 1 /* a */', PREFIX)).toBe(
      'SELECT 1  \n+ 1  ',
    );
    expect(guardedSql("SELECT '--assay_staging_silver'", PREFIX)).toBe("SELECT '--assay_staging_silver'");
  });
});
