import type { ProjectionContract } from '../contract/contract.ts';
import { brokenChecks, checkText, rowChecks } from '../contract/row-checks.ts';
import { type Engine, textOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { DataError } from '../errors.ts';
import type { FoldCode } from './fold-runner.ts';

/**
 * Throws DataError `PROJECTION_BREAKS_CONTRACT` where a row of `rebuilt` fails a check of a column or a rule of the contract.
 * Columns that hold envelopes are not checked, and no value passes each check but `required`.
 */
export async function refuseBroken(
  engine: Engine,
  contract: ProjectionContract,
  code: FoldCode,
): Promise<void> {
  const [broken] = await brokenChecks(engine, await rowChecks(engine, contract), 'rebuilt');
  if (broken === undefined) return;
  const { check, rows } = broken;
  const { dataset, key } = contract;
  const stream = `CAST(${identifier(key[0] ?? '')} AS VARCHAR)`;
  const [row = {}] = await engine.rows(
    `SELECT ${stream} AS stream FROM rebuilt WHERE ${check.fails} ORDER BY 1 LIMIT 1`,
  );
  const named = (code.tell ?? ((text: string) => text))(textOf(row, 'stream'), 'stream');
  const what = `${rows === 1 ? '1 row that breaks' : `${rows} rows that break`} ${checkText(check)}`;
  throw new DataError(
    'PROJECTION_BREAKS_CONTRACT',
    `projections/${code.file} gives ${what} (the first: stream ${named}). ${dataset} stays as it was; mend the code or the contract, and 'assay project ${dataset}' goes on.`,
    { context: { dataset, stream: named, rule: check.rule } },
  );
}
