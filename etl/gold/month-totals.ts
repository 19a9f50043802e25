import type { GoldContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import type { Engine, SqlValue } from '../engine/engine.ts';
import { type ExactSum, exactSum } from '../engine/exact-sum.ts';
import { identifier } from '../engine/sql.ts';

/** The rows of a Gold table in one month, of one unit where its amounts have one: before and after. */
export interface MonthTotals {
  /** `YYYY-MM`. */
  readonly month: string;
  readonly unit: string | null;
  readonly rows: { readonly before: number; readonly after: number };
  /** The sum of each decimal column, as text; null where there are no rows. */
  readonly sums: readonly {
    readonly column: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
}

/** Two states of a Gold table's rows, as they stand behind FROM; `before` is undefined where there was none. */
export interface BeforeAndAfter {
  readonly before: string | undefined;
  readonly after: string;
  readonly unit: string | undefined;
}

/** How many rows each month has and what its decimals add up to, before and after, by month. */
export async function monthTotals(
  engine: Engine,
  contract: GoldContract,
  { before, after, unit }: BeforeAndAfter,
): Promise<MonthTotals[]> {
  const nulls = contract.columns.map(
    ({ name, type }) => `CAST(NULL AS ${duckType(type)}) AS ${identifier(name)}`,
  );
  const names = contract.columns.map(({ name }) => identifier(name)).join(', ');
  const side = (rows: string, isAfter: boolean): string =>
    `SELECT ${names}, ${isAfter} AS after$ FROM (SELECT ${nulls.join(', ')} WHERE false UNION ALL BY NAME SELECT * FROM ${rows})`;
  const both = [...(before === undefined ? [] : [side(before, false)]), side(after, true)];
  await engine.run(`CREATE OR REPLACE TEMP TABLE both$ AS ${both.join(' UNION ALL ')}`);
  const decimals: ({ readonly column: string } & ExactSum)[] = [];
  for (const { name: column, type } of contract.columns) {
    if (type.kind !== 'decimal' || contract.key.includes(column)) continue;
    const { precision, scale } = type;
    const sum = await exactSum(engine, { value: identifier(column), precision, scale, from: 'both$' });
    decimals.push({ column, ...sum });
  }
  const sums = decimals.flatMap(({ summand }) =>
    ['NOT after$', 'after$'].map((when) => `CAST(sum(${summand}) FILTER (${when}) AS VARCHAR)`),
  );
  const group = unit === undefined ? 'CAST(NULL AS VARCHAR)' : `CAST(${identifier(unit)} AS VARCHAR)`;
  const month = `strftime(${identifier(contract.partitionColumn)}, '%Y-%m')`;
  const { rows } = await engine.result(
    `SELECT ${[`${month} AS m`, `${group} AS u`, 'count(*) FILTER (NOT after$)', 'count(*) FILTER (after$)', ...sums].join(', ')}
     FROM both$ GROUP BY m, u ORDER BY m, u`,
  );
  return rows.map(([at, of, had, has, ...totals]) => ({
    month: String(at),
    unit: typeof of === 'string' ? of : null,
    rows: { before: Number(had), after: Number(has) },
    sums: decimals.map(({ column, read }, n) => ({
      column,
      before: totalOf(totals[2 * n], read),
      after: totalOf(totals[2 * n + 1], read),
    })),
  }));
}

const totalOf = (value: SqlValue | undefined, read: (total: string) => string): string | null =>
  typeof value === 'string' ? read(value) : null;
