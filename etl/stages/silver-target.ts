import { runFolder } from '../naming/tables.ts';
import type { RewriteTarget } from '../sealing/rewrite.ts';
import type { Sealing } from '../sealing/sealing.ts';
import { boundedColumns } from './bounded-columns.ts';
import type { DatasetTables } from './dataset-tables.ts';

/** Where a run writes files of Silver anew. */
export async function silverTarget(
  { effects, engine, scratch, context, held }: Omit<Sealing, 'written'>,
  tables: DatasetTables,
): Promise<Omit<RewriteTarget, 'partPrefix'>> {
  const { plan, contract } = context;
  const table = await tables.table('silver');
  return {
    engine,
    data: effects.data,
    scratch,
    held,
    table,
    root: runFolder(table.root, contract.version, plan.runId),
    partitionColumn: contract.partitionColumn,
    bounded: boundedColumns(contract, 'silver'),
  };
}
