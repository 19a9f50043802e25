import type { Effects } from '../ports.ts';
import { type DatasetState, keptStates, openLedger, stateIn } from '../stages/dataset-history.ts';
import { keptLog } from '../stages/kept-logs.ts';
import { earlierGenerations, generationAt, generationOf } from '../table/generations.ts';
import type { Pointer } from '../table/pointer.ts';
import { joinLogs, type LoggedSnapshot, lineOf, loggedAt, logOf, type TableLog } from '../table/table-log.ts';

/** A moment of a dataset: what readers saw at a time, or with a snapshot of Silver. */
export type PastMoment = { readonly timeMs: number } | { readonly silverSnapshotId: number };

/** What was published of a dataset at a moment. */
export interface Published {
  readonly dataset: string;
  readonly silverSnapshotId: number;
  readonly ledgerSnapshotId: number;
  readonly version: number;
  readonly contractDigest: string;
  /** When that was committed. */
  readonly atMs: number;
  /** Of its tables. */
  readonly generation: number;
  /** The tables of that generation as they are now; without Silver where it was expired. */
  readonly tables: Pointer['tables'];
  /** The runs whose rows readers saw, oldest first; undefined where that is no longer known. */
  readonly runIds: readonly string[] | undefined;
}

/**
 * What was published of a dataset at a moment, by the kept history of its pointer; undefined where nothing was, or no
 * state has that snapshot. A run that was taken back before the moment is not among its runs.
 */
export async function publishedAt(
  effects: Pick<Effects, 'objects'>,
  pointer: Pointer,
  moment: PastMoment,
): Promise<Published | undefined> {
  if ('timeMs' in moment) {
    const then = generationAt(pointer, moment.timeMs);
    const own = then ?? { generation: generationOf(pointer), tables: pointer.tables };
    const log = await ledgerLog(effects, pointer, own);
    return publishedWith(pointer, { ...own, log, snapshot: loggedAt(log, moment.timeMs) });
  }
  const own = { generation: generationOf(pointer), tables: pointer.tables };
  for (const one of [own, ...earlierGenerations(pointer).reverse()]) {
    const log = await ledgerLog(effects, pointer, one);
    const isIt = (snapshot: LoggedSnapshot): boolean =>
      stateIn(snapshot.summary)?.tables.silver === moment.silverSnapshotId;
    const snapshot = log.snapshots.findLast(isIt);
    if (snapshot !== undefined) return publishedWith(pointer, { ...one, log, snapshot });
  }
  return undefined;
}

interface OneGeneration {
  readonly generation: number;
  readonly tables: Pointer['tables'];
}

/** What is known of the past of a generation's ledger: by its metadata, and by what was kept before snapshots went. */
async function ledgerLog(
  effects: Pick<Effects, 'objects'>,
  pointer: Pointer,
  { generation, tables }: OneGeneration,
): Promise<TableLog> {
  const { dataset } = pointer;
  const ledger = await openLedger(effects, { ...pointer, tables });
  const kept = await keptLog(effects, { dataset, layer: 'source_files', generation });
  const known = joinLogs([...(ledger === undefined ? [] : [logOf(ledger)]), kept]);
  // Lakes of before logs were kept have the states alone, of their first generation.
  const states = generation === 1 ? await keptStates(effects, dataset) : [];
  return joinLogs([known, logOfStates(states)]);
}

/** Each state built on the one before. */
function logOfStates(states: readonly DatasetState[]): TableLog {
  const snapshots = states.map((state, n) => ({
    snapshotId: state.ledger_snapshot_id,
    parentId: states[n - 1]?.ledger_snapshot_id,
    atMs: Date.parse(state.committed_at),
    summary: { 'assay.state': JSON.stringify(state) },
  }));
  return { snapshots, entries: snapshots.map(({ atMs, snapshotId }) => ({ atMs, snapshotId })) };
}

interface Found extends OneGeneration {
  readonly log: TableLog;
  readonly snapshot: LoggedSnapshot | undefined;
}

function publishedWith(
  pointer: Pointer,
  { generation, tables, log, snapshot }: Found,
): Published | undefined {
  const state = snapshot === undefined ? undefined : stateIn(snapshot.summary);
  if (snapshot === undefined || state === undefined) return undefined;
  const line = lineOf(log, snapshot.snapshotId);
  return {
    dataset: pointer.dataset,
    silverSnapshotId: state.tables.silver ?? 0,
    ledgerSnapshotId: snapshot.snapshotId,
    version: state.version,
    contractDigest: state.contract_digest,
    atMs: snapshot.atMs,
    generation,
    tables,
    runIds:
      line === undefined
        ? undefined
        : [...new Set(line.flatMap((one) => stateIn(one.summary)?.run_id ?? []))],
  };
}
