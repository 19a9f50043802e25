import fc from 'fast-check';

/** How long and how often a property is tried. */
export interface Trying {
  readonly seconds: number;
  readonly cases: number;
}

/**
 * Tries a property until its time or its cases are over, whichever is first. The case under way when the time is over still
 * counts, and nothing of it outlives the test: fast-check itself leaves it alone.
 */
export async function tryFor<Values extends [unknown, ...unknown[]]>(
  { seconds, cases }: Trying,
  arbitraries: { [Nth in keyof Values]: fc.Arbitrary<Values[Nth]> },
  holds: (...values: Values) => Promise<void>,
): Promise<void> {
  let underWay: Promise<void> = Promise.resolve();
  const property = fc.asyncProperty<Values>(...arbitraries, (...values) => {
    underWay = holds(...values);
    return underWay;
  });
  await fc.assert(property, {
    numRuns: cases,
    interruptAfterTimeLimit: seconds * 1000,
    markInterruptAsFailure: false,
  });
  await underWay;
}
