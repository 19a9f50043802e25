import type { Pipeline } from './gates/pipeline.ts';

/** Does work again as long as it fails for now. */
export type Trying = <T>(work: () => Promise<T>) => Promise<T>;

/** How often a batch is judged again while a registry can't be asked: for some seconds, longer than it is left alone. */
const MOST_JUDGINGS = 7;

const FIRST_PAUSE_MS = 100;

const UNAVAILABLE = 'SCHEMA_REGISTRY_UNAVAILABLE';

/**
 * Judges batches, and one for which a schema registry could not be asked again for some seconds. Once an outage took that
 * long, events fail for it, until a batch had no such trouble.
 */
export function patientJudge(
  pipeline: Pipeline,
  pause: (ms: number) => Promise<void>,
  trying: Trying,
): Pipeline {
  let isOut = false;
  return async (batch, timer) => {
    for (let judgings = 1; ; judgings++) {
      const states = await trying(() => pipeline(batch, timer));
      const isFailing = states.some(({ faults }) => faults.some(({ reason }) => reason === UNAVAILABLE));
      if (!isFailing || isOut || judgings === MOST_JUDGINGS) {
        isOut = isFailing;
        return states;
      }
      await pause(FIRST_PAUSE_MS * 2 ** (judgings - 1));
    }
  };
}
