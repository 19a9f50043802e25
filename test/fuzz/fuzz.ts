import fc from 'fast-check';
import { arbitraryCase, type FuzzCase } from './arbitrary-case.ts';
import { checkCases, type Expectation } from './check-cases.ts';
import { makeFile } from './make-file.ts';

/** What fuzzing is told. */
export interface FuzzOptions {
  readonly seed: number;
  readonly cases: number;
  /** Cases that share their runs; a case fails by itself or not at all. */
  readonly batch?: number;
  readonly expectation?: Expectation;
  /** Called after each batch with the number of cases done. */
  readonly progress?: (done: number) => void;
}

/** A case that failed, shrunk. */
export interface Failure {
  /** fast-check's path to the shrunk case: with the seed it is that case again. */
  readonly path: string;
  readonly problem: string;
  readonly case: FuzzCase;
  readonly bytes: Buffer;
}

const BATCH = 250;
/** A failure that shrinks for longer is shown as far as it came. */
const SHRINK_MS = 120_000;

/** Checks cases 0, 1, 2 … of a seed; returns the first failure, shrunk, or undefined where all passed. */
export async function fuzz(options: FuzzOptions): Promise<Failure | undefined> {
  const { seed, cases, batch = BATCH, expectation, progress } = options;
  for (let from = 0; from < cases; from += batch) {
    const numRuns = Math.min(batch, cases - from);
    const problems = await checkCases(sample({ seed, path: String(from), numRuns }), expectation);
    for (const place of [...problems.keys()].sort((a, b) => a - b)) {
      const failure = await shrink(String(from + place), options);
      if (failure !== undefined) return failure;
    }
    const [[place, problem] = []] = problems;
    if (place !== undefined) throw new Error(`case ${from + place} fails only beside others: ${problem}`);
    progress?.(from + numRuns);
  }
  return undefined;
}

/** Checks the one case at a path by itself, as a failure names it. */
export async function replay({
  seed,
  path,
  expectation,
}: Pick<FuzzOptions, 'seed' | 'expectation'> & { readonly path: string }): Promise<Failure | undefined> {
  const [one] = sample({ seed, path, numRuns: 1 });
  if (one === undefined) throw new Error(`no case is at ${path}`);
  const problem = (await checkCases([one], expectation)).get(0);
  return problem === undefined ? undefined : { path, problem, case: one, bytes: makeFile(one, 0) };
}

/** The smallest case that fails like the one at a path; undefined where that one passes by itself. */
async function shrink(path: string, { seed, expectation }: FuzzOptions): Promise<Failure | undefined> {
  const property = fc.asyncProperty(arbitraryCase, async (one) => {
    const problem = (await checkCases([one], expectation)).get(0);
    if (problem !== undefined) throw new Error(problem);
  });
  const { failed, counterexamplePath } = await fc.check(property, {
    seed,
    path,
    numRuns: 1,
    interruptAfterTimeLimit: SHRINK_MS,
    markInterruptAsFailure: false,
  });
  if (!failed || counterexamplePath === null) return undefined;
  return replay({ seed, path: counterexamplePath, ...(expectation && { expectation }) });
}

function sample(at: { readonly seed: number; readonly path: string; readonly numRuns: number }): FuzzCase[] {
  return fc.sample(arbitraryCase, at);
}
