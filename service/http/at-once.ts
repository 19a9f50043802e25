import { TransientError } from '../../etl/errors.ts';

/**
 * Limits how many run at once, and how many wait until one of those has ended. Throws TransientError `QUERIES_BUSY` beyond;
 * what it returns frees the place.
 */
export function atOnce(most: number, mostWaiting = 0): () => Promise<() => void> {
  const waiting: (() => void)[] = [];
  let inside = 0;
  const leave = (): void => {
    const next = waiting.shift();
    // Who waits takes the place.
    if (next === undefined) inside--;
    else next();
  };
  return async () => {
    if (inside < most) inside++;
    else if (waiting.length < mostWaiting) await new Promise<void>((resolve) => void waiting.push(resolve));
    else throw busy(most, mostWaiting);
    let isIn = true;
    return () => {
      if (isIn) leave();
      isIn = false;
    };
  };
}

function busy(most: number, mostWaiting: number): TransientError {
  const what =
    mostWaiting > 0
      ? `${mostWaiting} requests wait to be answered already: ask again in a while.`
      : `${most} requests of this kind are answered already, and more would starve each other: ask again when one has ended.`;
  return new TransientError('QUERIES_BUSY', what);
}
