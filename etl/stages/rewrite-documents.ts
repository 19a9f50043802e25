import { z } from 'zod';
import { hashOf } from '../naming/bronze.ts';
import { DataFileDocument, Keys, RunFormat, WrittenOfFile } from './documents.ts';

/** What seal and the workers that write Silver's files anew leave for one another. */

/** The name of a task: its number, and what its document's digest begins with. */
export const TaskId = z.string().regex(/^\d{4,}-[0-9a-f]{16}$/);

/** Files of which one worker leaves rows out. */
export const RewriteTask = z.object({
  format: RunFormat,
  /** When the plan was made that it is of. */
  plannedAt: z.string(),
  /** Files of the run itself, which lose records by their places; or of the base, whose rows are replaced. */
  kind: z.enum(['run', 'base']),
  /** Goes into the names of the new files. */
  partPrefix: z.string(),
  /** Each with its number, which goes into the names of those that take its place. */
  files: z.array(
    z.object({ n: z.number().int(), key: z.string(), sizeBytes: z.number(), recordCount: z.number() }),
  ),
  /** Chunks of the run whose files they are, and Parquet of the raw values that refine kept of these chunks' suspects. */
  chunks: z.array(z.string()),
  suspects: Keys,
  /** Parquet of the places that leave the run's files, or of the keys that leave the base; absent where only whole source files leave. */
  leaving: z.object({ key: z.string(), rows: z.number().int(), sum: z.string() }).exactOptional(),
});
export type RewriteTask = z.infer<typeof RewriteTask>;

/** What a task's name ends with: of all that it says. */
export function taskDigest(task: RewriteTask): string {
  return hashOf(JSON.stringify(RewriteTask.parse(task)), 16);
}

/** What lies in some files of one source file. */
export const WrittenOfSource = WrittenOfFile.extend({ sourceFileId: z.string() });

/** What became of a task's files: those without any such row aren't named. */
export const RewriteResult = z.object({
  format: RunFormat,
  task: TaskId,
  files: z.array(z.object({ n: z.number().int(), left: z.number().int(), made: z.array(DataFileDocument) })),
  /** What lay in the files whose place others took, and what was read back of those. */
  before: z.array(WrittenOfSource),
  after: z.array(WrittenOfSource),
  /** Parquet of the records that were left out, as they came, and how many; absent where none has to be told of. */
  recovered: z.object({ key: z.string(), records: z.number().int() }).exactOptional(),
});
export type RewriteResult = z.infer<typeof RewriteResult>;
