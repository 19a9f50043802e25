import { join } from 'node:path';
import { type Engine, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { repeatsKey } from '../naming/runs.ts';
import type { Effects, Scratch } from '../ports.ts';
import { repeatsDigestSql } from './load-repeats.ts';

/** What keeping repeats needs. */
export interface RepeatsToKeep {
  readonly engine: Engine;
  readonly effects: Effects;
  readonly scratch: Scratch;
  readonly dataset: string;
  readonly runId: string;
}

/**
 * Stores where the twins of a run's `repeats` are, as spans: consecutive records whose twins are consecutive, too, make
 * one row, so that a redelivered history takes few rows. Returns a digest of which records they are, made of each
 * file's number of them and what their identities add up to; undefined where there are none.
 */
export async function keepRepeats(work: RepeatsToKeep): Promise<string | undefined> {
  const { engine, effects, scratch, dataset, runId } = work;
  const [row = {}] = await engine.rows(repeatsDigestSql('repeats'));
  if (row.digest === null || row.digest === undefined) return undefined;
  const path = join(scratch.directory, 'repeats.parquet');
  await engine.run(`COPY (${spansSql(runId)}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`);
  await effects.data.publish(path, repeatsKey(dataset, runId));
  return textOf(row, 'digest');
}

const spansSql = (
  runId: string,
): string => `SELECT source_file_id, ${literal(runId)} AS run_id, min(source_row_number) AS first_row_number, max(source_row_number) AS last_row_number,
    twin_file_id, min(twin_row_number) AS twin_first_row_number
  FROM (
    SELECT *, source_row_number - row_number() OVER (PARTITION BY source_file_id, twin_file_id, source_row_number - twin_row_number ORDER BY source_row_number) AS island$
    FROM repeats
  ) GROUP BY source_file_id, twin_file_id, source_row_number - twin_row_number, island$ ORDER BY source_file_id, first_row_number`;
