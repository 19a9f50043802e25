import { PART_FILES } from '../stages/commit-plans.ts';
import { PART_CHUNKS } from '../stages/plan-parts.ts';

/** Stages of a run that is promoted, in order, by the name of their function. */
export const STAGES = [
  'plan',
  'survey',
  'align',
  'refine',
  'seal',
  'gate',
  'promote',
  'refresh-gold',
  'sweep',
] as const;
export type StageOfRun = (typeof STAGES)[number];

/** What stages ask of the stores, as etl/ports.ts has it. */
export interface Calls {
  readonly list: number;
  readonly get: number;
  readonly put: number;
  readonly remove: number;
  readonly stream: number;
  readonly digest: number;
  readonly localPath: number;
  readonly publish: number;
}

/** What a run's requests depend on, for a dataset that was published before. */
export interface RunShape {
  /** Files that were dropped, and the chunks that they are cut into. */
  readonly files: number;
  readonly chunks: number;
  /** Chunks that are a range of a file too large for one, and the files that they are of. */
  readonly ranges: number;
  readonly cutFiles: number;
  /** Months that the run's records fall into, and the Silver files that it writes. */
  readonly months: number;
  readonly silverFiles: number;
  /** Of the ledger before the run: data files, and manifests (merged at 16). */
  readonly ledgerFiles: number;
  readonly ledgerManifests: number;
  /** Files of the ledger that the run joins with its own. */
  readonly absorbedFiles: number;
  /** Manifests of Silver before the run. */
  readonly silverManifests: number;
  /** Published Silver files whose keys may be the run's: they are read for duplicates. */
  readonly overlappingFiles: number;
  /** Gold tables of the dataset, and Silver files of the changed months with the run's own. */
  readonly goldTables: number;
  readonly goldInputFiles: number;
  /** Gold tables that read all of Silver instead, and how many files that is. */
  readonly goldTablesWhole?: number;
  readonly goldWholeFiles?: number;
}

const NONE: Calls = { list: 0, get: 0, put: 0, remove: 0, stream: 0, digest: 0, localPath: 0, publish: 0 };

/**
 * What each stage of a promoted run without rejects asks of the stores, not the first of its day. Read off the stages; a test counts them on
 * real stores and fails where they differ. A Gold table has one file a month.
 */
export function callsOf(run: RunShape): Readonly<Record<StageOfRun, Calls>> {
  const {
    files,
    chunks,
    ranges,
    cutFiles,
    months,
    silverFiles,
    ledgerFiles,
    ledgerManifests,
    absorbedFiles,
    silverManifests,
    goldTables,
  } = run;
  const isAbsorbing = absorbedFiles > 0;
  const whole = run.goldTablesWhole ?? 0;
  const monthly = goldTables - whole;
  // Where there are several chunks, each leaves the hashes of its keys, and seal finds in them what two chunks share.
  const keyFiles = chunks > 1 ? chunks : 0;
  // Very many files are committed by lists of them.
  const commitLists = silverFiles > PART_FILES ? Math.ceil(silverFiles / PART_FILES) : 0;
  const parts = chunks > PART_CHUNKS ? Math.ceil(chunks / PART_CHUNKS) : 0;
  return {
    plan: {
      ...NONE,
      list: 3,
      get: 8 + ledgerManifests,
      put: (ranges > 0 ? 3 : 2) + parts,
      digest: files,
      localPath: ledgerFiles,
    },
    survey: { ...NONE, get: 2 * ranges, put: ranges, stream: 3 * ranges - cutFiles },
    align: ranges === 0 ? NONE : { ...NONE, get: 2 + ranges, put: 1 + parts },
    refine: {
      ...NONE,
      get: 7 * chunks + ranges,
      put: chunks,
      stream: files - cutFiles + 2 * ranges,
      // Each is read back.
      localPath: silverFiles,
      publish: silverFiles + keyFiles,
    },
    seal: {
      ...NONE,
      // Among others, what refine left, for whether it is still so.
      list: 3,
      get: 10 + chunks + silverManifests + ledgerManifests,
      put: 2 + commitLists,
      localPath: keyFiles + run.overlappingFiles + absorbedFiles + (isAbsorbing ? 1 : 0),
      publish: 1,
    },
    gate: { ...NONE, get: 10 + ledgerManifests, localPath: ledgerFiles },
    promote: {
      ...NONE,
      get: 14 + (isAbsorbing ? ledgerManifests : 0) + commitLists,
      put: 8 + absorbedFiles,
      remove: 1,
    },
    'refresh-gold': {
      ...NONE,
      // Includes notifying programs.
      list: 1 + goldTables,
      get: 7 + goldTables * (29 + 2 * silverManifests),
      put: 2 + goldTables * 7,
      remove: 1,
      localPath: monthly * run.goldInputFiles + whole * (run.goldWholeFiles ?? 0) + goldTables * (months + 1),
      publish: goldTables * (months + 1),
    },
    sweep: {
      ...NONE,
      list: 3,
      get: 8 + ledgerManifests - absorbedFiles,
      localPath: ledgerFiles + 1 - absorbedFiles,
    },
  };
}

const MIB = 1024 * 1024;
/** Sizes of the parts in which adapters/aws reads and writes large objects, and objects in one page of a list. */
const PART_BYTES = 16 * MIB;

/** Requests to S3: those at the price of a PUT, those at the price of a GET. */
export interface S3Requests {
  readonly writes: number;
  readonly reads: number;
  /** Requests to wait for, one after the other: copies are made eight at a time. */
  readonly waits: number;
}

/** Copies that adapters/aws makes at once. */
const COPIES_AT_ONCE = 8;

/**
 * S3 requests behind a stage's calls. A copy is a HEAD and a GET for each 16 MiB, a large upload its parts and two
 * more; `digest` is a HEAD, as objects that were put with their SHA-256 need no reading.
 */
export function s3Requests(
  calls: Calls,
  sizes: { readonly read: number; readonly written: number },
): S3Requests {
  const parts = (bytes: number): number => Math.max(1, Math.ceil(bytes / PART_BYTES));
  const upload = parts(sizes.written) === 1 ? 1 : parts(sizes.written) + 2;
  const writes = calls.list + calls.put + calls.publish * upload;
  const small = calls.get + calls.stream + calls.digest;
  const copies = calls.localPath * (1 + parts(sizes.read));
  return { writes, reads: small + copies, waits: writes + small + Math.ceil(copies / COPIES_AT_ONCE) };
}

/** Refine closes a segment at 8, 16, 32 MiB and then always at 48: each becomes a Silver file a month. */
export function segmentsOf(chunkBytes: number): number {
  let left = chunkBytes;
  let segments = 0;
  while (left > 0) left -= Math.min(48, 8 * 2 ** segments++) * MIB;
  return Math.max(1, segments);
}

/** States that a promoted run enters, in order, and the start itself; a test walks the state machine along them. */
export const PROMOTED_PATH = [
  'Start',
  'WhereToStart',
  'Plan',
  'HasWork',
  'IsAnyCut',
  'Refine',
  'Seal',
  'WhichGate',
  'Gate',
  'Decide',
  'Promote',
  'RefreshGold',
  'Sweep',
  'Done',
] as const;

/**
 * Transitions of a promoted run: its states, and a child workflow of one for each chunk that is refined or surveyed;
 * every workflow starts once. Surveying adds two states.
 */
export function transitionsOf({ chunks, ranges }: Pick<RunShape, 'chunks' | 'ranges'>): number {
  return PROMOTED_PATH.length + 1 + (ranges > 0 ? 2 : 0) + (chunks + ranges) * 2;
}
