import { checkedRules } from '../contract/check-rules.ts';
import { columnChecks } from '../contract/compile-column.ts';
import { passesSql } from '../contract/compile-record.ts';
import type { ProjectionContract } from '../contract/contract.ts';
import { isSealedColumn } from '../contract/table-columns.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { DataError } from '../errors.ts';
import type { FoldCode } from './fold-runner.ts';

/** A check that rows of a projection have to keep, as SQL of those that don't. */
interface Check {
  readonly rule: string;
  /** The column that it is of; absent for a rule over a row. */
  readonly column?: string;
  readonly fails: string;
}

/**
 * Throws DataError `PROJECTION_BREAKS_CONTRACT` where a row of `rebuilt` fails a check of a column or a rule of the contract.
 * Columns that hold envelopes are not checked, and no value passes each check but `required`.
 */
export async function refuseBroken(
  engine: Engine,
  contract: ProjectionContract,
  code: FoldCode,
): Promise<void> {
  const checks = await checksOf(engine, contract);
  if (checks.length === 0) return;
  const counted = checks.map(({ fails }, n) => `count(*) FILTER (${fails}) AS n${n}`);
  const [counts = {}] = await engine.rows(`SELECT ${counted.join(', ')} FROM rebuilt`);
  const place = checks.findIndex((_, n) => integerOf(counts, `n${n}`) > 0);
  const check = checks[place];
  if (check === undefined) return;
  const { dataset, key } = contract;
  const stream = `CAST(${identifier(key[0] ?? '')} AS VARCHAR)`;
  const [row = {}] = await engine.rows(
    `SELECT ${stream} AS stream FROM rebuilt WHERE ${check.fails} ORDER BY 1 LIMIT 1`,
  );
  const named = (code.tell ?? ((text: string) => text))(textOf(row, 'stream'), 'stream');
  const rows = integerOf(counts, `n${place}`);
  const what = `${rows === 1 ? '1 row' : `${rows} rows`} that ${rows === 1 ? 'breaks' : 'break'} the rule '${check.rule}'${check.column === undefined ? '' : ` of ${check.column}`}`;
  throw new DataError(
    'PROJECTION_BREAKS_CONTRACT',
    `projections/${code.file} gives ${what} (the first: stream ${named}). ${dataset} stays as it was; mend the code or the contract, and 'assay project ${dataset}' goes on.`,
    { context: { dataset, stream: named, rule: check.rule } },
  );
}

async function checksOf(engine: Engine, contract: ProjectionContract): Promise<Check[]> {
  const ofColumns = contract.columns
    .filter((column) => !isSealedColumn(column))
    .flatMap((column) =>
      columnChecks(column).map(
        ({ rule, fails }): Check => ({
          rule,
          column: column.name,
          fails: `${identifier(column.name)} IS NOT NULL AND ${fails}`,
        }),
      ),
    );
  const ofRows = (await checkedRules(engine, contract)).map(
    ({ rule, sql }): Check => ({ rule, fails: `NOT ${passesSql(sql)}` }),
  );
  return [...ofColumns, ...ofRows];
}
