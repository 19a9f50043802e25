import { join } from 'node:path';
import { literal } from '../engine/sql.ts';
import { keysOfFilesSql, sortedKeysSql } from '../refining/chunk-keys.ts';
import type { DataFile } from '../table/schema.ts';
import type { CandidateSearch } from './candidates.ts';
import type { ChunkKeys } from './chunk-keys.ts';

/** The keys of all of a run's records, on the local disk: some eight bytes each. */
export interface RunKeys {
  /** Table expression: h$, file$ and `filename`. */
  readonly from: string;
  readonly records: number;
  /** The files that have rows of `from` (by its file$ and filename), or may have. */
  filesOf(rows: readonly { readonly filename: string; readonly file: number }[]): DataFile[];
  /** Frees the disk. */
  letGo(): Promise<void>;
}

/** Brings the keys of a run's chunks to the local disk; where refine left none, they are made from Silver's files. */
export async function openRunKeys(search: CandidateSearch): Promise<RunKeys> {
  const opened = search.keys.length > 0 ? await copies(search) : await made(search);
  const { paths, byPath, letGo } = opened;
  const current = new Set(search.files.map(({ key }) => key));
  return {
    from: `read_parquet([${paths.map(literal).join(', ')}], filename = true, hive_partitioning = false)`,
    records: search.files.reduce((sum, { recordCount }) => sum + recordCount, 0),
    filesOf(rows) {
      const found = new Map<string, DataFile>();
      for (const { filename, file } of rows) {
        const { files, instead } = byPath.get(filename) ?? { files: [], instead: [] };
        const own = files[file];
        for (const one of own !== undefined && current.has(own.key) ? [own] : instead)
          found.set(one.key, one);
      }
      return [...found.values()];
    },
    letGo,
  };
}

interface OpenedKeys {
  readonly paths: readonly string[];
  readonly byPath: ReadonlyMap<string, Pick<ChunkKeys, 'files' | 'instead'>>;
  readonly letGo: () => Promise<void>;
}

async function copies({ data, keys }: CandidateSearch): Promise<OpenedKeys> {
  const paths = await Promise.all(keys.map(({ key }) => data.localPath(key)));
  return {
    paths,
    byPath: new Map(keys.map((chunk, n) => [paths[n] ?? '', chunk])),
    letGo: async () => {
      for (const path of paths) await data.releasePath?.(path);
    },
  };
}

async function made({ engine, scratch, contract, held, files }: CandidateSearch): Promise<OpenedKeys> {
  const byPath = new Map<string, Pick<ChunkKeys, 'files' | 'instead'>>();
  for (const [n, batch] of held.batches(files).entries()) {
    const path = join(scratch.directory, `keys-${n}.parquet`);
    const paths = new Map((await held.paths(batch)).map((one, place) => [place, one]));
    await engine.run(sortedKeysSql(keysOfFilesSql(contract, paths), path));
    byPath.set(path, { files: batch, instead: [] });
  }
  return {
    paths: [...byPath.keys()],
    byPath,
    letGo: async () => {
      for (const path of byPath.keys()) await scratch.remove(path);
    },
  };
}
