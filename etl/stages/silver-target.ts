import type { Engine } from '../engine/engine.ts';
import { runFolder } from '../naming/tables.ts';
import type { Effects, Scratch } from '../ports.ts';
import type { RewriteTarget } from '../sealing/rewrite.ts';
import { boundedColumns } from './bounded-columns.ts';
import type { DatasetTables } from './dataset-tables.ts';
import type { RunContext } from './run-context.ts';

/** What a run writes with. */
export interface Writing {
  readonly effects: Effects;
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly context: RunContext;
}

/** Where a run writes files of Silver anew. */
export async function silverTarget(
  { effects, engine, scratch, context }: Writing,
  tables: DatasetTables,
): Promise<Omit<RewriteTarget, 'partPrefix'>> {
  const { plan, contract } = context;
  const table = await tables.table('silver');
  return {
    engine,
    data: effects.data,
    scratch,
    table,
    root: runFolder(table.root, contract.version, plan.runId),
    partitionColumn: contract.partitionColumn,
    bounded: boundedColumns(contract, 'silver'),
  };
}
