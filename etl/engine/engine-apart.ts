import type { AssayError } from '../errors.ts';
import type { Scratch } from '../ports.ts';
import type { Engine } from './engine.ts';

/**
 * An engine in a process of its own, for other people's SQL. Whatever it runs, this process keeps its memory, secrets
 * and other work. Asking too much throws ConfigError `QUERY_MEMORY`.
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
