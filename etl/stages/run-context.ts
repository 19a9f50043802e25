import type { SourceContract } from '../contract/contract.ts';
import { loadContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { ConflictError } from '../errors.ts';
import { planKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { followedBy } from '../table/generations.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import { Plan } from './documents.ts';
import { getRunDocument, inFormat } from './run-documents.ts';
import type { RunInput } from './stage.ts';

/** What every stage after plan works from. */
export interface RunContext {
  readonly plan: Plan;
  readonly contract: SourceContract;
  /** The pointer that the run builds on; undefined before the first commit. Of a migration, it names no table yet. */
  readonly base: Pointer | undefined;
  /** The pointer that readers see meanwhile. */
  readonly published: Pointer | undefined;
  readonly baseEtag: string | undefined;
}

/**
 * Loads a run's plan, its contract and its base. Throws ConflictError when another run committed since the plan was
 * made, and when a deployment changed the contract since or the format in which stages write: the run is then planned
 * again, under what holds now. With a part, the plan has that part's chunks and files alone.
 */
export async function loadRun(
  effects: Effects,
  { dataset, runId }: RunInput,
  part = '',
): Promise<RunContext> {
  const key = planKey(dataset, runId, part);
  const plan = inFormat(await getRunDocument(effects.objects, key, Plan), key);
  const contract = requireSourceContract(await loadContracts(effects.contracts), dataset);
  if (contract.digest !== plan.contractDigest) {
    throw new ConflictError(
      'CONTRACT_CHANGED',
      `The contract of ${dataset} changed while run ${runId} was under way; planning again.`,
      {
        context: { dataset, runId },
      },
    );
  }
  const read = await readPointer(effects.objects, 'silver', dataset);
  if (read?.etag !== plan.baseEtag) {
    throw new ConflictError(
      'BASE_MOVED',
      `Another run committed ${dataset} while ${runId} was under way; planning again.`,
      {
        context: { dataset, runId },
      },
    );
  }
  const published = read?.pointer;
  return { plan, contract, base: stagedBase(published, plan), published, baseEtag: read?.etag };
}

/** A migration begins with no table of its generation, and names all those of before. */
function stagedBase(
  published: Pointer | undefined,
  { generation, runId, plannedAt }: Plan,
): Pointer | undefined {
  if (published === undefined || generation === undefined) return published;
  return { ...published, ...followedBy(published, { generation, runId, at: plannedAt }), tables: {} };
}
