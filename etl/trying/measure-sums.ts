import type { ContractColumn, SourceContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { exactSum } from '../engine/exact-sum.ts';
import { identifier } from '../engine/sql.ts';
import type { ColumnType, TableColumn } from '../table/schema.ts';

/** What a measure adds up to in two states of a table, as text. */
export interface SumChange {
  readonly measure: string;
  readonly before: string;
  readonly after: string;
}

/** Two states of Silver, as they stand behind FROM, and the columns that each has. */
export interface TwoStates {
  readonly before: { readonly from: string; readonly columns: readonly TableColumn[] };
  readonly after: { readonly from: string; readonly columns: readonly TableColumn[] };
}

/** The sums of a contract's measures that both states have, each by its own type. */
export async function sumChanges(
  engine: Engine,
  { measures }: Pick<SourceContract, 'measures'>,
  { before, after }: TwoStates,
): Promise<SumChange[]> {
  const changes: SumChange[] = [];
  for (const { column } of measures) {
    const [old, next] = [before, after].map(({ columns }) => columns.find(({ name }) => name === column));
    if (old === undefined || next === undefined) continue;
    changes.push({
      measure: column,
      before: await sumOf(engine, old, before.from),
      after: await sumOf(engine, next, after.from),
    });
  }
  return changes;
}

async function sumOf(
  engine: Engine,
  { name, type }: Pick<ContractColumn, 'name'> & { readonly type: ColumnType },
  from: string,
): Promise<string> {
  const scale = type.kind === 'decimal' ? type.scale : 0;
  const values = `(SELECT TRY_CAST(${identifier(name)} AS DECIMAL(38, ${scale})) AS value$ FROM ${from})`;
  const { summand, read } = await exactSum(engine, { value: 'value$', precision: 38, scale, from: values });
  const [row = {}] = await engine.rows(`SELECT CAST(sum(${summand}) AS VARCHAR) AS total FROM ${values}`);
  return typeof row.total === 'string' ? read(row.total) : '0';
}
