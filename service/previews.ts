import { loadContracts } from '../etl/contract/load-contracts.ts';
import { type ApprovalPreview, previewApproval } from '../etl/operations/preview-approval.ts';
import type { Effects } from '../etl/ports.ts';
import type { RunRecord } from '../etl/stages/outcomes.ts';
import { readPointer } from '../etl/table/pointer.ts';

/** What approving a held run would publish, or that it is still being computed. */
export type PreviewState =
  | { readonly kind: 'computing' }
  | { readonly kind: 'ready'; readonly preview: ApprovalPreview };

/** Previews that are kept. */
const MOST_KEPT = 50;

/** Previews of a lake: each is computed once for a seal and the states that it would be published on, one at a time. */
interface Kept {
  readonly known: Map<string, Promise<ApprovalPreview>>;
  /** The one that is computed last. */
  last: Promise<unknown>;
}

const LAKES = new WeakMap<Effects, Kept>();

/** What approving a held run would publish, after at most so many milliseconds; it is computed on in any case. */
export async function previewOf(effects: Effects, run: RunRecord, waitMs: number): Promise<PreviewState> {
  const kept: Kept = LAKES.get(effects) ?? { known: new Map(), last: Promise.resolve() };
  LAKES.set(effects, kept);
  const key = await keyOf(effects, run);
  const work = kept.known.get(key) ?? begin(effects, run, { kept, key });
  return await Promise.race([work.then((preview) => ({ kind: 'ready', preview }) as const), after(waitMs)]);
}

function begin(
  effects: Effects,
  run: RunRecord,
  { kept, key }: { readonly kept: Kept; readonly key: string },
): Promise<ApprovalPreview> {
  const work = kept.last.then(() => previewApproval(effects, run));
  // A failed one is computed again when it is asked for.
  kept.last = work.catch(() => void kept.known.delete(key));
  kept.known.set(key, work);
  const [oldest] = kept.known.keys();
  if (kept.known.size > MOST_KEPT && oldest !== undefined) kept.known.delete(oldest);
  return work;
}

/** Names a run's seal and everything that a preview of it depends on. */
async function keyOf({ objects, contracts: source }: Effects, run: RunRecord): Promise<string> {
  const { contracts } = await loadContracts(source);
  const golds = [...contracts.values()].filter(
    (one) => one.layer === 'gold' && one.inputs.includes(run.dataset),
  );
  const inputs = new Set([run.dataset, ...golds.flatMap((one) => (one.layer === 'gold' ? one.inputs : []))]);
  const tags: (string | undefined)[] = [];
  for (const dataset of inputs) tags.push((await readPointer(objects, 'silver', dataset))?.etag);
  for (const { dataset, digest } of golds)
    tags.push(digest, (await readPointer(objects, 'gold', dataset))?.etag);
  return JSON.stringify([run.runId, run.sealDigest, contracts.get(run.dataset)?.digest, ...tags]);
}

const after = (ms: number): Promise<PreviewState> =>
  new Promise((resolve) => void setTimeout(() => resolve({ kind: 'computing' }), ms).unref());
