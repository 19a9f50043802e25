import type { AnswerRow, JsonValue } from '../asking/stream-answer.ts';
import type { ProjectionContract } from '../contract/contract.ts';
import { EVENT_AT_NAME, STREAM_VERSION_NAME } from '../contract/table-columns.ts';
import { type Engine, integerOf, type SqlValue } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { withScratchEngine } from '../engine/with-scratch-engine.ts';
import type { Effects } from '../ports.ts';
import { localPaths } from '../projecting/changed-events.ts';
import { eventColumns, eventValueSql } from '../projecting/event-values.ts';
import type { EventColumn } from '../projecting/fold-runner.ts';
import { pageEngine } from '../query/page-engine.ts';
import { type LakeTable, openTable } from '../table/lake-table.ts';
import { changedFiles } from '../table/live-files.ts';
import type { TableState } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';

/** A stream whose published rows changed. */
export interface StreamChange {
  readonly stream: string;
  /** Of the last event that its rows were made from; null where it has no rows any more. */
  readonly version: string | null;
  /** The latest time of those events. */
  readonly at: string | null;
  /** All of its rows as they are now, by the projection's columns, as `askStream` gives them. */
  readonly rows: readonly AnswerRow[];
}

/** What changed between two snapshots of a projection, by stream; or why that can't be told, and all is to be read anew. */
export type ChangedStreams =
  | {
      readonly kind: 'changes';
      readonly publishedAt: string;
      readonly streams: readonly StreamChange[];
      /** Whose columns were compared. */
      readonly contract: ProjectionContract;
      /** Whether the later snapshot was made by it: then comparing the two again gives the same streams in the same order. */
      readonly isSettled: boolean;
    }
  | { readonly kind: 'unknown'; readonly why: 'expired' | 'too-many' };

/** Which snapshots of a projection to compare; `from` 0 is before the first. */
export interface ChangedSpan {
  readonly contract: ProjectionContract;
  /** Of the contract and the code that published last. */
  readonly digest: string;
  /** The projection's table, as its pointer names it. */
  readonly state: TableState;
  readonly from: number;
  readonly to: number;
  /** More streams, or ten times as many rows, are not told one by one. */
  readonly most: number;
}

/**
 * The streams whose published rows differ between two snapshots, in the order of their ids, each once whatever lies between:
 * rows that were only written anew are no change. Nothing is left out: where a snapshot is gone or they are too many, it says so.
 */
export async function changedStreams(effects: Effects, span: ChangedSpan): Promise<ChangedStreams> {
  const { contract, digest, state, from, to, most } = span;
  const table = await openTable(effects.objects, state);
  const snapshots = new Map(table.metadata.snapshots.map((one) => [one['snapshot-id'], one]));
  const last = snapshots.get(to);
  if (last === undefined || (from !== 0 && !snapshots.has(from))) return { kind: 'unknown', why: 'expired' };
  const ids = { fromId: from === 0 ? undefined : from, toId: to };
  const files = await changedFiles(table.metadata, ids, table.reader);
  const found = {
    kind: 'changes',
    publishedAt: new Date(last['timestamp-ms']).toISOString(),
    contract,
    isSettled: last.summary['assay.contract-digest'] === digest,
  } as const;
  if (files.added.length === 0 && files.removed.length === 0) return { ...found, streams: [] };
  const small = { ...effects, engine: pageEngine(effects.engine) };
  return await withScratchEngine(small, 'changes', async (engine) => {
    await findChanged(engine, effects, { ...span, table, files });
    const [row = {}] = await engine.rows(
      'SELECT count(DISTINCT stream$) AS streams, count(*) AS n FROM changed_rows',
    );
    if (integerOf(row, 'streams') > most || integerOf(row, 'n') > 10 * most)
      return { kind: 'unknown', why: 'too-many' };
    return { ...found, streams: await readChanged(engine, contract) };
  });
}

interface Found extends ChangedSpan {
  readonly table: LakeTable;
  readonly files: { readonly added: readonly DataFile[]; readonly removed: readonly DataFile[] };
}

/** Makes the table `changed_rows`: the rows of changed streams as they are now; one without values for a stream that has none. */
async function findChanged(
  engine: Engine,
  effects: Effects,
  { contract, table, files }: Found,
): Promise<void> {
  const { columns, stream } = columnsOf(contract);
  const names = [...columns.map(({ name }) => name), STREAM_VERSION_NAME, EVENT_AT_NAME].map(identifier);
  const rowsOf = async (some: readonly DataFile[]): Promise<string> =>
    `SELECT CAST(${stream} AS VARCHAR) AS stream$, ${names.join(', ')} FROM (${tableRowsSql(table, await localPaths(effects, some))})`;
  await engine.run(`CREATE TEMP TABLE came AS ${await rowsOf(files.added)}`);
  await engine.run(`CREATE TEMP TABLE went AS ${await rowsOf(files.removed)}`);
  await engine.run(
    `CREATE TEMP TABLE changed_rows AS SELECT stream$, came.* EXCLUDE (stream$)
     FROM (SELECT stream$ FROM (FROM came EXCEPT ALL FROM went) UNION SELECT stream$ FROM (FROM went EXCEPT ALL FROM came))
     LEFT JOIN came USING (stream$)`,
  );
}

type ChangeInMaking = StreamChange & { readonly rows: AnswerRow[] };

async function readChanged(engine: Engine, contract: ProjectionContract): Promise<StreamChange[]> {
  const { columns } = columnsOf(contract);
  const added: readonly EventColumn[] = [
    { name: STREAM_VERSION_NAME, type: { kind: 'long' } },
    { name: EVENT_AT_NAME, type: { kind: 'timestamptz' } },
  ];
  const values = [...added, ...columns].map(eventValueSql).join(', ');
  const order = contract.key.map(identifier).join(', ');
  const { rows } = await engine.result(
    `SELECT stream$, ${values} FROM changed_rows ORDER BY stream$, ${order}`,
  );
  const streams: ChangeInMaking[] = [];
  for (const [stream, version, at, ...own] of rows) {
    const last = streams.at(-1);
    const isSame = last !== undefined && last.stream === stream;
    const change = isSame
      ? last
      : { stream: String(stream), version: textOf(version), at: textOf(at), rows: [] };
    if (!isSame) streams.push(change);
    const row = columns.map((column, n) => [column.name, jsonOf(own[n] ?? null, column)] as const);
    if (change.version !== null) change.rows.push(Object.fromEntries(row));
  }
  return streams;
}

function columnsOf(contract: ProjectionContract) {
  return { columns: eventColumns(contract), stream: identifier(contract.key[0] ?? '') };
}

const textOf = (value: SqlValue | undefined): string | null => (typeof value === 'string' ? value : null);

/** Longs that JavaScript holds exactly are numbers, greater ones and all else that is exact text. */
function jsonOf(value: SqlValue, { type }: EventColumn): JsonValue {
  const isSafe = type.kind === 'long' && value !== null && Number.isSafeInteger(Number(value));
  return isSafe ? Number(value) : value;
}
