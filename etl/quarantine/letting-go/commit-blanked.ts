import { ConfigError, DataError } from '../../errors.ts';
import { metadataFolder } from '../../naming/tables.ts';
import type { Effects } from '../../ports.ts';
import { stateSummary } from '../../stages/dataset-history.ts';
import { putChanged } from '../../table/change-table.ts';
import { commitTable } from '../../table/commit-table.ts';
import { generationOf } from '../../table/generations.ts';
import { openTable } from '../../table/lake-table.ts';
import type { TableMetadata } from '../../table/metadata.ts';
import {
  type Generation,
  movePointer,
  type NextTableState,
  type Pointer,
  type ReadPointer,
} from '../../table/pointer.ts';
import { expireSnapshots } from '../../table/snapshots.ts';
import { filesOnlyIn } from '../../table/unreachable.ts';
import { noteRemoval } from '../../tending/removals.ts';
import type { BlankedTable } from './blank-rows.ts';
import { type LetGoNote, withLetGoNote } from './let-go-note.ts';

/** What is committed, on which base. */
export interface BlankedCommit {
  readonly read: ReadPointer;
  readonly blanked: readonly BlankedTable[];
  readonly last: LetGoNote['last'];
  readonly now: Date;
}

/**
 * Commits reject tables whose due rows have no values any more, in one step: each gets a snapshot, and all of its earlier
 * ones, which name the files with the values, expire with it. Notes which files may go. Silver and the ledger keep their
 * states. Returns the new pointer. Throws ConfigError `TAGGED` where a tag holds an earlier snapshot, and ConflictError
 * where somebody committed since.
 */
export async function commitBlanked(effects: Effects, commit: BlankedCommit): Promise<Pointer> {
  const { read, last, now } = commit;
  const { pointer, etag } = read;
  const { dataset, run_id, seal_digest, contract_version, contract_digest } = pointer;
  const staged = await stageAll(effects, commit);
  const tables = { ...pointer.tables, ...tablesOf(staged, generationOf(pointer)) };
  const version = pointer.version + 1;
  const committed_at = now.toISOString();
  const state = { dataset, version, run_id, seal_digest, contract_version, contract_digest, committed_at };
  const source_files = await stageLedger(effects, commit, { state, tables });
  const next = {
    ...pointer,
    ...state,
    execution: last.id,
    tables: { ...tables, source_files },
    ...generationsWith(pointer, staged),
  };
  await movePointer(effects.objects, 'silver', next, etag);
  return next;
}

/** A table of some generation, where it stands after the commit. */
interface Staged {
  readonly generation: number;
  readonly layer: string;
  readonly state: NextTableState;
}

async function stageAll(effects: Effects, commit: BlankedCommit): Promise<Staged[]> {
  const staged: Staged[] = [];
  for (const one of commit.blanked) {
    const { generation, layer } = one;
    staged.push({ generation, layer, state: await stageTable(effects, one, commit) });
  }
  return staged;
}

/** Those of a generation, by layer. */
function tablesOf(staged: readonly Staged[], generation: number): Record<string, NextTableState> {
  const own = staged.filter((one) => one.generation === generation);
  return Object.fromEntries(own.map(({ layer, state }) => [layer, state]));
}

async function stageTable(
  effects: Effects,
  { generation, layer, table, add, remove, rows }: BlankedTable,
  { read: { pointer, etag }, last, now }: BlankedCommit,
): Promise<NextTableState> {
  const { objects } = effects;
  const attempt = `${layer}:${generation}:${last.id}:${etag}`;
  const common = { objects, keyPrefix: metadataFolder(table.root), nowMs: now.getTime() };
  requireUntagged(table.metadata, pointer.dataset, layer);
  const summary = { 'assay.run-id': last.id };
  const state = await commitTable({ ...common, table, add, remove, attempt, summary });
  const committed = await openTable(objects, state);
  const { metadata, reader } = committed;
  const gone = metadata.snapshots.map((one) => one['snapshot-id']).filter((id) => id !== state.snapshot_id);
  const keys = await filesOnlyIn(metadata, new Set(gone), reader);
  const id = generation === generationOf(pointer) ? last.id : `${last.id}-generation-${generation}`;
  await noteRemoval(
    effects,
    { dataset: pointer.dataset, id: `${id}-${layer}` },
    { [layer]: { snapshots: gone, keys } },
  );
  const left = withLetGoNote(expireSnapshots(metadata, new Set(), common), { rows, last });
  const change = { ...common, table: committed, state, attempt: `${attempt}:expired` };
  const changed = await putChanged(change, left);
  return { ...state, ...changed, dropped: [...(state.dropped ?? []), ...(changed.dropped ?? [])] };
}

/** A tag of another engine would keep the values. */
function requireUntagged(metadata: TableMetadata, dataset: string, layer: string): void {
  const tags = Object.keys(metadata.refs).filter((name) => name !== 'main');
  if (tags.length === 0) return;
  throw new ConfigError(
    'TAGGED',
    `The ${layer} table of ${dataset} has snapshots that other engines gave a name (${tags.join(', ')}), which keep what is to go: remove these tags and branches first. Nothing was let go.`,
    { context: { dataset, layer } },
  );
}

interface LedgerCommit {
  readonly state: Parameters<typeof stateSummary>[0];
  readonly tables: Readonly<Record<string, NextTableState>>;
}

/** The ledger's snapshot says which states belong together. */
async function stageLedger(
  { objects }: Effects,
  { read: { pointer, etag }, last, now }: BlankedCommit,
  { state, tables: { source_files: before, ...others } }: LedgerCommit,
): Promise<NextTableState> {
  if (before === undefined)
    throw new DataError('POINTER_DAMAGED', `The pointer of ${pointer.dataset} names no ledger.`);
  const table = await openTable(objects, before);
  return await commitTable({
    objects,
    table,
    keyPrefix: metadataFolder(table.root),
    add: [],
    remove: new Set(),
    nowMs: now.getTime(),
    attempt: `source_files:${last.id}:${etag}`,
    summary: { 'assay.run-id': last.id, ...stateSummary(state, others) },
  });
}

/** The earlier generations with their tables as they are now. */
function generationsWith({ generations }: Pointer, staged: readonly Staged[]): Partial<Pointer> {
  if (generations === undefined) return {};
  const withTables = (one: Generation): Generation => ({
    ...one,
    tables: { ...one.tables, ...tablesOf(staged, one.generation) },
  });
  return { generations: generations.map(withTables) };
}
