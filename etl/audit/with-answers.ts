import { setsFolder } from '../naming/runs.ts';
import type { DatasetRun, Effects } from '../ports.ts';
import { newRunId } from '../stages/run-id.ts';

/**
 * Does work for which a set engine leaves answers in the lake, below the staging folder of a run that there never was, and
 * removes them behind it. While they lie there, a vacuum takes the dataset for one that is worked on.
 */
export async function withAnswers<T>(
  { objects, clock }: Pick<Effects, 'objects' | 'clock'>,
  dataset: string,
  work: (asker: DatasetRun) => Promise<T>,
): Promise<T> {
  const asker = { dataset, runId: newRunId(clock.now()) };
  try {
    return await work(asker);
  } finally {
    for (const { key } of await objects.list(`${setsFolder(dataset, asker.runId)}/`))
      await objects.remove(key);
  }
}
