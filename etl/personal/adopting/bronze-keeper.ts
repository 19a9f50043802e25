import type { RunInput } from '../../stages/stage.ts';

/** What a store of objects does for an adoption: what no other caller may do in Bronze. */
export interface BronzeKeeper {
  /** Copies a finished scratch file to a key, write-once, as of a moment. */
  place(scratchPath: string, key: string, arrivedMs: number): Promise<void>;
  /** Removes objects of an adopted dataset, their earlier versions, and what is remembered of them; nothing where they are gone. */
  erase(adopted: RunInput, keys: readonly string[]): Promise<void>;
  /**
   * Removes what a store keeps of an adopted dataset beside its objects: earlier versions of them and of removed ones, and
   * results of queries from before.
   */
  eraseHistory(adopted: RunInput): Promise<void>;
}
