import { loadContracts, requireContract } from '../contract/load-contracts.ts';
import type { Effects } from '../ports.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import type { Snapshot } from '../table/metadata.ts';
import type { Generation } from '../table/pointer.ts';
import { viewsOf } from './lake-views.ts';

/** One published state of a table. */
export type PublishedSnapshot = ReturnType<typeof snapshotJson>;

/** The states of a table that were published. */
export interface PublishedSnapshots {
  /** As queries name it. */
  readonly tableName: string;
  /** Newest first. */
  readonly lines: readonly PublishedSnapshot[];
  /** Of earlier generations that were expired, a sentence each. */
  readonly gone: readonly string[];
}

/** The states that were published of a dataset's Silver, or of a Gold table. */
export async function listSnapshots(effects: Effects, dataset: string): Promise<PublishedSnapshots> {
  const contract = requireContract(await loadContracts(effects.contracts), dataset);
  // What readers know by the dataset's name: Silver, or the Gold table.
  const [view] = await viewsOf(effects, contract, ({ layer }) => layer === contract.layer);
  const current = (await readKnownPointer(effects.objects, contract.layer, dataset))?.pointer.snapshot_id;
  const generation = view?.pointer?.generation ?? 1;
  const tables = [...(view?.earlier ?? []), { generation, table: view?.table }];
  const lines = tables.flatMap((one) =>
    (one.table?.metadata.snapshots ?? []).map((snapshot) =>
      snapshotJson(snapshot, snapshot['snapshot-id'] === current, one.generation),
    ),
  );
  const newestFirst = (a: PublishedSnapshot, b: PublishedSnapshot): number =>
    a.committedAt < b.committedAt ? 1 : a.committedAt > b.committedAt ? -1 : 0;
  const gone = (view?.earlier ?? [])
    .filter(({ table: kept }) => kept === undefined)
    .map(({ generation: number }) => goneText(number, view?.pointer?.generations ?? []));
  return { tableName: view?.name ?? dataset, lines: lines.reverse().sort(newestFirst), gone };
}

function goneText(generation: number, all: readonly Generation[]): string {
  const last = all.findLast((one) => one.generation === generation);
  return `The snapshots of generation ${generation} (contract ${last?.contract_version}, until ${(last?.until ?? '').slice(0, 16).replace('T', ' ')}) were expired.`;
}

function snapshotJson(snapshot: Snapshot, isCurrent: boolean, generation: number) {
  const { summary } = snapshot;
  const number = (name: string): number => Number(summary[name] ?? 0);
  return {
    snapshotId: snapshot['snapshot-id'],
    sequenceNumber: snapshot['sequence-number'],
    committedAt: new Date(snapshot['timestamp-ms']).toISOString(),
    operation: summary.operation ?? null,
    addedRecords: number('added-records'),
    removedRecords: number('deleted-records'),
    totalRecords: number('total-records'),
    runId: summary['assay.run-id'] ?? null,
    isCurrent,
    generation,
  };
}
