import { z } from 'zod';
import { PiiCount } from '../privacy/pii/pii-count.ts';

/** What the stages leave for one another in the lake: data travels by key, never by value. */

const ColumnStats = z.object({
  valueCount: z.number(),
  nullCount: z.number(),
  sizeBytes: z.number(),
  min: z.string().exactOptional(),
  max: z.string().exactOptional(),
});

/** A data file with its statistics, as documents name it. */
export const DataFileDocument = z.object({
  key: z.string(),
  recordCount: z.number(),
  sizeBytes: z.number(),
  month: z.number().exactOptional(),
  columns: z.record(z.string(), ColumnStats),
});

/** One Bronze file of a run. */
const PlannedFile = z.object({
  index: z.number().int(),
  key: z.string(),
  sizeBytes: z.number(),
  sourceFileId: z.string(),
  /** When it came to Bronze; absent from plans of before it was kept. */
  arrivedAt: z.string().exactOptional(),
  /** Key of the file with the same bytes that makes this one a repeat. */
  repeatOf: z.string().exactOptional(),
  /** Set where these bytes were published before: the new rows replace the old ones. */
  replacesEarlier: z.literal(true).exactOptional(),
  /** Digest of the contract whose dialect it is read in, if earlier than the run's. */
  dialect: z.string().exactOptional(),
  /** Its place in an archive, if it is in one. */
  member: z
    .object({
      archive: z.string(),
      start: z.number().int(),
      end: z.number().int(),
      method: z.union([z.literal(0), z.literal(8)]),
      sizeBytes: z.number().int(),
      crc32: z.number().int(),
    })
    .exactOptional(),
  /** Set where it isn't read, and why. */
  aside: z.object({ status: z.enum(['rejected', 'empty']), note: z.string() }).exactOptional(),
  /** When it was last dealt with, if a migration rereads it: that isn't news. */
  processedAt: z.string().exactOptional(),
});
export type PlannedFile = z.infer<typeof PlannedFile>;

/** Whether a run reads a file: neither a repeat nor set aside. */
export const isRead = ({ repeatOf, aside }: PlannedFile): boolean =>
  repeatOf === undefined && aside === undefined;

/** Bytes of a file, `end` not included. */
const ByteSpan = z.object({ start: z.number().int(), end: z.number().int() });

/** A chunk: the files, by index, that one refine works on; or the records of one file that begin in a range of it. */
const PlannedChunk = z.object({
  chunk: z.string(),
  files: z.array(z.number().int()),
  range: ByteSpan.exactOptional(),
  /** The dialect of its files. */
  dialect: z.string().exactOptional(),
});
export type PlannedChunk = z.infer<typeof PlannedChunk>;

/** A place in a file: how many bytes, records and physical lines lie before it. */
const Mark = z.object({ byte: z.number().int(), records: z.number().int(), lines: z.number().int() });

/** What a worker that looks at one range of a file can know of the records in it. */
export const SurveyDocument = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('whole') }),
  z.object({ kind: z.literal('unknown') }),
  z.object({ kind: z.literal('marked'), marks: z.array(Mark), end: Mark }),
]);

/** Which records each chunk of a cut file takes: `null` stands for the whole file. A chunk that isn't named takes none. */
export const Spans = z.record(
  z.string(),
  ByteSpan.extend({
    first: z.object({ row: z.number().int(), line: z.number().int() }),
    records: z.number().int(),
  }).nullable(),
);
export type Spans = z.infer<typeof Spans>;

/** See run-documents.ts. Absent in documents from before there was one. */
export const RunFormat = z.number().int().exactOptional();

/** How often files were refused of a held run; absent where none were. */
export const Rest = z.number().int().positive().exactOptional();

/** What a run will do: which files, in which chunks, on which base. */
export const Plan = z.object({
  format: RunFormat,
  dataset: z.string(),
  runId: z.string(),
  contractVersion: z.string(),
  contractDigest: z.string(),
  /** Tag of the `_LATEST.json` that the run builds on; absent before the first commit. */
  baseEtag: z.string().exactOptional(),
  baseVersion: z.number().int(),
  plannedAt: z.string(),
  /** How often the run was planned before, on bases that others moved. Its old files are nobody's. */
  replans: z.number().int().positive().exactOptional(),
  /** How often files of it were refused while it was held: this is the plan of the rest. */
  rest: Rest,
  files: z.array(PlannedFile),
  chunks: z.array(PlannedChunk),
  /** Set where the files were published before, and their new rows take the place of the old ones. */
  isBackfill: z.literal(true).exactOptional(),
  /** Set where the run makes the dataset's tables anew: the number of the generation that it makes. */
  generation: z.number().int().exactOptional(),
});
export type Plan = z.infer<typeof Plan>;

/** Source files, by source_file_id, whose rows a run replaces. */
export function replacedFiles({ isBackfill, files }: Plan): string[] {
  const replacing = files.filter(({ replacesEarlier }) => isBackfill === true || replacesEarlier === true);
  return replacing.map(({ sourceFileId }) => sourceFileId);
}

/** A person's word that a run is to read these Bronze files again, in this order. */
export const BackfillRequest = z.object({
  dataset: z.string(),
  runId: z.string(),
  keys: z.array(z.string()),
});
export type BackfillRequest = z.infer<typeof BackfillRequest>;

/** A sum, exact, as text; `by` is the value that it is for. */
const MeasureSum = z.object({ measure: z.string(), by: z.string().nullable(), sum: z.string() });
export type MeasureSum = z.infer<typeof MeasureSum>;

/** What lies in Silver's files of one source file, read back from them: how many records, what their identities add up to, and their measures. */
export const WrittenOfFile = z.object({
  records: z.number().int(),
  identity: z.string(),
  sums: z.array(MeasureSum),
});
export type WrittenOfFile = z.infer<typeof WrittenOfFile>;

/** What refine found in one file, or in its part of it. */
const RefinedFile = z.object({
  index: z.number().int(),
  outcome: z.enum(['read', 'empty', 'rejected']),
  why: z.string().exactOptional(),
  /** What people should know of how it was read. */
  note: z.string().exactOptional(),
  /** Records counted by the scanner, apart from any verdict. */
  records: z.number().int(),
  silver: z.number().int(),
  rejected: z.number().int(),
  blank: z.number().int(),
  totalRows: z.number().int(),
  /** Header lines among its records that were passed over, counted among the blank ones; absent where there are none. */
  repeatedHeaders: z.number().int().exactOptional(),
  /** Last source_row_number that isn't blank; 0 where there is none. */
  lastContentRow: z.number().int(),
  /** What the identities of the blank records add up to. */
  blankIdentity: z.string(),
  measuresIn: z.array(MeasureSum),
  /** Of what it has in the chunk's Silver files; absent where nothing passed. */
  written: WrittenOfFile.exactOptional(),
  /** Records of people who were forgotten, what their identities add up to, and their measures, which are no part of `measuresIn`; absent where there are none. */
  forgotten: z
    .object({ records: z.number().int(), identity: z.string(), measures: z.array(MeasureSum) })
    .exactOptional(),
  /** Its footer's records and what their identities add up to; known to seal alone. */
  footer: z.object({ records: z.number().int(), identity: z.string() }).exactOptional(),
  /** Personal data in the records that passed, where the contract says that there is none; absent where none was found. */
  pii: z.array(PiiCount).exactOptional(),
});
export type RefinedFile = z.infer<typeof RefinedFile>;

/** What refine left behind for one chunk. */
export const ChunkResult = z.object({
  format: RunFormat,
  /** When the plan was made that it is of. */
  plannedAt: z.string().exactOptional(),
  chunk: z.string(),
  files: z.array(RefinedFile),
  dataFiles: z.array(DataFileDocument),
  /** Files of the records whose key may stand twice in the chunk, and Parquet of their raw values. */
  suspectFiles: z.array(DataFileDocument),
  suspectsKey: z.string().exactOptional(),
  /** Parquet of the hashes of its records' keys, and what tells these hashes from other releases' of DuckDB; absent where the run is one chunk. */
  keys: z.object({ key: z.string(), hashMark: z.string() }).exactOptional(),
  /** Parquet of the records that didn't pass; absent where all did. */
  rejectsKey: z.string().exactOptional(),
});
export type ChunkResult = z.infer<typeof ChunkResult>;

/**
 * Verdicts counted. `blank` are the records with nothing to test: empty ones, and the source's total row; `footer` those
 * of the source's footer, `repeats` those that stand in Silver already, and `forgotten` those of people who were forgotten
 * since, each absent where there are none.
 */
export const Counts = z.object({
  records: z.number().int(),
  silver: z.number().int(),
  quarantined: z.number().int(),
  condemned: z.number().int(),
  blank: z.number().int(),
  footer: z.number().int().exactOptional(),
  repeats: z.number().int().exactOptional(),
  forgotten: z.number().int().exactOptional(),
});
export type Counts = z.infer<typeof Counts>;

/** What became of one file in a run. */
export const FileOfRun = Counts.extend({
  key: z.string(),
  sourceFileId: z.string(),
  sizeBytes: z.number(),
  status: z.enum(['accepted', 'empty', 'rejected', 'repeat']),
  note: z.string().exactOptional(),
});

/** One file in a seal. */
export const SealedFile = FileOfRun.extend({
  /** What the identities of its records in Silver add up to, as any engine can add up again; absent from files that weren't accepted, and from seals whose `identityVersion` is. */
  silverIdentity: z.string().exactOptional(),
});
export type SealedFile = z.infer<typeof SealedFile>;

/** A measure before and after, for one file: `in` = silver + quarantined + condemned + repeats + forgotten (each absent where there are none), and the source's own total where it states one. */
export const ControlTotal = z.object({
  key: z.string(),
  measure: z.string(),
  by: z.string().nullable(),
  in: z.string(),
  silver: z.string(),
  quarantined: z.string(),
  condemned: z.string(),
  repeats: z.string().exactOptional(),
  forgotten: z.string().exactOptional(),
  declared: z.string().exactOptional(),
  met: z.boolean(),
});
export type ControlTotal = z.infer<typeof ControlTotal>;

/** Records of a file whose measure could not be read: no control total has it. */
export const UnreadMeasure = z.object({ key: z.string(), measure: z.string(), records: z.number().int() });
export type UnreadMeasure = z.infer<typeof UnreadMeasure>;

/** Lines of records that can't be parsed, beyond one each. */
const SpanLines = z.object({ quarantined: z.number().int(), condemned: z.number().int() });
export type SpanLines = z.infer<typeof SpanLines>;

/**
 * What of a run's failures is news. Where files repeat earlier ones, records that failed, or were condemned, before just as
 * they are don't count; nor do, under any contract, records that came before and whose keys are gone.
 */
const FirstFailures = z.object({
  quarantined: z.number().int(),
  condemned: z.number().int(),
  reasons: z.record(z.string(), z.number().int()),
});
export type FirstFailures = z.infer<typeof FirstFailures>;

/** Streams of events in which some are missing: how many, how many events in all, and examples. */
const StreamGaps = z.object({
  streams: z.number().int(),
  missing: z.number().int(),
  examples: z.array(z.object({ stream: z.string(), missing: z.number().int(), firstMissing: z.string() })),
});
export type StreamGaps = z.infer<typeof StreamGaps>;

/** What became of streams of events in a run. */
export const EventsOfRun = z.object({
  /** Events that were in Silver and gave way to others with smaller ids; absent where none did. */
  gaveWay: z.number().int().exactOptional(),
  /** Of the streams with an event in the run, those in which events are missing after it; absent where none are. */
  gaps: StreamGaps.exactOptional(),
});

/** Which set engine looked for rows with equal keys, how many it found and what it read for them. */
export const SetWork = z.object({
  engine: z.enum(['trino', 'athena']),
  rows: z.number().int(),
  readBytes: z.number().int().exactOptional(),
});

/** The immutable summary of a run: `_SUCCESS`. */
export const Seal = z.object({
  format: z.literal(1),
  /** By which the identities were made, see engine/record-identity.ts; absent from seals of before there were versions: 0. */
  identityVersion: z.number().int().exactOptional(),
  dataset: z.string(),
  runId: z.string(),
  contractVersion: z.string(),
  contractDigest: z.string(),
  baseVersion: z.number().int(),
  sealedAt: z.string(),
  counts: Counts,
  reasons: z.record(z.string(), z.number().int()),
  files: z.array(SealedFile),
  controlTotals: z.array(ControlTotal),
  /** Absent where there are none. */
  unread: z.array(UnreadMeasure).exactOptional(),
  spanLines: SpanLines.exactOptional(),
  /** Personal data in columns whose classification says that there is none, never a value of it; absent where none was found. */
  pii: z.array(PiiCount).exactOptional(),
  /** SHA-256 over every rejected record's file, number, verdict and codes, in order. */
  rejectsDigest: z.string(),
  /** SHA-256 over which records are repeats; absent where none is. */
  repeatsDigest: z.string().exactOptional(),
  /** Events that were in Silver and gave way to others with smaller ids, and SHA-256 over which they are; absent where none did. */
  superseded: z.object({ records: z.number().int(), digest: z.string() }).exactOptional(),
  /** Streams of the run in which events are missing; absent where none are. It is no verdict, and not in the digest. */
  gaps: StreamGaps.exactOptional(),
  /** What a set engine did to find duplicates; absent where DuckDB did. It changes no verdict, and is not in the digest. */
  sets: SetWork.exactOptional(),
  /** Absent where all that failed is news. */
  first: FirstFailures.exactOptional(),
  /** What conservation could not prove; empty: proven. */
  unproven: z.array(z.object({ key: z.string(), problem: z.string() })),
  digest: z.string(),
});
export type Seal = z.infer<typeof Seal>;

export const Keys = z.array(z.string());

/** The files that a commit adds to each table and takes from it. */
export const CommitPlan = z.object({
  format: RunFormat,
  /** Of the seal made with it; absent from older plans. */
  sealDigest: z.string().exactOptional(),
  silver: z.array(DataFileDocument),
  removeFromSilver: z.array(z.string()),
  quarantine: z.array(DataFileDocument),
  condemned: z.array(DataFileDocument),
  ledger: z.array(DataFileDocument),
  /** Files that they absorbed, by table; absent from older plans. */
  absorbed: z.object({ quarantine: Keys, condemned: Keys, ledger: Keys }).exactOptional(),
});
export type CommitPlan = z.infer<typeof CommitPlan>;

/** A commit plan as it is stored: of very many files in Silver it has the keys of lists; see commit-plans.ts. */
export const StoredCommitPlan = CommitPlan.extend({ silverParts: Keys.exactOptional() });
