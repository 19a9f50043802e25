import { readParquet } from '../engine/engine.ts';
import { forgetReleased } from '../quarantine/attempts.ts';
import { loadPriorFailures } from '../refining/prior-failures.ts';
import type { DatasetTables } from '../stages/dataset-tables.ts';
import { type ChunkResult, replacedFiles } from '../stages/documents.ts';
import type { Sealing } from './sealing.ts';

/** SELECT of the row_hash of every record of the run that may have failed before: rejects, and what refine found so. */
async function comingAgain({ engine, held }: Sealing, chunks: readonly ChunkResult[]): Promise<string> {
  const files = chunks.flatMap((chunk) => [...chunk.dataFiles, ...chunk.suspectFiles]);
  const failed = files.filter(({ columns }) => columns.attempt_count?.max !== '0');
  if (failed.length === 0) return 'SELECT row_hash FROM rejects';
  await engine.run('CREATE OR REPLACE TEMP TABLE passed_again (row_hash VARCHAR)');
  for (const batch of held.batches(failed))
    await engine.run(
      `INSERT INTO passed_again SELECT row_hash FROM ${readParquet(await held.paths(batch))} WHERE attempt_count > 0`,
    );
  return 'SELECT row_hash FROM rejects UNION ALL SELECT row_hash FROM passed_again';
}

/** Finds earlier failures, not released since, of records that came again. */
export async function findPrior(
  sealing: Sealing,
  tables: DatasetTables,
  chunks: readonly ChunkResult[],
): Promise<boolean> {
  const { effects, engine, context } = sealing;
  const { plan, base } = context;
  const hasPrior = await loadPriorFailures(
    engine,
    { tables, replaced: replacedFiles(plan), carriedRun: base?.generation_run },
    await comingAgain(sealing, chunks),
  );
  await forgetReleased(engine, effects, { plan, tables, base });
  return hasPrior;
}
