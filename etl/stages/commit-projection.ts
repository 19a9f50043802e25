import type { ProjectionContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { metadataFolder } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import type { OpenedProjection, OpenedTable } from '../projecting/open-projection.ts';
import type { ProjectionCode } from '../projecting/projection-code.ts';
import { commitTable } from '../table/commit-table.ts';
import { followedBy, generationsPart } from '../table/generations.ts';
import { movePointer, type NextTableState, type ReadPointer, type TableState } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import { keepContract } from './kept-contracts.ts';
import type { RunInput } from './stage.ts';

/** A projection that is brought up to date, and what it is made by. */
export interface ProjectionHead extends OpenedProjection {
  readonly contract: ProjectionContract;
  readonly code: ProjectionCode;
  readonly pointer: ReadPointer | undefined;
}

/** Files that a table gets and loses. */
export interface FileChange {
  readonly add: readonly DataFile[];
  readonly remove: ReadonlySet<string>;
}

/** A commit of a projection. */
export interface ProjectionCommit {
  readonly effects: Effects;
  readonly run: RunInput;
  readonly state: ProjectionHead;
  /** The snapshot of the events that it is folded from. */
  readonly snapshotId: number;
  /** What making it took and did, for the snapshots' summaries. */
  readonly summary: Readonly<Record<string, string>>;
}

/** Publishes rows and states together: one conditional write. Throws ConflictError where another refresh came first. */
export async function commitProjection(
  { effects, run, state, snapshotId, summary }: ProjectionCommit,
  rows: FileChange,
  states: FileChange,
): Promise<void> {
  const { contract, code, pointer, anew } = state;
  const { dataset } = contract;
  const text = (await loadContracts(effects.contracts)).texts.get(dataset);
  if (text !== undefined)
    await keepContract(
      effects.objects,
      { dataset, digest: code.digest, meaning: contract.digest },
      { contract: text, code: code.code },
    );
  const now = effects.clock.now();
  const inputs = { [contract.inputs[0]]: snapshotId };
  const commit = {
    ...{ effects, run, pointer, isAnew: anew !== undefined, nowMs: now.getTime() },
    inputs,
    digest: code.digest,
    summary,
  };
  const projection = await commitOne(commit, 'projection', { ...state.rows, ...rows });
  const projectionState = await commitOne(commit, 'projection_state', { ...state.states, ...states });
  await movePointer(
    effects.objects,
    'projection',
    {
      format: 1,
      dataset,
      version: (pointer?.pointer.version ?? 0) + 1,
      snapshot_id: projection.snapshot_id,
      metadata_location: projection.metadata_location,
      run_id: run.runId,
      execution: run.runId,
      seal_digest: '',
      contract_version: contract.version,
      contract_digest: code.digest,
      committed_at: now.toISOString(),
      tables: { projection, projection_state: projectionState },
      inputs,
      ...generationsAfter(state, now),
    },
    pointer?.etag,
  );
}

interface OneCommit {
  readonly effects: Effects;
  readonly run: RunInput;
  readonly pointer: ReadPointer | undefined;
  readonly isAnew: boolean;
  readonly nowMs: number;
  readonly inputs: Readonly<Record<string, number>>;
  readonly digest: string;
  readonly summary: Readonly<Record<string, string>>;
}

async function commitOne(
  { effects, run, pointer, isAnew, nowMs, inputs, digest, summary }: OneCommit,
  layer: 'projection' | 'projection_state',
  { table, add, remove }: OpenedTable & FileChange,
): Promise<NextTableState> {
  const before: TableState | undefined = pointer?.pointer.tables[layer];
  // Every commit of the states is a snapshot: by them it is known which events were folded when.
  const isSame = add.length === 0 && remove.size === 0;
  if (layer === 'projection' && before !== undefined && !isAnew && isSame) return before;
  return await commitTable({
    objects: effects.objects,
    table,
    keyPrefix: metadataFolder(table.root),
    add,
    remove,
    nowMs,
    attempt: `${run.runId}:${layer}:${table.root}:${pointer?.etag ?? ''}`,
    summary: {
      'assay.run-id': run.runId,
      'assay.inputs': JSON.stringify(inputs),
      'assay.contract-digest': digest,
      ...summary,
    },
  });
}

/** Tables made anew take the place of the current ones. */
function generationsAfter({ pointer, anew }: ProjectionHead, now: Date) {
  if (anew === undefined || pointer === undefined) return generationsPart(pointer?.pointer);
  return followedBy(pointer.pointer, { generation: anew.generation, at: now.toISOString() });
}
