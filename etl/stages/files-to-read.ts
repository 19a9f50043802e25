import type { FileToRead } from '../csv/open-file.ts';
import { spansKey } from '../naming.ts';
import type { ObjectStore } from '../ports.ts';
import { type Plan, Spans } from './documents.ts';
import { getRunDocument } from './run-documents.ts';

/** What each chunk of a run reads, by chunk: whole files, or its span of one. */
export async function filesToRead(objects: ObjectStore, plan: Plan): Promise<Map<string, FileToRead[]>> {
  const isCut = plan.chunks.some(({ range }) => range !== undefined);
  const spans = isCut ? await getRunDocument(objects, spansKey(plan.dataset, plan.runId), Spans) : {};
  return new Map(
    plan.chunks.map(({ chunk, files, range }) => {
      const span = range === undefined ? null : spans[chunk];
      const read = files.flatMap((index) => plan.files[index] ?? []);
      if (span === undefined) return [chunk, []];
      return [chunk, read.map(({ index, key }) => ({ index, key, ...(span === null ? {} : { span }) }))];
    }),
  );
}
