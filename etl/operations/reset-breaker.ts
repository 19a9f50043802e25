import { ConfigError } from '../errors.ts';
import { breakerKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { openBreaker } from '../stages/make-plan.ts';
import type { Breaker } from '../stages/outcomes.ts';
import { putDocument } from '../stages/stored-documents.ts';
import { keepDecision, type Word } from './decide-run.ts';

/** Who closes a breaker and why, and which one was looked at. */
export interface Reset extends Word {
  /** When the breaker opened that was looked at; whichever is open where it is not said. */
  readonly openedAt?: string | undefined;
}

/**
 * Closes a dataset's circuit breaker and returns what had opened it; errors from before count no more. Throws
 * ConfigError `BREAKER_CLOSED` where it isn't open, and `OTHER_BREAKER` where it opened anew since it was looked at.
 */
export async function resetBreaker(
  effects: Effects,
  dataset: string,
  { by, reason, openedAt: looked }: Reset,
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
  if (looked !== undefined && looked !== openedAt)
    throw new ConfigError(
      'OTHER_BREAKER',
      `The circuit breaker of ${dataset} opened at ${openedAt}, by run ${runId}, after it was looked at: look at it again.`,
      { context: { dataset, openedAt, runId } },
    );
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
