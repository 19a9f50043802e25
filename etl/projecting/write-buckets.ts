import type { ProjectionContract } from '../contract/contract.ts';
import { EVENT_AT_NAME, STREAM_VERSION_NAME, tableColumns } from '../contract/table-columns.ts';
import { type Engine, integerOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { writeDataFiles } from '../engine/write-data-files.ts';
import { bucketOfFile, bucketPart, runFolder } from '../naming/tables.ts';
import type { Effects, Scratch } from '../ports.ts';
import { boundedColumns } from '../stages/bounded-columns.ts';
import type { DataFile } from '../table/schema.ts';
import { localPaths } from './changed-events.ts';
import type { OpenedTable } from './open-projection.ts';
import { bucketSql, bucketsFor, STATE_COLUMNS } from './state-table.ts';

/** What is written: the engine has `touched` (stream), `new_states`, and `rebuilt` with the rows of touched streams. */
export interface Writing {
  readonly engine: Engine;
  readonly effects: Effects;
  readonly scratch: Scratch;
  readonly contract: ProjectionContract;
  readonly runId: string;
  /** Version of the pointer that the files follow: a refresh that lost a race overwrites nothing. */
  readonly version: number;
}

/** Which buckets are written anew, and out of how many. */
export interface Buckets {
  readonly of: number;
  readonly touched: readonly number[];
  /** Whether all files make room, as where there are to be more buckets. */
  readonly isAll: boolean;
}

/** Chooses the buckets for a refresh: as many as there are, until the streams outgrow them by far. */
export async function chooseBuckets(engine: Engine, states: OpenedTable, isAnew: boolean): Promise<Buckets> {
  const before = isAnew ? [] : states.files;
  const [row = {}] = await engine.rows('SELECT count(*) AS n FROM touched');
  const streams = before.reduce((sum, { recordCount }) => sum + recordCount, 0) + integerOf(row, 'n');
  const known = before.map(({ key }) => bucketOfFile(key)?.of);
  const wanted = bucketsFor(streams);
  const [now] = known;
  const fits = now !== undefined && known.every((of) => of === now) && wanted <= 4 * now;
  const of = fits ? now : wanted;
  const touched = fits ? await touchedBuckets(engine, of) : Array.from({ length: of }, (_, n) => n);
  return { of, touched, isAll: !fits };
}

/** Files of the touched buckets. */
export function filesOfBuckets(files: readonly DataFile[], { touched, isAll }: Buckets): DataFile[] {
  const wanted = new Set(touched);
  return files.filter(({ key }) => isAll || wanted.has(bucketOfFile(key)?.bucket ?? -1));
}

/** Files of the buckets in which streams of `touched` are, however many buckets there were when they were written. */
export async function filesOfTouched(engine: Engine, files: readonly DataFile[]): Promise<DataFile[]> {
  const touched = new Map<number, ReadonlySet<number>>();
  for (const of of new Set(files.flatMap(({ key }) => bucketOfFile(key)?.of ?? [])))
    touched.set(of, new Set(await touchedBuckets(engine, of)));
  return files.filter(({ key }) => {
    const place = bucketOfFile(key);
    return place === undefined || touched.get(place.of)?.has(place.bucket) === true;
  });
}

const touchedBuckets = (engine: Engine, of: number): Promise<readonly number[]> =>
  engine.integers(`SELECT DISTINCT ${bucketSql('stream', of)} AS b FROM touched ORDER BY b`);

/** Makes the view `old_rows`: what readers see of the touched buckets. */
export async function loadOldRows(
  { engine, effects }: Writing,
  { table }: OpenedTable,
  files: readonly DataFile[],
): Promise<void> {
  const paths = await localPaths(effects, files);
  await engine.run(`CREATE OR REPLACE TEMP VIEW old_rows AS ${tableRowsSql(table, paths)}`);
}

/** Writes the rows of the touched buckets: those of other streams as they were, and those of `rebuilt`. */
export async function writeRows(
  writing: Writing,
  opened: OpenedTable,
  buckets: Buckets,
): Promise<DataFile[]> {
  const { contract } = writing;
  const [stream = ''] = contract.key;
  const columns = tableColumns(contract).map(({ name }) => name);
  const order = [...contract.key, STREAM_VERSION_NAME, EVENT_AT_NAME];
  const bounded = boundedColumns(contract, 'projection');
  return await writeAll(writing, opened, {
    buckets,
    stream,
    columns,
    order,
    bounded,
    old: 'old_rows',
    made: 'rebuilt',
  });
}

/** Writes the states of the touched buckets. */
export async function writeStates(
  writing: Writing,
  opened: OpenedTable,
  { buckets, old }: { readonly buckets: Buckets; readonly old: readonly DataFile[] },
): Promise<DataFile[]> {
  const { engine, effects } = writing;
  const paths = await localPaths(effects, old);
  await engine.run(`CREATE OR REPLACE TEMP VIEW old_states AS ${tableRowsSql(opened.table, paths)}`);
  const columns = STATE_COLUMNS.map(({ name }) => name);
  // Streams' ids may be anybody's, and states hold values.
  const bounded = new Set(columns.filter((name) => name !== 'stream' && name !== 'state'));
  return await writeAll(writing, opened, {
    ...{ buckets, stream: 'stream', columns, order: ['stream'], bounded },
    ...{ old: 'old_states', made: 'new_states' },
  });
}

interface Merge {
  readonly buckets: Buckets;
  readonly stream: string;
  readonly columns: readonly string[];
  readonly order: readonly string[];
  readonly bounded: ReadonlySet<string>;
  readonly old: string;
  readonly made: string;
}

async function writeAll(
  { engine, effects, scratch, contract, runId, version }: Writing,
  { table }: OpenedTable,
  { buckets, stream, columns, order, bounded, old, made }: Merge,
): Promise<DataFile[]> {
  const names = columns.map(identifier).join(', ');
  const kept = `SELECT ${names} FROM ${old} WHERE CAST(${identifier(stream)} AS VARCHAR) NOT IN (SELECT stream FROM touched)`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE merged AS SELECT *, ${bucketSql(stream, buckets.of)} AS bucket$
     FROM (${kept} UNION ALL BY NAME SELECT ${names} FROM ${made})`,
  );
  const files: DataFile[] = [];
  for (const bucket of buckets.touched) {
    const select = `SELECT ${names} FROM merged WHERE bucket$ = ${bucket} ORDER BY ${order.map(identifier).join(', ')}`;
    const part = bucketPart(version, { bucket, of: buckets.of });
    const root = runFolder(table.root, contract.version, runId);
    files.push(
      ...(await writeDataFiles(select, { engine, data: effects.data, scratch, table, root, part, bounded })),
    );
  }
  await engine.run('DROP TABLE merged');
  return files;
}
