import { figureColumns } from '../closing/rows-digest.ts';
import type { GoldContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { type Engine, integerOf, readParquet } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { monthIndexSql } from '../engine/write-data-files.ts';
import { DataError } from '../errors.ts';
import { monthLabel } from '../naming/tables.ts';
import { bindMonths } from './bind-months.ts';
import { setCarried } from './carried.ts';
import { checkedGoldSql } from './check-gold-sql.ts';
import { withConsenting } from './consent.ts';
import type { GoldQuery } from './files-read.ts';
import { goldBroken, goldSqlError } from './gold-error.ts';
import { type MonthRange, singleMonths } from './months.ts';
import { refuseBrokenRows } from './refuse-broken-rows.ts';

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

/** How the months of a Gold table are made. */
export interface MonthsMaking extends GoldQuery {
  /** Of a table that carries: SELECT of its rows of the month before each range; absent: there are none. */
  readonly carried?: string;
  /** Makes the inputs readable for what is asked for next; absent: they are. */
  readonly prepare?: (range: MonthRange) => Promise<void>;
  /** Has somebody else compute a range, and gives its rows as a table expression; absent: DuckDB does. */
  readonly answer?: (range: MonthRange) => Promise<string>;
}

/**
 * Makes the table `rebuilt`: the contract's columns for the ranges, computed by its SQL from those who consent to its purpose.
 * A table that carries is asked for month by month, each with the rows of the one before. Throws ConfigError `GOLD_SQL` where
 * the SQL is none that may be run, DataError `GOLD_OVERFLOW` where its numbers outgrow their types, and `GOLD_BREAKS_CONTRACT` where the result breaks the contract: a row
 * outside of the months that were asked for, a required value missing, a key twice, a check or a rule that it breaks; `GOLD_FAR_MONTHS` for more than 1,200 months of a table that carries.
 */
export async function rebuildMonths(
  engine: Engine,
  contract: GoldContract,
  { sql, ranges, carried, prepare, answer }: MonthsMaking,
): Promise<void> {
  if (contract.carry === true) refuseTooMany(contract, ranges);
  const asked = contract.carry === true ? ranges.flatMap(singleMonths) : ranges;
  if (contract.carry === true) await setCarried(engine, contract, carried);
  await engine.run(`CREATE OR REPLACE TEMP TABLE rebuilt (${contract.columns.map(columnSql).join(', ')})`);
  await withConsenting(engine, contract, async () => {
    for (const range of asked) {
      await prepare?.(range);
      await rebuildRange(engine, contract, { sql, range, rows: await answer?.(range) });
      await engine.run('INSERT INTO rebuilt FROM rebuilt_range');
      if (contract.carry === true) await setCarried(engine, contract, 'FROM rebuilt_range');
    }
  });
  await engine.run('DROP TABLE IF EXISTS rebuilt_range');
  const keys = contract.key.map(identifier).join(', ');
  const repeated = `(SELECT 1 FROM rebuilt GROUP BY ${keys} HAVING count(*) > 1)`;
  await refuseKeys(engine, contract, repeated, 'stand more than once');
  await refuseBrokenRows(engine, contract);
}

/** Months of a table that carries that are made at once: a century. Each is a query and a file, and has a row for all that goes on. */
const MOST_CARRIED_MONTHS = 1_200;

/** Throws DataError `GOLD_FAR_MONTHS` where a table that carries would be made for more months, since some record says a year that can't be meant. */
function refuseTooMany(contract: GoldContract, ranges: readonly MonthRange[]): void {
  const [first, last] = [ranges[0], ranges.at(-1)];
  const months = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  if (first === undefined || last === undefined || months <= MOST_CARRIED_MONTHS) return;
  const { dataset, inputs } = contract;
  throw new DataError(
    'GOLD_FAR_MONTHS',
    `${dataset} carries each month on to the next one, and would be made for ${months} months, ${monthLabel(first.from)} to ${monthLabel(last.to)}; it may be ${MOST_CARRIED_MONTHS} at once. It stays as it was. A record of ${inputs.join(' or ')} has a date that is hardly meant: find it by 'assay query', take its run back by 'assay rollback', and let the contract refuse such dates (a minimum and a maximum of the column).`,
    { context: { dataset } },
  );
}

const columnSql = ({ name, type }: GoldContract['columns'][number]): string =>
  `${identifier(name)} ${duckType(type)}`;

/** Makes the table `rebuilt_range`: the rows of one range, each of them within it. */
async function rebuildRange(
  engine: Engine,
  contract: GoldContract,
  {
    sql,
    range,
    rows,
  }: { readonly sql: string; readonly range: MonthRange; readonly rows: string | undefined },
): Promise<void> {
  const from = rows ?? `(${await checkedGoldSql(engine, contract, bindMonths(sql, range))})`;
  const columns = contract.columns.map(
    ({ name, type }) => `CAST(${identifier(name)} AS ${duckType(type)}) AS ${identifier(name)}`,
  );
  const create = `CREATE OR REPLACE TEMP TABLE rebuilt_range AS SELECT ${columns.join(', ')} FROM ${from} AS result`;
  try {
    await engine.naming(`Gold SQL of ${contract.dataset}`).run(create);
  } catch (error) {
    throw goldSqlError(error, contract);
  }
  // Such a row would double the one that its own month has.
  const month = monthIndexSql(identifier(contract.partitionColumn));
  const outside = `NOT (${month} BETWEEN ${range.from} AND ${range.to})`;
  const asked = `${monthLabel(range.from)} to ${monthLabel(range.to)}`;
  await refuseRows(
    engine,
    contract,
    { from: 'rebuilt_range', condition: outside },
    `lie outside of the months asked for, ${asked}: its window must be {{from_month}} to {{to_month}}, both included`,
  );
}

/**
 * Throws DataError `GOLD_BREAKS_CONTRACT` where a key of `rebuilt` stands in months that are kept as they are. A key that
 * has the partition column can't.
 */
export async function refuseKeptKeys(
  engine: Engine,
  contract: GoldContract,
  keptPaths: () => Promise<readonly string[]>,
): Promise<void> {
  if (contract.key.includes(contract.partitionColumn)) return;
  const paths = await keptPaths();
  if (paths.length === 0) return;
  const keys = contract.key.map(identifier).join(', ');
  const both = `(SELECT ${keys} FROM rebuilt INTERSECT SELECT ${keys} FROM ${readParquet(paths)})`;
  await refuseKeys(engine, contract, both, 'stand in other months too');
}

async function refuseKeys(engine: Engine, contract: GoldContract, from: string, what: string): Promise<void> {
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM ${from}`);
  const count = integerOf(row, 'n');
  if (count > 0) throw goldBroken(contract, `${count} keys (${contract.key.join(', ')}) ${what}`);
}

/** Rows that may not be. */
interface WrongRows {
  readonly from: string;
  readonly condition: string;
}

async function refuseRows(
  engine: Engine,
  contract: GoldContract,
  { from, condition }: WrongRows,
  what: string,
): Promise<void> {
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM ${from} WHERE ${condition}`);
  if (integerOf(row, 'n') > 0) throw goldBroken(contract, `${integerOf(row, 'n')} rows ${what}`);
}

/**
 * Makes the table `restated`: every value that published months have otherwise now, old and new. One side is NULL where
 * a row came or went. Columns that the old files lack have first values, which restate nothing. Returns how many values
 * were restated.
 */
export async function findRestatements(
  engine: Engine,
  contract: GoldContract,
  oldPaths: readonly string[],
): Promise<number> {
  const keys = contract.key.map(identifier);
  const there = new Set(oldPaths.length === 0 ? [] : await figureColumns(engine, readParquet(oldPaths)));
  const columns = contract.columns.filter(({ name }) => there.has(name));
  const values = columns
    .filter(({ name }) => !contract.key.includes(name))
    .map(({ name }) => identifier(name));
  // In today's types: more decimals don't make a figure another one.
  const typed = columns
    .map(({ name, type }) => `TRY_CAST(${identifier(name)} AS ${duckType(type)}) AS ${identifier(name)}`)
    .join(', ');
  // Match rows by key and month: if the key lacks the month, a row may move between months.
  const month = `CAST(date_trunc('month', CAST(${identifier(contract.partitionColumn)} AS DATE)) AS DATE) AS month$`;
  const unpivot = (from: string): string =>
    `SELECT ${keys.join(', ')}, month$, name$, value$
     FROM (UNPIVOT (SELECT ${keys.join(', ')}, ${month}, ${values.map((v) => `coalesce(CAST(${v} AS VARCHAR), '') AS ${v}`).join(', ')} FROM (SELECT ${typed} FROM ${from}))
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
  const same = [...keys, 'month$', 'name$']
    .map((key) => `a.${key} IS NOT DISTINCT FROM b.${key}`)
    .join(' AND ');
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE restated AS
     SELECT coalesce(a.month$, b.month$) AS as_of_month, CAST(json_object(${json}) AS VARCHAR) AS "key",
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
