import { TransientError } from '../../etl/errors.ts';

/** Limits how many run at once. Throws TransientError `QUERIES_BUSY` beyond; what it returns frees the place. */
export function atOnce(most: number): () => () => void {
  let inside = 0;
  return () => {
    if (inside >= most)
      throw new TransientError(
        'QUERIES_BUSY',
        `${most} requests of this kind are answered already, and more would starve each other: ask again when one has ended.`,
      );
    inside++;
    let isIn = true;
    return () => {
      if (isIn) inside--;
      isIn = false;
    };
  };
}
