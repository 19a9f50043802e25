import { join } from 'node:path';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { repeatsPrefix, runOfTwins, supersededKey } from '../naming/runs.ts';
import type { Effects, Scratch } from '../ports.ts';

/** What keeping superseded rows needs. */
export interface SupersededToKeep {
  readonly engine: Engine;
  readonly effects: Effects;
  readonly scratch: Scratch;
  readonly dataset: string;
  readonly runId: string;
}

/** How many rows a run took out of Silver, and a digest of which they are. */
export interface SupersededRows {
  readonly records: number;
  readonly digest: string;
}

/**
 * Stores the rows of `gave_way` as Silver had them, each with its own run, so that questions about the past find them.
 * Returns how many they are, and a digest that says which.
 */
export async function keepSuperseded(work: SupersededToKeep): Promise<SupersededRows> {
  const { engine, effects, scratch, dataset, runId } = work;
  const path = join(scratch.directory, 'superseded.parquet');
  await engine.run(
    `COPY (SELECT * EXCLUDE (stays$) FROM gave_way ORDER BY source_file_id, source_row_number) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  await effects.data.publish(path, supersededKey(dataset, runId));
  return digestSuperseded(engine, 'gave_way');
}

/** Of a table of superseded rows, how many there are and a digest that says which. */
export async function digestSuperseded(engine: Engine, from: string): Promise<SupersededRows> {
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS n, sha256(coalesce(string_agg(concat_ws(':', source_file_id, source_row_number, row_hash), chr(10) ORDER BY source_file_id, source_row_number), '')) AS digest FROM ${from}`,
  );
  return { records: integerOf(row, 'n'), digest: textOf(row, 'digest') };
}

/**
 * Where the rows of a dataset's events are that runs took out of Silver, by run: local paths of Parquet files with Silver's
 * columns of then. Runs that were never published may have left some, too: their rows are still in Silver.
 */
export async function supersededPaths(
  { objects, data }: Pick<Effects, 'objects' | 'data'>,
  dataset: string,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { key } of await objects.list(repeatsPrefix(dataset))) {
    const { runId, isSuperseded } = runOfTwins(dataset, key);
    if (isSuperseded) found.set(runId, await data.localPath(key));
  }
  return found;
}
