import { duckType } from '../contract/compile-column.ts';
import type { Contract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { type Engine, readParquet } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import { type Layer, tableName, tableRoot } from '../naming.ts';
import type { Effects } from '../ports.ts';
import { LEDGER_COLUMNS, REJECT_TABLE_COLUMNS } from '../refining/reject-tables.ts';
import { filesOf, type LakeTable, openTable } from '../table/lake-table.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import type { TableColumn } from '../table/schema.ts';
import { snapshotAt } from '../table/snapshots.ts';
import { createOpsViews } from './ops-views.ts';

/** Which state of the lake a query sees. */
export type AsOf =
  | { readonly kind: 'now' }
  | { readonly kind: 'snapshot'; readonly id: number }
  | { readonly kind: 'time'; readonly ms: number };

/** One table of the lake that a query may name. */
export interface LakeView {
  readonly name: string;
  readonly layer: Layer;
  readonly dataset: string;
  readonly columns: readonly TableColumn[];
  /** Undefined where nothing of it was ever published: the view is empty then. */
  readonly table: LakeTable | undefined;
}

/**
 * Makes every table that the SQL names readable: silver.*, gold.*, quarantine.*, condemned.* as
 * `<layer>.<domain>_<name>`, and ops.*. Tables that the SQL doesn't name cost nothing.
 */
export async function createLakeViews(
  engine: Engine,
  effects: Effects,
  sql: string,
  asOf: AsOf,
): Promise<void> {
  const views = await listViews(effects);
  const at = await timeOf(views, asOf);
  const text = sql.toLowerCase().replaceAll('"', '');
  const wantsOps = /\bops\s*\.\s*/.test(text);
  for (const schema of ['silver', 'gold', 'quarantine', 'condemned', 'ops']) {
    await engine.run(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  }
  for (const view of views) {
    if (wantsOps || text.includes(view.name.split('.')[1] ?? '')) await createView(engine, effects, view, at);
  }
  if (wantsOps) await createOpsViews(engine, effects, views);
}

/** Every table of every dataset that has a contract. */
export async function listViews(effects: Effects): Promise<LakeView[]> {
  const { contracts } = await loadContracts(effects.contracts);
  const views: LakeView[] = [];
  for (const contract of contracts.values()) {
    const pointer = (await readPointer(effects.objects, contract.layer, contract.dataset))?.pointer;
    for (const [layer, columns] of layersOf(contract)) {
      views.push(await describeView(effects, { contract, pointer, layer, columns }));
    }
  }
  return views;
}

function layersOf(contract: Contract): [Layer, readonly TableColumn[]][] {
  if (contract.layer === 'gold') return [['gold', tableColumns(contract)]];
  return [
    ['silver', tableColumns(contract)],
    ['quarantine', REJECT_TABLE_COLUMNS],
    ['condemned', REJECT_TABLE_COLUMNS],
    ['source_files', LEDGER_COLUMNS],
  ];
}

interface ViewSource {
  readonly contract: Contract;
  readonly pointer: Pointer | undefined;
  readonly layer: Layer;
  readonly columns: readonly TableColumn[];
}

async function describeView(
  effects: Effects,
  { contract, pointer, layer, columns }: ViewSource,
): Promise<LakeView> {
  const state = pointer?.tables[layer];
  const { dataset } = contract;
  const table =
    state === undefined ? undefined : await openTable(effects.objects, tableRoot(layer, dataset), state);
  return { name: tableName(layer, dataset), layer, dataset, columns, table };
}

/** The moment that a query sees; undefined for now. A snapshot stands for the moment of its commit, for all tables alike. */
async function timeOf(views: readonly LakeView[], asOf: AsOf): Promise<number | undefined> {
  if (asOf.kind === 'now') return undefined;
  if (asOf.kind === 'time') return asOf.ms;
  for (const { table } of views) {
    const snapshot = table?.metadata.snapshots.find((candidate) => candidate['snapshot-id'] === asOf.id);
    if (snapshot !== undefined) return snapshot['timestamp-ms'];
  }
  throw new ConfigError(
    'NO_SNAPSHOT',
    `No table has a snapshot ${asOf.id}; 'assay snapshots DATASET' lists those there are.`,
  );
}

async function createView(
  engine: Engine,
  effects: Effects,
  view: LakeView,
  at: number | undefined,
): Promise<void> {
  const { table, columns } = view;
  const select = columns.map(({ name, type }) => {
    // Hashes are shown as text, which people can compare and copy.
    const shown = type.kind === 'binary' ? `lower(hex(${identifier(name)}))` : identifier(name);
    return `${shown} AS ${identifier(name)}`;
  });
  const paths = table === undefined ? [] : await snapshotPaths(effects, table, at);
  const from = paths.length === 0 ? `(${emptySelect(columns)})` : `(${unionWithAll(columns, paths)})`;
  const [schema = '', name = ''] = view.name.split('.');
  await engine.run(`CREATE SCHEMA IF NOT EXISTS ${identifier(schema)}`);
  await engine.run(
    `CREATE OR REPLACE VIEW ${identifier(schema)}.${identifier(name)} AS SELECT ${select.join(', ')} FROM ${from}`,
  );
}

/** Files older than a column don't have it; the empty row set in front gives it to them as NULL. */
function unionWithAll(columns: readonly TableColumn[], paths: readonly string[]): string {
  return `${emptySelect(columns)} UNION ALL BY NAME SELECT * FROM ${readParquet(paths)}`;
}

function emptySelect(columns: readonly TableColumn[]): string {
  const nulls = columns.map(({ name, type }) => `CAST(NULL AS ${duckType(type)}) AS ${identifier(name)}`);
  return `SELECT ${nulls.join(', ')} WHERE false`;
}

async function snapshotPaths(effects: Effects, table: LakeTable, at: number | undefined): Promise<string[]> {
  const first = Math.min(...table.metadata.snapshots.map((snapshot) => snapshot['timestamp-ms']));
  if (at !== undefined && at < first) return [];
  const id = at === undefined ? undefined : snapshotAt(table.metadata, { timeMs: at })['snapshot-id'];
  return Promise.all((await filesOf(table, id)).map((file) => effects.data.localPath(file.key)));
}
