import type { Contract } from '../../etl/contract/contract.ts';
import { ConfigError } from '../../etl/errors.ts';
import { type Layer, tableName } from '../../etl/naming.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import { type AsOf, momentOf, seenOf } from '../../etl/query/as-of.ts';
import { DATASET_TABLES } from '../../etl/stages/dataset-tables.ts';
import { type LakeTable, openTable } from '../../etl/table/lake-table.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import type { KnownTables } from './athena-sql.ts';
import { glueName } from './glue-catalog.ts';

interface LayerTable {
  readonly name: string;
  readonly layer: Layer;
  readonly contract: Contract;
}

/** Every table that contracts give, as queries name it. A dataset's ledger is a table of its own: `ops.source_files_spend_x`. */
function tablesOf(contracts: Iterable<Contract>): LayerTable[] {
  return [...contracts].flatMap((contract) => {
    const layers: readonly Layer[] = contract.layer === 'gold' ? ['gold'] : DATASET_TABLES;
    return layers.map((layer) => ({ name: queryName(tableName(layer, contract.dataset)), layer, contract }));
  });
}

/** The name by which queries of Athena call a table: a ledger is in `ops`. */
export function queryName(name: string): string {
  return name.replace(/^source_files\./, 'ops.source_files_');
}

/** Where each table stands in Glue, by the name that queries give it. */
export function knownTables(contracts: Iterable<Contract>, databasePrefix: string): KnownTables {
  return new Map(
    tablesOf(contracts).map(({ name, layer, contract }) => [
      name,
      glueName(databasePrefix, layer, contract.dataset),
    ]),
  );
}

/** What a question about the past is about. */
export interface PastQuestion {
  /** The tables that rows are read from. */
  readonly names: readonly string[];
  readonly asOf: AsOf;
}

/**
 * The snapshot of each table that a question about the past sees, by the same rules as embedded. Throws ConfigError
 * `NO_SNAPSHOT` where one of them had none yet.
 */
export async function snapshotsAsOf(
  objects: ObjectStore,
  contracts: Iterable<Contract>,
  { names, asOf }: PastQuestion,
): Promise<ReadonlyMap<string, number>> {
  if (asOf.kind === 'now') return new Map();
  // A snapshot's id may be of a Silver table while the question is about Gold made from it.
  const wanted = tablesOf(contracts).filter(
    ({ name, layer }) => names.includes(name) || layer === 'silver' || layer === 'gold',
  );
  const opened = await Promise.all(
    wanted.map(async ({ name, layer, contract }) => ({
      name,
      table: await openLayer(objects, layer, contract),
    })),
  );
  const moment = momentOf(
    opened.map(({ table }) => table),
    asOf,
  );
  const snapshots = new Map<string, number>();
  for (const { name, table } of opened.filter((one) => names.includes(one.name))) {
    const seen = table === undefined ? ({ kind: 'nothing' } as const) : seenOf(table, moment);
    if (seen.kind === 'snapshot') snapshots.set(name, seen.id);
    // Without a snapshot Athena would read what is there now.
    else if (seen.kind !== 'now') throw nothingYet(name, moment.ms);
  }
  return snapshots;
}

async function openLayer(
  objects: ObjectStore,
  layer: Layer,
  { layer: pointerLayer, dataset }: Contract,
): Promise<LakeTable | undefined> {
  const state = (await readPointer(objects, pointerLayer, dataset))?.pointer.tables[layer];
  return state === undefined ? undefined : await openTable(objects, state);
}

function nothingYet(name: string, ms: number | undefined): ConfigError {
  const when = ms === undefined ? 'Then' : `At ${new Date(ms).toISOString()}`;
  return new ConfigError('NO_SNAPSHOT', `${when} nothing was published of ${name}.`, {
    context: { table: name },
  });
}
