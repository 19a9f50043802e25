import { z } from 'zod';
import { statesKey, statesPrefix } from '../naming/upkeep.ts';
import type { Effects } from '../ports.ts';
import { openTable } from '../table/lake-table.ts';
import type { TableMetadata } from '../table/metadata.ts';
import { type Pointer, readPointer, type TableState } from '../table/pointer.ts';
import type { DatasetTable } from './dataset-tables.ts';
import { getDocument, putDocument } from './stored-documents.ts';

const STATE = 'assay.state';

const CommittedState = z.object({
  dataset: z.string(),
  version: z.number().int(),
  run_id: z.string(),
  seal_digest: z.string(),
  contract_version: z.string(),
  contract_digest: z.string(),
  committed_at: z.string(),
  /** The snapshots of Silver, quarantine and condemned that this state of the ledger belongs with. */
  tables: z.record(z.string(), z.number().int()),
});

/** What a pointer said of a dataset when it was moved, as the ledger's snapshot keeps it. */
export type CommittedState = z.infer<typeof CommittedState>;

/** A committed state, with the snapshots of Silver and of the ledger itself. */
export interface DatasetState extends CommittedState {
  readonly snapshot_id: number;
  readonly ledger_snapshot_id: number;
}

/** What goes into the summary of a ledger snapshot, so that the whole state can be found again from it. */
export function stateSummary(
  state: Omit<CommittedState, 'tables'>,
  tables: Partial<Readonly<Record<DatasetTable, TableState>>>,
): Record<string, string> {
  const snapshots = Object.entries(tables).map(([layer, table]) => [layer, table.snapshot_id]);
  return { [STATE]: JSON.stringify({ ...state, tables: Object.fromEntries(snapshots) }) };
}

/** What a summary of the ledger's says of the state that it belongs with; undefined where it says nothing. */
export function stateIn(summary: Readonly<Record<string, string>>): CommittedState | undefined {
  const text = summary[STATE];
  return text === undefined ? undefined : CommittedState.parse(JSON.parse(text));
}

/** Every state that the ledger's metadata knows, oldest first, those that were rolled back included. */
export function statesOf(ledger: TableMetadata): DatasetState[] {
  return ledger.snapshots.flatMap(({ 'snapshot-id': id, summary }) => {
    const state = stateIn(summary);
    if (state === undefined) return [];
    return [{ ...state, snapshot_id: state.tables.silver ?? 0, ledger_snapshot_id: id }];
  });
}

const StateRow = CommittedState.extend({
  snapshot_id: z.number().int(),
  ledger_snapshot_id: z.number().int(),
});

/** Keeps states as rows: to be called before the snapshots whose summaries have them are expired. */
export async function keepStates(
  { objects }: Pick<Effects, 'objects'>,
  dataset: string,
  states: readonly DatasetState[],
): Promise<void> {
  const versions = states.map(({ version }) => version);
  if (versions.length === 0) return;
  await putDocument(objects, statesKey(dataset, Math.min(...versions), Math.max(...versions)), states);
}

/** The states that are kept as rows, oldest first, each once; some of them may be in the ledger's metadata still. */
export async function keptStates(
  { objects }: Pick<Effects, 'objects'>,
  dataset: string,
): Promise<DatasetState[]> {
  const found = new Map<number, DatasetState>();
  for (const { key } of await objects.list(statesPrefix(dataset)))
    for (const state of await getDocument(objects, key, z.array(StateRow)))
      found.set(state.ledger_snapshot_id, state);
  return [...found.values()].sort((a, b) => a.version - b.version);
}

/** The ledger's metadata at a pointer; undefined where it has none. */
export async function openLedger(
  effects: Pick<Effects, 'objects'>,
  pointer: Pointer,
): Promise<TableMetadata | undefined> {
  const state = pointer.tables.source_files;
  if (state === undefined) return undefined;
  return (await openTable(effects.objects, state)).metadata;
}

/** The newest state of a dataset for which a condition holds. */
export async function findState(
  effects: Effects,
  dataset: string,
  wanted: (state: DatasetState) => boolean,
): Promise<DatasetState | undefined> {
  const pointer = (await readPointer(effects.objects, 'silver', dataset))?.pointer;
  const ledger = pointer === undefined ? undefined : await openLedger(effects, pointer);
  return ledger === undefined ? undefined : statesOf(ledger).findLast(wanted);
}
