import type { Clock, Effects } from '../ports.ts';
import type { Damage } from './trouble.ts';

/** How one execution of the workflow ended. */
export interface Execution {
  readonly isSuccess: boolean;
  /** Why it failed; empty where it didn't. */
  readonly cause: string;
}

/** A place for the lakes of a drill. */
export interface DrillGround {
  /** A new, empty lake with the drill's contracts, and that clock. */
  open(clock: Clock): Promise<{ readonly effects: Effects; dispose(): Promise<void> }>;
  /** Another one, whose payments name who paid, in sealed columns; with a vault. Absent where there is none. */
  openProtected?(clock: Clock): Promise<{ readonly effects: Effects; dispose(): Promise<void> }>;
  /** Runs the workflow once, without waits between its attempts. */
  execute(run: { readonly dataset: string; readonly runId: string }, effects: Effects): Promise<Execution>;
}

/** What happened in a story. */
export interface StoryResult {
  readonly seed: number;
  readonly points: number;
  readonly damage: Damage;
  readonly executions: number;
  /** Executions at the same time, of two or three. */
  readonly races: number;
  readonly looks: number;
  /** How often the upkeep of the tables was done, or begun. */
  readonly tendings: number;
  readonly files: number;
  readonly records: number;
  /** All that happened, in order, a line each: the same for the same seed. */
  readonly events: readonly string[];
  /** What should never have been, each with the event after which it was seen. */
  readonly problems: readonly string[];
}
