import type { SourceContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { addWritten, readWritten, type Written } from '../refining/written.ts';
import type { RewriteResult } from '../stages/rewrite-documents.ts';
import { addSums } from '../sums.ts';
import type { NotesFiles } from './rewrite.ts';

/** What lies in some files of each source file, as a document has it. */
type StoredWritten = RewriteResult['after'];

/** Notes what lay in the files whose place others took, and what lies in those, read back from the lake. */
export class NotedFiles implements NotesFiles {
  readonly #engine: Engine;
  readonly #contract: SourceContract;
  readonly #before: Written = new Map();
  readonly #after: Written = new Map();

  constructor(engine: Engine, contract: SourceContract) {
    this.#engine = engine;
    this.#contract = contract;
  }

  async removeFiles(paths: readonly string[]): Promise<void> {
    addWritten(this.#before, await readWritten(this.#engine, this.#contract, paths));
  }

  async addFiles(paths: readonly string[]): Promise<void> {
    addWritten(this.#after, await readWritten(this.#engine, this.#contract, paths));
  }

  /** What was noted, as a task's result has it. */
  stored(): Pick<RewriteResult, 'before' | 'after'> {
    return { before: storedWritten(this.#before), after: storedWritten(this.#after) };
  }
}

/** What was read back, in one order in whatever order it was. */
export function storedWritten(written: Written): StoredWritten {
  return [...written]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([sourceFileId, { records, identity, sums }]) => ({
      ...{ records, identity, sums: addSums(sums), sourceFileId },
    }));
}

/** What a document says that was read back. */
export function writtenOf(stored: StoredWritten): Written {
  return new Map(stored.map(({ sourceFileId, ...written }) => [sourceFileId, written]));
}
