import type { Contract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { type Engine, readParquet } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import { isContractTable, type Layer } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { requireNeverPublished } from '../stages/known-pointer.ts';
import { schemaColumns } from '../table/fields.ts';
import { earlierGenerations } from '../table/generations.ts';
import { filesOf, type LakeTable, openTable } from '../table/lake-table.ts';
import { currentSchema } from '../table/metadata.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import type { TableColumn } from '../table/schema.ts';
import { schemaAt } from '../table/snapshots.ts';
import { type AsOf, type Moment, momentOf, seenOf } from './as-of.ts';
import { keyedOrderSql } from './keyed-order.ts';
import { SCHEMAS, type TableName, tablesOf } from './lake-tables.ts';
import type { EarlierTable, LakeView } from './lake-view.ts';
import { createOpsViews } from './ops-views.ts';
import { isHiddenFrom, maskSql, type Reader } from './reader.ts';
import { seenGeneration } from './seen-generation.ts';

/** Which tables are made, and of what shape. */
export interface ViewOptions {
  /**
   * Whether to show the lake as readers see it: only tables of the layers that the SQL names, since not every reader
   * may read all, each with the columns of its snapshot, in their own order, as other engines show it. Otherwise all of
   * a dataset that the SQL names, with today's columns.
   */
  readonly isExact?: boolean;
  /** Their reader; unless said, this process itself. */
  readonly reader?: Reader | undefined;
  /** Only tables of this dataset are looked at: another's may have the same name, and a snapshot is then one of its own. */
  readonly dataset?: string | undefined;
  /** SQL of a column of one of the layers, where that isn't the column itself. */
  readonly shows?: ((layer: Layer, column: TableColumn) => string) | undefined;
}

const CALL = /\bprojection\s*\.\s*\w+_at\s*\(/g;

/**
 * Makes every table that the SQL names readable: silver.*, gold.*, quarantine.*, condemned.* as
 * `<layer>.<domain>_<name>`, and ops.*. Tables that the SQL doesn't name cost nothing. Throws ConfigError
 * `NO_SNAPSHOT` where none of those named was there at the time asked for.
 */
export async function createLakeViews(
  engine: Engine,
  effects: Effects,
  sql: string,
  asOf: AsOf,
  { isExact = false, reader, dataset, shows }: ViewOptions = {},
): Promise<void> {
  // A projection at a moment of its events is folded from those: its own table, which it is called by, may be expired.
  const text = sql.toLowerCase().replaceAll('"', '').replace(CALL, '(');
  const wantsOps = /\bops\s*\./.test(text);
  const listed = await listViews(effects, ({ name, dataset: own }) => {
    if (dataset !== undefined && own !== dataset) return false;
    // A snapshot's id may be of a table that isn't named: of the Silver that Gold was made from, say.
    const tellsMoment = asOf.kind === 'snapshot';
    const [schema = '', table = ''] = name.split('.');
    return wantsOps || tellsMoment || (text.includes(table) && (!isExact || text.includes(schema)));
  });
  const moment = momentOf(
    listed.flatMap(({ table, earlier }) => [table, ...earlier.map((one) => one.table)]),
    asOf,
  );
  const views = listed.map((view) => seenGeneration(view, moment));
  for (const schema of SCHEMAS) await engine.run(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  const named = views.filter(({ name }) => text.includes(name.split('.')[1] ?? ''));
  const plain = text.replace(/\s*\.\s*/g, '.');
  const meant = named.filter(({ name }) => plain.includes(name));
  for (const { layer, dataset: own, table, isExpired } of meant)
    if (table === undefined && isExpired !== true)
      await requireNeverPublished(
        effects.objects,
        layer === 'gold' || layer === 'projection' ? layer : 'silver',
        own,
      );
  refuseExpired(wantsOps ? views : meant, moment);
  if (!wantsOps) refuseTooEarly(meant, moment);
  // Some of ops.* reads all other tables, with today's columns.
  const bases = new Map<string, string>();
  for (const view of wantsOps ? views : named) {
    const isOwn = isExact && (!wantsOps || isContractTable(view.layer));
    const shown = isOwn ? { ...view, columns: ownColumns(view, moment) } : view;
    const from = await createView(engine, effects, shown, { moment, reader, shows });
    if (from !== undefined) bases.set(view.name, from);
  }
  if (wantsOps) await createOpsViews(engine, effects, views, { atMs: moment.ms, reader, bases });
}

/** Whether a table is to be looked at; not every reader may read all. */
export type ViewFilter = (view: Pick<LakeView, 'name' | 'layer' | 'dataset'>) => boolean;

/** Every table of every dataset that has a contract, or those that are wanted. */
export async function listViews(effects: Effects, isWanted?: ViewFilter): Promise<LakeView[]> {
  const { contracts } = await loadContracts(effects.contracts);
  const views = await Promise.all(
    [...contracts.values()].map((contract) => viewsOf(effects, contract, isWanted)),
  );
  return views.flat();
}

/** The tables of one dataset, or only the wanted ones. */
export async function viewsOf(
  effects: Pick<Effects, 'objects'>,
  contract: Contract,
  isWanted: ViewFilter = () => true,
): Promise<LakeView[]> {
  const wanted = tablesOf(contract).filter(isWanted);
  if (wanted.length === 0) return [];
  const pointer = (await readPointer(effects.objects, contract.layer, contract.dataset))?.pointer;
  return Promise.all(wanted.map((table) => describeView(effects, pointer, table)));
}

async function describeView(
  effects: Pick<Effects, 'objects'>,
  pointer: Pointer | undefined,
  made: TableName,
): Promise<LakeView> {
  const state = pointer?.tables[made.layer];
  const table = state === undefined ? undefined : await openTable(effects.objects, state);
  const isOwn = table !== undefined && isContractTable(made.layer);
  const published = isOwn ? { columns: schemaColumns(currentSchema(table.metadata)) } : {};
  const earlier = pointer === undefined ? [] : await earlierTables(effects, pointer, made.layer);
  return { ...made, ...published, table, earlier, pointer };
}

function earlierTables(
  effects: Pick<Effects, 'objects'>,
  pointer: Pointer,
  layer: Layer,
): Promise<EarlierTable[]> {
  return Promise.all(
    earlierGenerations(pointer).map(async ({ generation, tables }) => {
      const state = tables[layer];
      const table = state === undefined ? undefined : await openTable(effects.objects, state);
      return { generation, table };
    }),
  );
}

/** Refuses expired tables: they would look empty, like a figure. */
function refuseExpired(views: readonly LakeView[], moment: Moment): void {
  for (const { name, table, isExpired, pointer } of views) {
    const seen = table === undefined ? undefined : seenOf(table, moment);
    const goneMs = isExpired === true ? Date.parse(pointer?.generation_from ?? '') : undefined;
    const sinceMs = seen?.kind === 'expired' ? seen.sinceMs : goneMs;
    if (sinceMs === undefined) continue;
    const [asked, since] = [moment.ms ?? 0, sinceMs].map((ms) => new Date(ms).toISOString());
    throw new ConfigError(
      'SNAPSHOT_EXPIRED',
      `What ${name} was at ${asked} can't be told any more: its snapshots from before ${since} were expired.`,
    );
  }
}

/** An answer from before anything was published would be empty and look like a figure. */
function refuseTooEarly(named: readonly LakeView[], moment: Moment): void {
  const { ms } = moment;
  const published = named.flatMap(({ name, table }) => (table === undefined ? [] : [{ name, table }]));
  if (ms === undefined || published.length === 0) return;
  if (published.some(({ table }) => seenOf(table, moment).kind !== 'nothing')) return;
  const firsts = published.map(({ table }) =>
    Math.min(...table.metadata.snapshots.map((one) => one['timestamp-ms'])),
  );
  const names = published.map(({ name }) => name).join(', ');
  const first = Math.min(...firsts);
  const since = Number.isFinite(first)
    ? `the first snapshot is from ${new Date(first).toISOString()}`
    : 'there is no snapshot';
  throw new ConfigError(
    'NO_SNAPSHOT',
    `At ${new Date(ms).toISOString()} nothing was published of ${names}; ${since}.`,
  );
}

/** The columns of the snapshot that is seen, or those of today if there was none yet. */
function ownColumns({ table, columns }: LakeView, moment: Moment): readonly TableColumn[] {
  if (table === undefined) return columns;
  const seen = seenOf(table, moment);
  return schemaColumns(schemaAt(table.metadata, seen.kind === 'snapshot' ? seen.id : undefined));
}

interface Seeing {
  readonly moment: Moment;
  readonly reader: Reader | undefined;
  readonly shows: ViewOptions['shows'];
}

/** Makes a table's view as its reader sees it, and returns what it is made from, with all values; undefined where there is none. */
async function createView(
  engine: Engine,
  effects: Effects,
  view: LakeView,
  { moment, reader, shows }: Seeing,
): Promise<string | undefined> {
  const { table, columns, contract, layer } = view;
  const isHidden = ({ name }: TableColumn): boolean =>
    isHiddenFrom(reader, contract, { layer, column: name });
  const select = columns.map((column) => {
    const name = identifier(column.name);
    if (isHidden(column)) return `${maskSql(name)} AS ${name}`;
    return shows === undefined ? name : `${shows(layer, column)} AS ${name}`;
  });
  // A table that was expired is left out: the SQL doesn't name it, or it would have been refused.
  if (table !== undefined && seenOf(table, moment).kind === 'expired') return undefined;
  const paths = table === undefined ? [] : await pathsAt(effects, table, moment);
  const from = paths.length === 0 ? `(${emptySelect(columns)})` : `(${unionWithAll(columns, paths)})`;
  // Gold lies in the order of its key.
  const order =
    (layer === 'gold' || layer === 'projection') && columns.some(isHidden)
      ? keyedOrderSql(columns, effects.digestKey())
      : '';
  const [schema = '', name = ''] = view.name.split('.');
  await engine.run(`CREATE SCHEMA IF NOT EXISTS ${identifier(schema)}`);
  await engine.run(
    `CREATE OR REPLACE VIEW ${identifier(schema)}.${identifier(name)} AS SELECT ${select.join(', ')} FROM ${from}${order}`,
  );
  return from;
}

/** Files older than a column don't have it; the empty row set in front gives it to them as NULL. */
function unionWithAll(columns: readonly TableColumn[], paths: readonly string[]): string {
  return `${emptySelect(columns)} UNION ALL BY NAME SELECT * FROM ${readParquet(paths)}`;
}

function emptySelect(columns: readonly TableColumn[]): string {
  const nulls = columns.map(({ name, type }) => `CAST(NULL AS ${duckType(type)}) AS ${identifier(name)}`);
  return `SELECT ${nulls.join(', ')} WHERE false`;
}

async function pathsAt(effects: Effects, table: LakeTable, moment: Moment): Promise<string[]> {
  const seen = seenOf(table, moment);
  if (seen.kind === 'nothing' || seen.kind === 'expired') return [];
  const files = await filesOf(table, seen.kind === 'now' ? undefined : seen.id);
  return Promise.all(files.map((file) => effects.data.localPath(file.key)));
}
