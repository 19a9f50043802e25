import { readParquet } from '../engine/engine.ts';
import { LET_GO_SQL } from '../quarantine/current-rejects.ts';
import { blankedSql } from '../quarantine/letting-go/blanked-sql.ts';
import type { DatasetTables } from '../stages/dataset-tables.ts';
import { replacedFiles } from '../stages/documents.ts';
import type { Sealing } from './sealing.ts';

/**
 * The rows of a SELECT of rejects as they are to be written: where a run reads files again, a record that was let go
 * stays without its values. Other runs pay nothing. Of a migration it needs `old_rejects`.
 */
export async function keepLetGo(
  { engine, context: { plan } }: Sealing,
  tables: Pick<DatasetTables, 'paths'>,
): Promise<(select: string) => string> {
  const isMigration = plan.generation !== undefined;
  if (!isMigration && replacedFiles(plan).length === 0) return (select) => select;
  const paths = [...(await tables.paths('quarantine')), ...(await tables.paths('condemned'))];
  const from = isMigration ? 'old_rejects' : paths.length === 0 ? undefined : readParquet(paths);
  if (from === undefined) return (select) => select;
  const place = "concat(source_file_id, ':', source_row_number)";
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE let_go_places AS SELECT DISTINCT ${place} AS place FROM ${from} WHERE ${LET_GO_SQL}`,
  );
  return (select) => `SELECT ${blankedSql(`${place} IN (SELECT place FROM let_go_places)`)} FROM (${select})`;
}
