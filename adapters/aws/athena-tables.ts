import type { Contract } from '../../etl/contract/contract.ts';
import { ConfigError } from '../../etl/errors.ts';
import { isContractTable, type Layer, tableName } from '../../etl/naming/datasets.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import { type AsOf, momentOf, seenOf } from '../../etl/query/as-of.ts';
import { type ViewFilter, viewsOf } from '../../etl/query/lake-views.ts';
import { seenGeneration } from '../../etl/query/seen-generation.ts';
import { DATASET_TABLES } from '../../etl/stages/dataset-tables.ts';
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
    const layers: readonly Layer[] = contract.layer === 'silver' ? DATASET_TABLES : [contract.layer];
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
 * `NO_SNAPSHOT` where one of them had none yet, `EARLIER_GENERATION` where it is of a generation that Glue doesn't name.
 */
export async function snapshotsAsOf(
  objects: ObjectStore,
  contracts: Iterable<Contract>,
  { names, asOf }: PastQuestion,
): Promise<ReadonlyMap<string, number>> {
  if (asOf.kind === 'now') return new Map();
  // A snapshot's id may be of a Silver table while the question is about Gold made from it.
  const isWanted: ViewFilter = ({ name, layer }) => names.includes(queryName(name)) || isContractTable(layer);
  const found = await Promise.all([...contracts].map((contract) => viewsOf({ objects }, contract, isWanted)));
  const views = found.flat();
  const moment = momentOf(
    views.flatMap(({ table, earlier }) => [table, ...earlier.map((one) => one.table)]),
    asOf,
  );
  const snapshots = new Map<string, number>();
  for (const view of views.filter((one) => names.includes(queryName(one.name)))) {
    const name = queryName(view.name);
    // Glue names the tables of the current generation alone.
    if (seenGeneration(view, moment) !== view) throw earlierGeneration(name, moment.ms);
    const seen = view.table === undefined ? ({ kind: 'nothing' } as const) : seenOf(view.table, moment);
    if (seen.kind === 'snapshot') snapshots.set(name, seen.id);
    // Without a snapshot Athena would read what is there now.
    else if (seen.kind !== 'now') throw nothingYet(name, moment.ms);
  }
  return snapshots;
}

function earlierGeneration(name: string, ms: number | undefined): ConfigError {
  const when = ms === undefined ? 'then' : `at ${new Date(ms).toISOString()}`;
  return new ConfigError(
    'EARLIER_GENERATION',
    `What readers saw of ${name} ${when} is an earlier generation of the table, from before a migration, which Glue no longer names: '--engine local' answers from it.`,
    { context: { table: name } },
  );
}

function nothingYet(name: string, ms: number | undefined): ConfigError {
  const when = ms === undefined ? 'Then' : `At ${new Date(ms).toISOString()}`;
  return new ConfigError('NO_SNAPSHOT', `${when} nothing was published of ${name}.`, {
    context: { table: name },
  });
}
