import type { SourceContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { addWritten, readWritten, type Written } from '../refining/written.ts';
import type { ChunkResult, WrittenOfFile } from '../stages/documents.ts';

/**
 * What lies in a run's Silver files, by source_file_id: what refine read back of each chunk, without the files whose place
 * others took, and with those. Each file's part was read from the file itself, as it lies in the lake.
 */
export class WrittenSilver {
  readonly #engine: Engine;
  readonly #contract: SourceContract;
  readonly #written: Written = new Map();

  constructor(engine: Engine, contract: SourceContract) {
    this.#engine = engine;
    this.#contract = contract;
  }

  get bySource(): ReadonlyMap<string, WrittenOfFile> {
    return this.#written;
  }

  /** Takes what refine read back of a chunk; `sourceFileIds` by index of a file. */
  addChunk({ files }: ChunkResult, sourceFileIds: ReadonlyMap<number, string>): void {
    for (const { index, written } of files)
      if (written !== undefined)
        addWritten(this.#written, new Map([[sourceFileIds.get(index) ?? '', written]]));
  }

  /** Takes what a worker read back of files that the run has from now on; with `sign` -1, of files that it has no longer. */
  addRead(written: Written, sign: 1 | -1 = 1): void {
    addWritten(this.#written, written, sign);
  }

  /** Reads files (local paths) that the run has from now on. */
  async addFiles(paths: readonly string[]): Promise<void> {
    addWritten(this.#written, await readWritten(this.#engine, this.#contract, paths));
  }

  /** Reads files (local paths) that the run has no longer. */
  async removeFiles(paths: readonly string[]): Promise<void> {
    addWritten(this.#written, await readWritten(this.#engine, this.#contract, paths), -1);
  }
}
