import type { Engine } from '../engine/engine.ts';
import type { Effects, Scratch } from '../ports.ts';
import type { RunContext } from '../stages/run-context.ts';

/** What sealing a run works with. */
export interface Sealing {
  readonly effects: Effects;
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly context: RunContext;
}
