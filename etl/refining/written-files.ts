import { join } from 'node:path';
import type { SourceContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import type { DataStore, Scratch } from '../ports.ts';
import type { ChunkResult, WrittenOfFile } from '../stages/documents.ts';
import type { DataFile } from '../table/schema.ts';
import { copyChunkKeys, createChunkKeys, hashMark, keysOfFilesSql } from './chunk-keys.ts';
import { addWritten, readWritten, type Written } from './written.ts';

/** What a chunk's files are read back with. */
interface ReadingBack {
  readonly contract: SourceContract;
  readonly data: DataStore;
  /** Whether the hashes of the records' keys are wanted: not of a run's only chunk. */
  readonly isKeyed: boolean;
}

/** What lies in the Silver files that a chunk wrote, as they lie in the lake: what seal says of Silver is what is there. */
export class WrittenFiles {
  readonly #options: ReadingBack;
  readonly #written: Written = new Map();
  /** Keys of the files in the lake by their numbers in `chunk_keys`. */
  readonly #keyed: string[] = [];

  private constructor(options: ReadingBack) {
    this.#options = options;
  }

  /** Makes the table `chunk_keys`, which all lanes see. */
  static async open(engine: Engine, options: ReadingBack): Promise<WrittenFiles> {
    if (options.isKeyed) await createChunkKeys(engine);
    return new WrittenFiles(options);
  }

  /** What was read back of a source file; undefined where nothing was. */
  of(sourceFileId: string): WrittenOfFile | undefined {
    return this.#written.get(sourceFileId);
  }

  /** Reads files that were just written. */
  async readBack(lane: Engine, files: readonly DataFile[]): Promise<void> {
    const { contract, data, isKeyed } = this.#options;
    const paths = await Promise.all(files.map(({ key }) => data.localPath(key)));
    addWritten(this.#written, await readWritten(lane, contract, paths));
    if (isKeyed && files.length > 0) {
      const numbers = files.map(({ key }) => this.#keyed.push(key) - 1);
      const numbered = new Map(numbers.map((number, n) => [number, paths[n] ?? '']));
      await lane.run(`INSERT INTO chunk_keys ${keysOfFilesSql(contract, numbered)}`);
    }
    for (const path of paths) await data.releasePath?.(path);
  }

  /** Stores the keys of the records in the chunk's files, which are known by their places in the list. */
  async publishKeys(
    engine: Engine,
    files: readonly DataFile[],
    { scratch, key }: { readonly scratch: Scratch; readonly key: string },
  ): Promise<Pick<ChunkResult, 'keys'>> {
    if (this.#keyed.length === 0) return {};
    const places = new Map(files.map(({ key }, place) => [key, place]));
    const path = join(scratch.directory, 'keys.parquet');
    await copyChunkKeys(
      engine,
      path,
      this.#keyed.map((one) => places.get(one) ?? -1),
    );
    await this.#options.data.publish(path, key);
    return { keys: { key, hashMark: await hashMark(engine) } };
  }
}
