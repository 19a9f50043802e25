import type { FileToRead } from '../csv/open-file.ts';
import { spansKey } from '../naming/runs.ts';
import type { ObjectStore } from '../ports.ts';
import { type Plan, type PlannedFile, Spans } from './documents.ts';
import { fileIndex } from './plan-parts.ts';
import { getRunDocument } from './run-documents.ts';

/** A planned file as it is opened. */
export const fileToRead = ({
  index,
  key,
  member,
}: Pick<PlannedFile, 'index' | 'key' | 'member'>): FileToRead => ({
  index,
  key,
  ...(member === undefined ? {} : { member }),
});

/** What each chunk of a run, or of a part of its plan, reads, by chunk: whole files, or its span of one. */
export async function filesToRead(
  objects: ObjectStore,
  plan: Plan,
  part = '',
): Promise<Map<string, FileToRead[]>> {
  const isCut = plan.chunks.some(({ range }) => range !== undefined);
  const spans = isCut ? await getRunDocument(objects, spansKey(plan.dataset, plan.runId, part), Spans) : {};
  const byIndex = fileIndex(plan);
  return new Map(
    plan.chunks.map(({ chunk, files, range }) => {
      const span = range === undefined ? null : spans[chunk];
      const read = files.flatMap((index) => byIndex.get(index) ?? []);
      if (span === undefined) return [chunk, []];
      return [chunk, read.map((file) => ({ ...fileToRead(file), ...(span === null ? {} : { span }) }))];
    }),
  );
}
