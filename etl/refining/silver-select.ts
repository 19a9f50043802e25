import type { SourceContract } from '../contract/contract.ts';
import { constant, identifier, literal } from '../engine/sql.ts';
import type { Plan } from '../stages/documents.ts';
import type { LakeTable } from '../table/lake-table.ts';
import { currentSchema } from '../table/metadata.ts';

/** SELECT of the records of `staged` that passed, with their lineage, in the order of Silver's columns. */
export function silverSelect(
  contract: SourceContract,
  plan: Plan,
  silver: LakeTable,
  hasPrior: boolean,
): string {
  const lineage: Readonly<Record<string, string>> = {
    attempt_count: hasPrior ? 'CAST(coalesce(prior.failures, 0) AS INTEGER)' : 'CAST(0 AS INTEGER)',
    ingestion_timestamp: `CAST(${literal(plan.plannedAt)} AS TIMESTAMPTZ)`,
    run_id: constant(plan.runId),
    source_row_number: 'CAST(source_row_number AS BIGINT)',
  };
  const known = new Set(contract.columns.map(({ name }) => name));
  const columns = currentSchema(silver.metadata).fields.map(({ name }) => {
    const sql = known.has(name) ? undefined : lineage[name];
    return `${sql ?? `staged.${identifier(name)}`} AS ${identifier(name)}`;
  });
  const join = hasPrior ? 'LEFT JOIN prior ON prior.row_hash = staged.row_hash' : '';
  return `SELECT ${columns.join(', ')} FROM staged ${join} WHERE passed$`;
}
