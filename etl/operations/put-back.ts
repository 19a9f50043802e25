import type { Contract } from '../contract/contract.ts';
import type { Effects } from '../ports.ts';
import { generationOf } from '../table/generations.ts';
import { metadataVersion } from '../table/metadata-file.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import { lastProven } from './last-proven.ts';

/**
 * What shows, in words, that a pointer is one of before: somebody put it back, or restored it alone from a backup. Of Gold
 * and projections it is seen from two commits on, since metadata of a single one may be of a refresh that died; of a
 * dataset a run, a decision or a report proves one, but not that records were let go. Undefined where nothing shows it.
 */
export async function putBack(
  effects: Effects,
  contract: Contract,
  pointer: Pointer,
): Promise<string | undefined> {
  const proven = await lastProven(effects, contract);
  if (proven === undefined || generationOf(proven) !== generationOf(pointer)) return undefined;
  const ahead = commitsOf(proven) - commitsOf(pointer);
  if (ahead < (contract.layer === 'silver' ? 1 : 2)) return undefined;
  // Records are let go by a commit that leaves Silver as its run made it: metadata of one that died looks like that.
  if (proven.run_id === pointer.run_id && proven.snapshot_id === pointer.snapshot_id) return undefined;
  // A run may have published while this was found out.
  const now = (await readPointer(effects.objects, contract.layer, contract.dataset))?.pointer;
  if (now?.version !== pointer.version || now.committed_at !== pointer.committed_at) return undefined;
  return `it was put back to version ${pointer.version}: ${mainTable(proven)?.metadata_key} was published after what it names`;
}

/** How often the table that every commit changes was committed, as its metadata's name says. */
export const commitsOf = (pointer: Pointer): number => metadataVersion(mainTable(pointer)?.metadata_key);

const mainTable = ({ tables }: Pointer) => tables.source_files ?? tables.gold ?? tables.projection_state;
