import type { Engine } from '../engine/engine.ts';
import type { Effects, Scratch } from '../ports.ts';
import type { RunContext } from '../stages/run-context.ts';
import type { HeldFiles } from './held-files.ts';
import type { WrittenSilver } from './written-silver.ts';

/** What sealing a run works with. */
export interface Sealing {
  readonly effects: Effects;
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly context: RunContext;
  /** Local copies of Silver's files, the run's and the base's. */
  readonly held: HeldFiles;
  /** What lies in the run's Silver files. */
  readonly written: WrittenSilver;
}
