import { canonicalJson } from '../../etl/contract/digest.ts';
import { ConflictError } from '../../etl/errors.ts';
import type { Word } from '../../etl/operations/decide-run.ts';
import type { Effects } from '../../etl/ports.ts';
import { recordDecision } from '../../etl/stages/decisions.ts';
import { newRunId } from '../../etl/stages/run-id.ts';
import type { SchemaRegistry } from '../registry/registry.ts';
import type { KeptDocument, PolicyStore } from './policy-store.ts';

/** What policies are kept with, and compared with. */
export interface ControlPlane {
  readonly effects: Effects;
  readonly store: PolicyStore;
  /** Absent where no registry of schemas is named. */
  readonly registry?: SchemaRegistry;
}

/** The next state of a document, and how the change is kept among the decisions. */
export interface NextState extends Pick<KeptDocument['decision'], 'kind' | 'dataset' | 'details'> {
  readonly body: unknown;
}

/** How a document becomes another. */
export interface DocumentChange {
  readonly name: string;
  readonly word: Word;
  /** What follows on what stands there; throws where nothing may. */
  readonly next: (before: KeptDocument | undefined) => Promise<NextState>;
}

/** Writers that lose a race look again so often. */
const TRIES = 5;

/**
 * Writes the next version of a document, and keeps who changed it among the decisions; changes nothing where the body stays
 * the same. Of two writers at once both are heard, one after the other. Throws ConflictError `POLICY_MOVED` where others were
 * quicker again and again.
 */
export async function changeDocument(
  { effects, store }: ControlPlane,
  { name, word: { by, reason }, next }: DocumentChange,
): Promise<KeptDocument> {
  for (let tries = 1; ; tries++) {
    const before = await store.read(name);
    const { body, ...decision } = await next(before);
    // Whoever wrote it may have died before it was among the decisions.
    if (before !== undefined) await recordChange(effects, before);
    if (before !== undefined && canonicalJson(before.body) === canonicalJson(body)) return before;
    const now = effects.clock.now();
    const kept: KeptDocument = {
      ...{ name, version: (before?.version ?? 0) + 1, at: now.toISOString(), by, reason },
      ...{ decision: { id: newRunId(now), ...decision }, body },
    };
    try {
      await store.write(kept);
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === TRIES) throw error;
      continue;
    }
    await recordChange(effects, kept);
    return kept;
  }
}

async function recordChange(effects: Effects, { by, reason, decision }: KeptDocument): Promise<void> {
  await recordDecision(effects, { ...decision, by, reason, runId: null });
}
