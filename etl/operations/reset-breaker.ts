import { ConfigError } from '../errors.ts';
import { breakerKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { openBreaker } from '../stages/make-plan.ts';
import type { Breaker } from '../stages/outcomes.ts';
import { putDocument } from '../stages/stored-documents.ts';
import { keepDecision, type Word } from './decide-run.ts';

/**
 * Closes a dataset's circuit breaker and returns what had opened it; errors from before count no more. Throws
 * ConfigError `BREAKER_CLOSED` where it isn't open.
 */
export async function resetBreaker(
  effects: Effects,
  dataset: string,
  { by, reason }: Word,
): Promise<Breaker> {
  const breaker = await openBreaker(effects, dataset);
  if (breaker === undefined) {
    throw new ConfigError(
      'BREAKER_CLOSED',
      `The circuit breaker of ${dataset} is closed: nothing to reset.`,
      {
        context: { dataset },
      },
    );
  }
  const { runId, code, count, openedAt } = breaker;
  await keepDecision(effects, {
    kind: 'breaker-reset',
    dataset,
    by,
    reason,
    runId,
    details: { code, count, openedAt },
  });
  const reset: Breaker = { ...breaker, resetAt: effects.clock.now().toISOString() };
  await putDocument(effects.objects, breakerKey(dataset), reset);
  return reset;
}
