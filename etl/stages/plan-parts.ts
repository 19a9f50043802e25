import { z } from 'zod';
import { type Plan, type PlannedChunk, type PlannedFile, replacedFiles } from './documents.ts';

/** A part of a plan has so many chunks at most, and unless it is one chunk, no more than 2,000 files. */
export const PART_CHUNKS = 100;
const PART_FILES = 2_000;

/** Name of the part that a chunk is in; empty for the whole plan. */
export const PartName = z.string().regex(/^\d*$/);

/** Some chunks of a plan and their files, in the shape of a plan. */
export interface PlanPart {
  readonly name: string;
  readonly plan: Plan;
}

/**
 * A plan in the parts that its workers read: each worker one, so that ten thousand of them don't read a list of ten
 * thousand each. The same plan has the same parts. A small plan is one part without a name, the plan itself; so is one
 * that reads files again, since each of its workers has to know which.
 */
export function partsOf(plan: Plan): PlanPart[] {
  if (!isInParts(plan)) return [{ name: '', plan }];
  const files = fileIndex(plan);
  return groups(plan.chunks).map((chunks, n) => {
    const indexes = [...new Set(chunks.flatMap((chunk) => chunk.files))];
    const own = indexes.flatMap((index) => files.get(index) ?? []);
    return { name: String(n + 1).padStart(4, '0'), plan: { ...plan, files: own, chunks } };
  });
}

/** Whether a plan's workers read parts of it, and not all. */
export const isInParts = (plan: Plan): boolean =>
  plan.chunks.length > PART_CHUNKS && replacedFiles(plan).length === 0;

/** The files of a plan, or of a part of one, by their index. */
export function fileIndex({ files }: Pick<Plan, 'files'>): ReadonlyMap<number, PlannedFile> {
  return new Map(files.map((file) => [file.index, file]));
}

/** Chunks in their order, some at a time. */
function groups(chunks: readonly PlannedChunk[]): PlannedChunk[][] {
  const found: PlannedChunk[][] = [];
  let files = 0;
  for (const chunk of chunks) {
    const last = found.at(-1);
    if (last === undefined || last.length >= PART_CHUNKS || files + chunk.files.length > PART_FILES) {
      found.push([chunk]);
      files = chunk.files.length;
    } else {
      last.push(chunk);
      files += chunk.files.length;
    }
  }
  return found;
}
