import { ConflictError } from '../errors.ts';
import { decisionKey } from '../naming/decisions.ts';
import type { Effects } from '../ports.ts';
import { Decision } from './outcomes.ts';

/** Keeps what a person decided, write-once; a repeat under the same id changes nothing. */
export async function recordDecision(effects: Effects, decision: Omit<Decision, 'at'>): Promise<void> {
  const document = Decision.parse({ ...decision, at: effects.clock.now().toISOString() });
  const body = Buffer.from(`${JSON.stringify(document, null, 1)}\n`);
  try {
    await effects.objects.put(decisionKey(decision.dataset, decision.id), body, { ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}
