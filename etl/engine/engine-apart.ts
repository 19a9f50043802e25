import type { AssayError } from '../errors.ts';
import type { Scratch } from '../ports.ts';
import type { Engine } from './engine.ts';

/**
 * An engine apart from this process, for SQL of others: whatever it is asked, this process keeps its memory, its secrets and
 * its other work. ConfigError `QUERY_MEMORY` is what comes of asking too much.
 */
export interface EngineApart {
  readonly engine: Engine;
  /** Where it may write files. */
  readonly scratch: Scratch;
  /** Ends it at once; whoever waits for an answer gets the error. */
  end(why: AssayError): void;
  /** Ends it, and removes what it wrote. */
  dispose(): Promise<void>;
}

/** Starts an engine apart. */
export type OpenEngineApart = () => Promise<EngineApart>;
