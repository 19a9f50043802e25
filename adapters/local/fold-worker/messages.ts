import type { EventColumn, StreamEvents } from '../../../etl/projecting/fold-runner.ts';

/** How long a process that folds works before it pauses between two events, to say that it lives and to be given its time anew. */
export const TURN_MS = 1_000;

/** What a process that folds is told first. */
export interface Start {
  /** For stack traces. */
  readonly file: string;
  /** JavaScript, a CommonJS module. */
  readonly script: string;
  readonly columns: readonly EventColumn[];
  /** How long the code may take to load, and for one event. */
  readonly timeoutMs: number;
}

/**
 * What it is sent then: `check` has it fold the first streams twice before all of them, `careful` write its place to its
 * standard output before each event.
 */
export interface Request {
  readonly batch: StreamEvents;
  readonly how: 'fold' | 'check' | 'careful';
}

/** What a batch came to: of each stream its state, and its rows where they are not the state itself. */
export interface Folded {
  readonly states: readonly string[];
  readonly rows: readonly (string | undefined)[];
}

/** Which event of which stream of a batch. */
export interface Place {
  readonly stream: number;
  readonly at: number;
}

/** What went wrong in the code: a thrown error, its time, its memory that was nearly full when its time was over, or a state that can't be kept or differs when folded again. */
export interface Fault extends Place {
  readonly fault: 'threw' | 'timeout' | 'memory' | 'state' | 'not-pure';
  /** Its kind and text, which may quote values of events. */
  readonly name: string;
  readonly message: string;
  /** Line of the code; absent where it isn't known. */
  readonly line?: number;
}

/** The process's answers: to its start, and to each batch. */
export type Reply =
  | { readonly ready: { readonly hasApply: boolean; readonly hasInitial: boolean } }
  | { readonly folded: Folded }
  | { readonly failed: Fault };
