import type { Contract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { isByRecord } from '../contract/record-key.ts';
import { type Engine, integerOf, type SqlRow, textOf } from '../engine/engine.ts';
import { exactSum } from '../engine/exact-sum.ts';
import { identifier, literal } from '../engine/sql.ts';

/** A sum over the added and over the removed rows; `by` is what it is for. */
export interface MeasureChange {
  readonly measure: string;
  readonly by: string | null;
  readonly added: string;
  readonly removed: string;
}

/** What changed in one month, `YYYY-MM`. */
export interface MonthChange {
  readonly month: string;
  readonly rowsAdded: number;
  readonly rowsRemoved: number;
  readonly measures: readonly MeasureChange[];
}

/** What became of one key; `values` are the columns that differ, as text. */
export interface KeyChange {
  readonly change: 'added' | 'removed' | 'changed';
  readonly month: string;
  readonly key: Readonly<Record<string, string | null>>;
  readonly values: Readonly<Record<string, { readonly old: string | null; readonly new: string | null }>>;
}

/** What differs between two states of a table. */
export interface RowsDiff {
  readonly rowsAdded: number;
  readonly rowsRemoved: number;
  readonly months: readonly MonthChange[];
  /** How many keys changed in all. */
  readonly keyCount: number;
  /** The first of them, by month and key. */
  readonly keys: readonly KeyChange[];
}

/** Rows of two states, each as it stands behind FROM; undefined for none. */
export interface RowSides {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What differs between rows of two states of a table, by the contract's columns; at most so many keys are named. */
export async function compareRows(
  engine: Engine,
  contract: Contract,
  sides: RowSides,
  mostKeys: number,
): Promise<RowsDiff> {
  await createSides(engine, contract, sides);
  const months = await readMonths(engine, contract);
  const keys = await readKeys(engine, contract, mostKeys);
  return {
    rowsAdded: months.reduce((sum, { rowsAdded }) => sum + rowsAdded, 0),
    rowsRemoved: months.reduce((sum, { rowsRemoved }) => sum + rowsRemoved, 0),
    months,
    ...keys,
  };
}

/** Makes the tables `went` and `came`: rows of one side that the other hasn't got, as often as they stand there. */
async function createSides(engine: Engine, contract: Contract, { before, after }: RowSides): Promise<void> {
  const names = contract.columns.map(({ name }) => identifier(name)).join(', ');
  const nulls = contract.columns.map(
    ({ name, type }) => `CAST(NULL AS ${duckType(type)}) AS ${identifier(name)}`,
  );
  const empty = `SELECT ${nulls.join(', ')} WHERE false`;
  const side = (rows: string | undefined): string =>
    rows === undefined
      ? `(${empty})`
      : `(SELECT ${names} FROM (${empty} UNION ALL BY NAME SELECT * FROM ${rows}))`;
  const month = `strftime(${identifier(contract.partitionColumn)}, '%Y-%m') AS month$`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE went AS SELECT *, ${month} FROM (${side(before)} EXCEPT ALL ${side(after)})`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE came AS SELECT *, ${month} FROM (${side(after)} EXCEPT ALL ${side(before)})`,
  );
}

async function readMonths(engine: Engine, contract: Contract): Promise<MonthChange[]> {
  const rows = await engine.rows(
    `SELECT month$ AS month, count(*) FILTER (is_new) AS came, count(*) FILTER (NOT is_new) AS went
     FROM (SELECT month$, true AS is_new FROM came UNION ALL SELECT month$, false FROM went) GROUP BY ALL ORDER BY month`,
  );
  const measures = new Map<string, MeasureChange[]>();
  for (const { column, by, precision, scale } of measuresOf(contract)) {
    const zero = scale === 0 ? '0' : `0.${'0'.repeat(scale)}`;
    const value = `CAST(${identifier(column)} AS DECIMAL(38, ${scale}))`;
    const group = by === undefined ? 'CAST(NULL AS VARCHAR)' : `CAST(${identifier(by)} AS VARCHAR)`;
    const from = `(SELECT month$, ${group} AS by$, ${value} AS value$, true AS is_new FROM came
         UNION ALL SELECT month$, ${group}, ${value}, false FROM went)`;
    const { summand, read } = await exactSum(engine, { value: 'value$', precision, scale, from });
    const sums = await engine.rows(
      `SELECT month$ AS month, by$ AS "by", CAST(sum(${summand}) FILTER (is_new) AS VARCHAR) AS added,
         CAST(sum(${summand}) FILTER (NOT is_new) AS VARCHAR) AS removed
       FROM ${from} GROUP BY ALL ORDER BY month, "by"`,
    );
    const total = (text: unknown): string => (typeof text === 'string' ? read(text) : zero);
    for (const row of sums) {
      const month = textOf(row, 'month');
      const change = { measure: column, by: textOrNull(row.by), added: total(row.added) };
      measures.set(month, [...(measures.get(month) ?? []), { ...change, removed: total(row.removed) }]);
    }
  }
  return rows.map((row) => ({
    month: textOf(row, 'month'),
    rowsAdded: integerOf(row, 'came'),
    rowsRemoved: integerOf(row, 'went'),
    measures: measures.get(textOf(row, 'month')) ?? [],
  }));
}

/** The measures that a contract declares; of a Gold table, its figures. */
function measuresOf(contract: Contract): {
  readonly column: string;
  readonly by?: string;
  readonly precision: number;
  readonly scale: number;
}[] {
  const typeOf = (name: string): { precision: number; scale: number } => {
    const type = contract.columns.find((column) => column.name === name)?.type;
    return type?.kind === 'decimal'
      ? { precision: type.precision, scale: type.scale }
      : { precision: 19, scale: 0 };
  };
  if (contract.layer === 'silver')
    return contract.measures.map((measure) => ({ ...measure, ...typeOf(measure.column) }));
  return contract.columns
    .filter(({ name, type }) => type.kind === 'decimal' && !contract.key.includes(name))
    .map(({ name }) => ({ column: name, ...typeOf(name) }));
}

async function readKeys(
  engine: Engine,
  contract: Contract,
  most: number,
): Promise<Pick<RowsDiff, 'keyCount' | 'keys'>> {
  const names = contract.columns.map(({ name }) => name);
  const keyNames = isByRecord(contract) ? names : contract.key;
  const keys = keyNames.map(identifier);
  const others = names.filter((name) => !keyNames.includes(name));
  const same = keys.map((key) => `a.${key} IS NOT DISTINCT FROM b.${key}`).join(' AND ');
  const pair = (name: string): string =>
    `${literal(name)}, json_object('old', CAST(a.${identifier(name)} AS VARCHAR), 'new', CAST(b.${identifier(name)} AS VARCHAR))`;
  const key = keyNames.map(
    (name) => `${literal(name)}, CAST(coalesce(a.${identifier(name)}, b.${identifier(name)}) AS VARCHAR)`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE keys$ AS SELECT coalesce(b.month$, a.month$) AS month,
       CASE WHEN a.here$ IS NULL THEN 'added' WHEN b.here$ IS NULL THEN 'removed' ELSE 'changed' END AS change,
       CAST(json_object(${key.join(', ')}) AS VARCHAR) AS key, CAST(json_object(${others.map(pair).join(', ')}) AS VARCHAR) AS "values"
     FROM (SELECT *, true AS here$ FROM went) AS a FULL JOIN (SELECT *, true AS here$ FROM came) AS b ON ${same}`,
  );
  const [counted = {}] = await engine.rows('SELECT count(*) AS n FROM keys$');
  const rows = await engine.rows(`SELECT * FROM keys$ ORDER BY month, key, change LIMIT ${most}`);
  return { keyCount: integerOf(counted, 'n'), keys: rows.map(keyChange) };
}

function keyChange(row: SqlRow): KeyChange {
  const values = JSON.parse(textOf(row, 'values')) as KeyChange['values'];
  const differing = Object.entries(values).filter(([, { old, new: now }]) => old !== now);
  const change = textOf(row, 'change');
  return {
    change: change === 'added' || change === 'removed' ? change : 'changed',
    month: textOf(row, 'month'),
    key: JSON.parse(textOf(row, 'key')) as KeyChange['key'],
    values: Object.fromEntries(differing),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
