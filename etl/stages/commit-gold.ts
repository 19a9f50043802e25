import type { GoldContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import type { OpenedGold } from '../gold/open-gold.ts';
import { metadataFolder } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { type Closing, closedMonths } from '../table/closings.ts';
import { commitTable } from '../table/commit-table.ts';
import { followedBy, generationsPart } from '../table/generations.ts';
import { movePointer, type NextPointer, type ReadPointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import { keepContract } from './kept-contracts.ts';
import type { RunInput } from './stage.ts';

/** A Gold table that is to be brought up to date, and what it is made by. */
export interface GoldHead extends OpenedGold {
  readonly contract: GoldContract;
  readonly sql: string;
  readonly digest: string;
  readonly pointer: ReadPointer | undefined;
}

/** A commit of a Gold table. */
export interface GoldCommit {
  readonly effects: Effects;
  readonly run: RunInput;
  readonly state: GoldHead;
  /** The snapshots of the inputs that it is made from. */
  readonly snapshots: Readonly<Record<string, number>>;
  /** What the pointer is to say of closed months; as before where that is not given. */
  readonly closings?: readonly Closing[] | undefined;
  /** What making it took, for the snapshot's summary; absent where nobody measured. */
  readonly cost?: Readonly<Record<string, string>>;
}

/** Publishes what a refresh made: one conditional write, which also says of closed months what waits. */
export async function commitGold(
  { effects, run, state, snapshots, closings = state.pointer?.pointer.closings, cost = {} }: GoldCommit,
  add: readonly DataFile[],
  remove: ReadonlySet<string>,
): Promise<void> {
  const { contract, pointer, anew } = state;
  await keepTexts(effects, state);
  const now = effects.clock.now();
  const before = pointer?.pointer.tables.gold;
  // A table made anew keeps the tags by which other engines find closed rows.
  const tags = anew === undefined ? [] : closedMonths(pointer?.pointer ?? {}).map(({ tag }) => tag);
  const gold =
    before !== undefined && anew === undefined && add.length === 0 && remove.size === 0
      ? before
      : await commitTable({
          objects: effects.objects,
          table: state.table,
          keyPrefix: metadataFolder(state.table.root),
          add,
          remove,
          tags,
          nowMs: now.getTime(),
          attempt: `${run.runId}:gold:${contract.dataset}:${pointer?.etag ?? ''}`,
          summary: {
            'assay.run-id': run.runId,
            'assay.inputs': JSON.stringify(snapshots),
            'assay.contract-digest': state.digest,
            ...cost,
          },
        });
  const next: NextPointer = {
    format: 1,
    dataset: contract.dataset,
    version: (pointer?.pointer.version ?? 0) + 1,
    snapshot_id: gold.snapshot_id,
    metadata_location: gold.metadata_location,
    run_id: run.runId,
    execution: run.runId,
    seal_digest: '',
    contract_version: contract.version,
    contract_digest: state.digest,
    committed_at: now.toISOString(),
    tables: { gold },
    inputs: { ...snapshots },
    ...generationsAfter(state, now),
    ...(closings === undefined ? {} : { closings: [...closings] }),
  };
  await movePointer(effects.objects, 'gold', next, pointer?.etag);
}

/** A table made anew takes the place of the current one. */
function generationsAfter({ pointer, anew }: GoldHead, now: Date) {
  if (anew === undefined || pointer === undefined) return generationsPart(pointer?.pointer);
  return followedBy(pointer.pointer, { generation: anew.generation, at: now.toISOString() });
}

async function keepTexts(effects: Effects, { contract, digest, sql }: GoldHead): Promise<void> {
  const { dataset, digest: meaning } = contract;
  const text = (await loadContracts(effects.contracts)).texts.get(dataset);
  if (text !== undefined)
    await keepContract(effects.objects, { dataset, digest, meaning }, { contract: text, sql });
}
