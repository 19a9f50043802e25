import { type Engine, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { DataError } from '../errors.ts';
import { type EventContract, eventOrderSql } from '../eventstore/event-order.ts';
import type { Effects } from '../ports.ts';
import { openDatasetTables } from '../stages/dataset-tables.ts';
import { ledgerRows } from '../stages/ledger.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import type { Pointer, TableState } from '../table/pointer.ts';
import type { Published } from './published-at.ts';

/** An event dataset as it is now, and a moment of it. */
export interface AskedEvents {
  readonly contract: EventContract;
  readonly pointer: Pointer;
  readonly published: Published;
  /** Local paths of the files with the rows of Silver that gave way to another event. */
  readonly superseded: readonly string[];
  /** SQL condition on Silver's columns: which events are wanted. */
  readonly where: string;
}

/** The events of a moment. */
export interface KnownEvents {
  /** SELECT of rows of Silver, one for each stream and version. */
  readonly sql: string;
  /**
   * `snapshot`: as they were published. `kept`: the snapshot was expired; the same rows, out of those that are kept.
   * `read-again`: of some files what a later run made of them, by another contract maybe, because that took their place.
   */
  readonly from: 'snapshot' | 'kept' | 'read-again';
}

/**
 * The events of a dataset that readers saw at a moment, also where the snapshot was expired: then they are those rows of
 * Silver, and of what gave way since, that came by the runs published then. Throws DataError `EVENTS_GONE` where rows
 * that were published then are nowhere any more, because their run was taken back. The engine gets temporary tables.
 */
export async function knownEvents(
  engine: Engine,
  effects: Effects,
  asked: AskedEvents,
): Promise<KnownEvents> {
  const { published, where } = asked;
  const silver = published.tables.silver;
  const snapshot =
    silver === undefined ? undefined : await rowsOf(effects, silver, published.silverSnapshotId);
  if (snapshot !== undefined) return { sql: `SELECT * FROM (${snapshot}) WHERE ${where}`, from: 'snapshot' };
  const hasReadAgain = await loadKnown(engine, effects, asked);
  return { sql: await keptSql(effects, asked), from: hasReadAgain ? 'read-again' : 'kept' };
}

/** SELECT of a table at a snapshot (0: without rows); undefined where that was expired. */
async function rowsOf(
  { objects, data }: Pick<Effects, 'objects' | 'data'>,
  state: TableState,
  snapshotId: number,
): Promise<string | undefined> {
  const table = await openTable(objects, state);
  const { snapshots } = table.metadata;
  if (snapshotId !== 0 && !snapshots.some((one) => one['snapshot-id'] === snapshotId)) return undefined;
  const files = snapshotId === 0 ? [] : await filesOf(table, snapshotId);
  return tableRowsSql(table, await Promise.all(files.map(({ key }) => data.localPath(key))));
}

/**
 * Makes the tables `known_runs` (run_id) and `read_again` (source_file_id, run_id): whose rows are known, wholly or of some
 * files. Returns whether there are any of the second kind.
 */
async function loadKnown(engine: Engine, effects: Effects, asked: AskedEvents): Promise<boolean> {
  const { contract, pointer, published } = asked;
  const { runIds, tables } = published;
  if (runIds === undefined) throw gone(published, 'which runs were published then is no longer known');
  const values = runIds.map((id) => `(${literal(id)})`).join(', ');
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE known_runs AS SELECT * FROM (VALUES ${values}) AS t(run_id)`,
  );
  const own = tables.source_files;
  const then =
    own === undefined
      ? undefined
      : ((await rowsOf(effects, own, published.ledgerSnapshotId)) ??
        (await rowsOf(effects, own, own.snapshot_id)));
  if (then === undefined) throw gone(published, 'the ledger of then is gone');
  await requireLedger(engine, published, then);
  const now = await ledgerRows(openDatasetTables(effects, contract, pointer));
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE read_again AS
     SELECT DISTINCT source_file_id, run_id FROM (${now}) ANTI JOIN known_runs USING (run_id)
     WHERE status = 'accepted' AND source_file_id IN (SELECT source_file_id FROM files_then)`,
  );
  await requireFiles(engine, published, now);
  const [row] = await engine.rows('SELECT count(*) AS n FROM read_again');
  return Number(row?.n ?? 0) > 0;
}

/** Every run has rows in the ledger that it was published with, unless it was taken back and its snapshots expired. */
async function requireLedger(engine: Engine, published: Published, ledger: string): Promise<void> {
  const missing = await engine.rows(
    `SELECT run_id AS id FROM known_runs ANTI JOIN (${ledger}) USING (run_id) ORDER BY id`,
  );
  const ids = missing.map((row) => textOf(row, 'id'));
  if (ids.length > 0) throw gone(published, `${namesOf('run', ids)} since taken back`);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE files_then AS
     SELECT source_file_id, run_id, any_value(source_file) AS source_file FROM (${ledger}) SEMI JOIN known_runs USING (run_id)
     WHERE status = 'accepted' AND silver > 0 GROUP BY ALL`,
  );
}

/** Every file with published rows is still published, as it was read then or was read since. */
async function requireFiles(engine: Engine, published: Published, now: string): Promise<void> {
  const missing = await engine.rows(
    `SELECT DISTINCT source_file AS id FROM files_then
     ANTI JOIN (SELECT DISTINCT source_file_id FROM (${now}) WHERE status = 'accepted') USING (source_file_id) ORDER BY id`,
  );
  const ids = missing.map((row) => textOf(row, 'id'));
  if (ids.length > 0) throw gone(published, `${namesOf('source file', ids)} since taken back`);
}

const namesOf = (what: string, [first, ...more]: readonly string[]): string =>
  more.length === 0 ? `${what} ${first} was` : `${what} ${first} and ${more.length} more were`;

function gone({ dataset, silverSnapshotId, atMs }: Published, why: string): DataError {
  return new DataError(
    'EVENTS_GONE',
    `What was known of ${dataset} at ${new Date(atMs).toISOString()} can't be told any more: snapshot ${silverSnapshotId} was expired, and ${why}. 'assay.snapshots' in its contract says how long snapshots are kept.`,
    { context: { dataset, snapshot: silverSnapshotId } },
  );
}

/** SELECT of the known rows of Silver now and of those that gave way, the first of each stream and version. */
async function keptSql(effects: Effects, asked: AskedEvents): Promise<string> {
  const { contract, pointer, superseded, where } = asked;
  const tables = openDatasetTables(effects, contract, pointer);
  const table = await tables.table('silver');
  const silver = tableRowsSql(table, await tables.paths('silver'));
  // Other columns than Silver's, and those of an earlier generation alone, are left out.
  const gaveWay = superseded.map((path) => tableRowsSql(table, [path]));
  const rows = [silver, ...gaveWay].map((select) => `SELECT * FROM (${select})`);
  const { stream, version } = contract.events;
  // Which event of a version stood is told before what is wanted: one that gave way may have another time.
  return `SELECT * FROM (SELECT e.* FROM (${rows.join(' UNION ALL BY NAME ')}) AS e
    WHERE e.run_id IN (SELECT run_id FROM known_runs) OR EXISTS (SELECT 1 FROM read_again AS r WHERE r.source_file_id = e.source_file_id AND r.run_id = e.run_id)
    QUALIFY row_number() OVER (PARTITION BY ${identifier(stream)}, ${identifier(version)} ORDER BY ${eventOrderSql(contract, 'e')}) = 1) WHERE ${where}`;
}
