import { bySize } from '../by-size.ts';
import type { DataStore } from '../ports.ts';
import type { DataFile } from '../table/schema.ts';

/** A file with a copy on the local disk. */
type Sized = Pick<DataFile, 'key' | 'sizeBytes'>;

/**
 * Local copies of data files, of which only so many bytes lie on the disk at once: those that were used longest ago make
 * room for others. A path is good until others are asked for. Where the store needs no copies, nothing is let go.
 */
export class HeldFiles {
  readonly #data: DataStore;
  readonly #limitBytes: number;
  readonly #held = new Map<string, { readonly path: string; readonly sizeBytes: number }>();

  constructor(data: DataStore, limitBytes: number) {
    this.#data = data;
    this.#limitBytes = limitBytes;
  }

  /** Whether the files may lie on the local disk all together. */
  fits(files: readonly Sized[]): boolean {
    return this.#data.releasePath === undefined || sumOf(files) <= this.#limitBytes;
  }

  /** Files in their order, as many at a time as fit, at least one. */
  batches<File extends Sized>(files: readonly File[]): File[][] {
    return bySize(files, { sizeOf: ({ sizeBytes }) => sizeBytes, limitBytes: this.#limitBytes });
  }

  /** Where DuckDB can read the files, which together fit. */
  async paths(files: readonly Sized[]): Promise<string[]> {
    await this.#makeRoom(files);
    return await Promise.all(
      files.map(async ({ key, sizeBytes }) => {
        const path = await this.#data.localPath(key);
        // Again at the end: it is the latest that was used.
        this.#held.delete(key);
        this.#held.set(key, { path, sizeBytes });
        return path;
      }),
    );
  }

  /** Lets go of all of them. */
  async letGo(): Promise<void> {
    for (const [key, { path }] of this.#held) {
      await this.#data.releasePath?.(path);
      this.#held.delete(key);
    }
  }

  async #makeRoom(files: readonly Sized[]): Promise<void> {
    if (this.#data.releasePath === undefined) return;
    const wanted = new Set(files.map(({ key }) => key));
    let sizeBytes = sumOf(files);
    for (const [key, held] of this.#held) if (!wanted.has(key)) sizeBytes += held.sizeBytes;
    for (const [key, { path, sizeBytes: freed }] of this.#held) {
      if (sizeBytes <= this.#limitBytes) return;
      if (wanted.has(key)) continue;
      await this.#data.releasePath(path);
      this.#held.delete(key);
      sizeBytes -= freed;
    }
  }
}

const sumOf = (files: readonly Sized[]): number => files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
