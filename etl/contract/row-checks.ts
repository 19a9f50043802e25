import { type Engine, integerOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { checkedRules, type RuledContract } from './check-rules.ts';
import { columnChecks } from './compile-column.ts';
import { passesSql } from './compile-record.ts';
import { isSealedColumn } from './table-columns.ts';

/** A check that the rows of a table have to keep, as SQL of those that don't. */
export interface RowCheck {
  readonly rule: string;
  /** The column that it is of; absent for a rule over a row. */
  readonly column?: string;
  /** True where a row breaks it, never NULL. */
  readonly fails: string;
}

/** A check, and how many rows break it. */
export interface BrokenCheck {
  readonly check: RowCheck;
  readonly rows: number;
}

/**
 * Every check of columns and rule of a contract, for rows that Assay makes: of Gold tables and projections. Columns that hold
 * envelopes are not checked, and no value passes each check but `required`. Throws ConfigError `RULE_INVALID`.
 */
export async function rowChecks(engine: Engine, contract: RuledContract): Promise<readonly RowCheck[]> {
  const ofColumns = contract.columns
    .filter((column) => !isSealedColumn(column))
    .flatMap((column) =>
      columnChecks(column).map(
        ({ rule, fails }): RowCheck => ({
          rule,
          column: column.name,
          fails: `(${identifier(column.name)} IS NOT NULL AND ${fails})`,
        }),
      ),
    );
  const ofRows = (await checkedRules(engine, contract)).map(
    ({ rule, sql }): RowCheck => ({ rule, fails: `NOT ${passesSql(sql)}` }),
  );
  return [...ofColumns, ...ofRows];
}

/** The checks that rows of a table of the engine break, in the contract's order; one pass over the table. */
export async function brokenChecks(
  engine: Engine,
  checks: readonly RowCheck[],
  from: string,
): Promise<readonly BrokenCheck[]> {
  if (checks.length === 0) return [];
  const counted = checks.map(({ fails }, n) => `count(*) FILTER (${fails}) AS n${n}`);
  const [counts = {}] = await engine.rows(`SELECT ${counted.join(', ')} FROM ${from}`);
  return checks
    .map((check, n) => ({ check, rows: integerOf(counts, `n${n}`) }))
    .filter(({ rows }) => rows > 0);
}

/** `the rule 'range' of payments`. */
export const checkText = ({ rule, column }: RowCheck): string =>
  `the rule '${rule}'${column === undefined ? '' : ` of ${column}`}`;
