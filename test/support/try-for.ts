import fc from 'fast-check';
import { casesOf } from './cases.ts';

/** How long and how often a property is tried; both are multiplied by $ASSAY_TIMES. */
export interface Trying {
  readonly seconds: number;
  readonly cases: number;
}

/**
 * Tries a property until its time or its cases are over, whichever is first; a case that was begun is ended, and counts.
 * fast-check's own limit leaves it alone: it goes on after the test, and what it finds is lost.
 */
export async function tryFor<Values extends [unknown, ...unknown[]]>(
  { seconds, cases }: Trying,
  arbitraries: { [Nth in keyof Values]: fc.Arbitrary<Values[Nth]> },
  holds: (...values: Values) => Promise<void>,
): Promise<void> {
  const end = performance.now() + casesOf(seconds) * 1000;
  let tried = 0;
  const property = fc.asyncProperty<Values>(...arbitraries, async (...values) => {
    if (tried > 0 && performance.now() > end) return;
    tried += 1;
    await holds(...values);
  });
  await fc.assert(property, { numRuns: casesOf(cases) });
}
