import { TransientError } from '../../etl/errors.ts';

/** Lets so many in at one time. Throws TransientError `QUERIES_BUSY` for one more; what it returns lets one out, once. */
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
