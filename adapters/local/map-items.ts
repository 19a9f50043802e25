import { messageOf, nameOf } from '../../etl/errors.ts';
import { StateError } from './stage-calls.ts';

/** What a distributed Map runs over its items with. */
export interface MapRun {
  readonly items: readonly unknown[];
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Runs one item; its signal aborts when another has failed. */
  readonly runItem: (item: unknown, index: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Runs the items, so many at once, and returns their outputs in order. After the first failure, stops those running and
 * begins no more; the whole then fails under Step Functions' name for that.
 */
export async function mapItems({ items, concurrency, signal, runItem }: MapRun): Promise<unknown[]> {
  const outputs: unknown[] = items.map(() => null);
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let failure: StateError | undefined;
  const rest = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of rest) {
      if (either.aborted) return;
      try {
        outputs[index] = await runItem(item, index, either);
      } catch (error) {
        failure ??= itemFailure(error, index, items.length);
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, work));
  if (failure !== undefined) throw failure;
  return outputs;
}

function itemFailure(error: unknown, index: number, count: number): StateError {
  const cause = `Item ${index + 1} of ${count} failed: ${nameOf(error)}: ${messageOf(error)}`;
  return new StateError('States.ExceedToleratedFailureThreshold', cause);
}
