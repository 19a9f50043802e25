import type { GoldContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { type Engine, integerOf, readParquet } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { monthIndexSql } from '../engine/write-data-files.ts';
import { DataError } from '../errors.ts';
import { monthLabel } from '../naming.ts';
import type { MonthRange } from './months.ts';

/**
 * Makes a Silver snapshot readable as `silver.<domain>_<name>`, the name that Gold SQL and analysts use. A column that came
 * after all of its files, as after a rollback, is NULL.
 */
export async function createTableView(
  engine: Engine,
  name: string,
  columns: readonly { readonly name: string; readonly type: string }[],
  paths: readonly string[],
): Promise<void> {
  const [schema = '', table = ''] = name.split('.');
  await engine.run(`CREATE SCHEMA IF NOT EXISTS ${identifier(schema)}`);
  const list = columns.map(({ name: column }) => identifier(column)).join(', ');
  const empty = columns
    .map(({ name: column, type }) => `CAST(NULL AS ${type}) AS ${identifier(column)}`)
    .join(', ');
  const stored = paths.length === 0 ? '' : ` UNION ALL BY NAME SELECT * FROM ${readParquet(paths)}`;
  await engine.run(
    `CREATE OR REPLACE VIEW ${identifier(schema)}.${identifier(table)} AS SELECT ${list} FROM (SELECT ${empty} WHERE false${stored})`,
  );
}

/** Gold SQL with its window put in; the parameters stand as `{{from_month}}` and `{{to_month}}`. */
export function bindMonths(sql: string, range: MonthRange): string {
  const first = (month: number): string => `DATE ${literal(`${monthLabel(month)}-01`)}`;
  return sql
    .replaceAll('{{from_month}}', first(range.from))
    .replaceAll('{{to_month}}', first(range.to))
    .trim()
    .replace(/;$/, '');
}

/**
 * Makes the table `rebuilt`: the contract's columns for the ranges, computed by its SQL. Throws DataError where
 * the result breaks the contract: a key twice, a required value missing, a row outside of its window.
 */
export async function rebuildMonths(
  engine: Engine,
  contract: GoldContract,
  sql: string,
  ranges: readonly MonthRange[],
): Promise<void> {
  const columns = contract.columns.map(
    ({ name, type }) => `CAST(${identifier(name)} AS ${duckType(type)}) AS ${identifier(name)}`,
  );
  for (const [n, range] of ranges.entries()) {
    const select = `SELECT ${columns.join(', ')} FROM (${bindMonths(sql, range)}) AS result`;
    await engine.run(
      n === 0 ? `CREATE OR REPLACE TEMP TABLE rebuilt AS ${select}` : `INSERT INTO rebuilt ${select}`,
    );
    const outside = `NOT (${monthIndexSql(identifier(contract.partitionColumn))} BETWEEN ${range.from} AND ${range.to})`;
    if (n === ranges.length - 1 && ranges.length === 1)
      await refuseRows(engine, contract, outside, 'lie outside of the months asked for');
  }
  for (const { name, required } of contract.columns) {
    if (required) await refuseRows(engine, contract, `${identifier(name)} IS NULL`, `have no ${name}`);
  }
  const keys = contract.key.map(identifier).join(', ');
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS n FROM (SELECT 1 FROM rebuilt GROUP BY ${keys} HAVING count(*) > 1)`,
  );
  if (integerOf(row, 'n') > 0)
    throw broken(contract, `${integerOf(row, 'n')} keys (${contract.key.join(', ')}) stand more than once`);
}

async function refuseRows(
  engine: Engine,
  contract: GoldContract,
  condition: string,
  what: string,
): Promise<void> {
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM rebuilt WHERE ${condition}`);
  if (integerOf(row, 'n') > 0) throw broken(contract, `${integerOf(row, 'n')} rows ${what}`);
}

function broken(contract: GoldContract, what: string): DataError {
  return new DataError(
    'GOLD_BREAKS_CONTRACT',
    `sql/gold/${contract.sql} breaks the contract of ${contract.dataset}: ${what}. Gold stays as it was.`,
    {
      context: { dataset: contract.dataset },
    },
  );
}

/**
 * Makes the table `restated`: every value that months published before now have otherwise, with the old and the
 * new one; a row that came or went has NULL on one side. Returns how many values were restated.
 */
export async function findRestatements(
  engine: Engine,
  contract: GoldContract,
  oldPaths: readonly string[],
): Promise<number> {
  const keys = contract.key.map(identifier);
  const values = contract.columns
    .filter(({ name }) => !contract.key.includes(name))
    .map(({ name }) => identifier(name));
  const unpivot = (from: string): string =>
    `SELECT ${keys.join(', ')}, CAST(${identifier(contract.partitionColumn)} AS DATE) AS month$, name$, value$
     FROM (UNPIVOT (SELECT ${keys.join(', ')}, ${values.map((v) => `coalesce(CAST(${v} AS VARCHAR), '') AS ${v}`).join(', ')} FROM ${from})
       ON ${values.join(', ')} INTO NAME name$ VALUE value$)`;
  if (oldPaths.length === 0 || values.length === 0) {
    await engine.run(
      'CREATE OR REPLACE TEMP TABLE restated (as_of_month DATE, "key" VARCHAR, "column" VARCHAR, old_value VARCHAR, new_value VARCHAR)',
    );
    return 0;
  }
  const old = readParquet(oldPaths);
  const monthOf = `CAST(date_trunc('month', ${identifier(contract.partitionColumn)}) AS DATE)`;
  const published = `(SELECT * FROM rebuilt WHERE ${monthOf} IN (SELECT DISTINCT ${monthOf} FROM ${old}))`;
  const json = contract.key
    .flatMap((key) => [literal(key), `coalesce(a.${identifier(key)}, b.${identifier(key)})`])
    .join(', ');
  const same = [...keys, 'name$'].map((key) => `a.${key} IS NOT DISTINCT FROM b.${key}`).join(' AND ');
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE restated AS
     SELECT CAST(date_trunc('month', coalesce(a.month$, b.month$)) AS DATE) AS as_of_month, CAST(json_object(${json}) AS VARCHAR) AS "key",
       coalesce(a.name$, b.name$) AS "column", a.value$ AS old_value, b.value$ AS new_value
     FROM (${unpivot(old)}) AS a FULL JOIN (${unpivot(published)}) AS b ON ${same}
     WHERE a.value$ IS DISTINCT FROM b.value$`,
  );
  const [row = {}] = await engine.rows('SELECT count(*) AS n FROM restated');
  return integerOf(row, 'n');
}

/** Column names and DuckDB types of a table's schema. */
export function viewColumns(
  row: readonly { readonly name: string; readonly type: Parameters<typeof duckType>[0] }[],
): { name: string; type: string }[] {
  return row.map(({ name, type }) => ({ name, type: duckType(type) }));
}
