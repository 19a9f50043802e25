import type { Contract } from '../../etl/contract/contract.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import type { Effects } from '../../etl/ports.ts';
import { exampleValues } from '../../etl/query/example-values.ts';
import { type Reject, rejectExamples } from '../../etl/query/run-rejects.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import type { Pointer } from '../../etl/table/pointer.ts';
import { openKeeper } from './keeper.ts';

/** Values that show what is in a column, by the column's name. */
type ExampleValues = ReadonlyMap<string, readonly string[]>;

/** Examples for pages, read once for each state of what they are of. */
export interface Examples {
  /** Values of a table's columns; none of one that was never published. */
  values(contract: Contract, pointer: Pointer | undefined): Promise<ExampleValues>;
  /** Records of a run that did not pass. */
  rejects(run: RunRecord): Promise<readonly Reject[]>;
}

/** Records of each kind that are shown of a run, and of all. */
const REJECTS = { perKind: 3, most: 20 };

/** Tables, and runs, whose examples are kept. */
const MOST = 500;

/** Examples of a lake. */
export function openExamples(effects: Effects): Examples {
  const [values, rejects] = [openKeeper<ExampleValues>(MOST), openKeeper<readonly Reject[]>(MOST)];
  return {
    values: async (contract, pointer) =>
      pointer === undefined
        ? new Map()
        : await values(`${contract.dataset} ${pointer.snapshot_id} ${contract.digest}`, () =>
            exampleValues(effects, contract, pointer),
          ),
    // Sealed anew, or published, they are others, or lie elsewhere.
    rejects: (run) =>
      rejects(`${run.runId} ${run.status} ${run.sealDigest}`, () =>
        withScratchEngine(effects, 'run-page', (engine) => rejectExamples(engine, effects, run, REJECTS)),
      ),
  };
}
