import { chunkKey, commitPlanKey, planKey, runRecordKey, stagingPrefix } from '../naming/runs.ts';
import type { DatasetRun, Effects, ObjectInfo } from '../ports.ts';
import { ChunkResult, isRead, Plan } from '../stages/documents.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import { idAt } from './newest-keys.ts';
import { LONGEST_RUN_MS } from './runs-now.ts';

/** A run that began and has no record yet, as its staged documents show it: whichever process is at work on it. */
export interface StagedRun extends DatasetRun {
  /** The stage whose result is missing. */
  readonly stage: 'refine' | 'seal' | 'promote';
  /** Of the files that are read whole, or whose chunk is refined. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Of the refined chunks. */
  readonly records: number;
  readonly plannedAt: string;
  /** When it last wrote a document, milliseconds since 1970. */
  readonly wroteMs: number;
}

/**
 * The runs of a dataset that began no longer ago than a run may take, and have no record yet, oldest first. One whose
 * process was killed is among them: `wroteMs` tells how long it has been silent.
 */
export async function runsUnderWay(effects: Effects, dataset: string): Promise<StagedRun[]> {
  const prefix = stagingPrefix(dataset);
  const since = idAt(effects.clock.now().getTime() - LONGEST_RUN_MS);
  const staged = new Map<string, ObjectInfo[]>();
  for (const object of await effects.objects.list(prefix, `${prefix}${since}`)) {
    const runId = object.key.slice(prefix.length).split('/', 1).join();
    staged.set(runId, [...(staged.get(runId) ?? []), object]);
  }
  const found: StagedRun[] = [];
  for (const [runId, objects] of staged) {
    const run = await stagedRun(effects, { dataset, runId }, objects);
    if (run !== undefined) found.push(run);
  }
  return found;
}

async function stagedRun(
  { objects }: Effects,
  { dataset, runId }: DatasetRun,
  staged: readonly ObjectInfo[],
): Promise<StagedRun | undefined> {
  if ((await objects.get(runRecordKey(dataset, runId))) !== undefined) return undefined;
  const key = planKey(dataset, runId);
  const stored = await objects.get(key);
  if (stored === undefined) return undefined;
  const { files, chunks, plannedAt } = parseDocument(stored.body, key, Plan);
  const keys = new Set(staged.map((object) => object.key));
  const done = chunks.filter(({ chunk }) => keys.has(chunkKey(dataset, runId, chunk)));
  let records = 0;
  for (const { chunk } of done) {
    const at = chunkKey(dataset, runId, chunk);
    const result = await objects.get(at);
    if (result !== undefined)
      records += parseDocument(result.body, at, ChunkResult).files.reduce(
        (sum, file) => sum + file.records,
        0,
      );
  }
  const sizeOf = (index: number): number => files[index]?.sizeBytes ?? 0;
  const bytesOf = ({ files: of, range }: (typeof chunks)[number]): number =>
    range === undefined ? of.reduce((sum, index) => sum + sizeOf(index), 0) : range.end - range.start;
  return {
    ...{ dataset, runId, plannedAt, records },
    stage: keys.has(commitPlanKey(dataset, runId))
      ? 'promote'
      : done.length === chunks.length
        ? 'seal'
        : 'refine',
    doneBytes: done.reduce((sum, chunk) => sum + bytesOf(chunk), 0),
    totalBytes: files.filter(isRead).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    wroteMs: Math.max(...staged.map(({ modifiedMs }) => modifiedMs)),
  };
}
