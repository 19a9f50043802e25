import { z } from 'zod';
import {
  ControlTotal,
  Counts,
  EventsOfRun,
  FileOfRun,
  Keys,
  Rest,
  SetWork,
  UnreadMeasure,
} from './documents.ts';

/** What became of runs, and what people decided about them. */

/** How a run ended, for ops.runs and for whoever asked for it. */
export const RunRecord = z.object({
  runId: z.string(),
  dataset: z.string(),
  status: z.enum([
    'promoted',
    'nothing-published',
    'held',
    'refused',
    'failed',
    'nothing-to-do',
    'rolled-back',
  ]),
  counts: Counts,
  reasons: z.record(z.string(), z.number().int()),
  controlTotals: z.array(ControlTotal),
  unread: z.array(UnreadMeasure).exactOptional(),
  /** Of a dataset of events, where there is anything to tell. */
  events: EventsOfRun.exactOptional(),
  /** Which set engine found rows with equal keys; absent where DuckDB did. */
  sets: SetWork.exactOptional(),
  files: z.array(FileOfRun),
  snapshotId: z.number().int().nullable(),
  sealDigest: z.string().nullable(),
  contractVersion: z.string().nullable(),
  /** Why it isn't promoted, or what failed after it was; one sentence each. */
  why: z.array(z.string()),
  startedAt: z.string(),
  endedAt: z.string(),
  durationMs: z.number(),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** Whether a run's files are in the ledger: it was published, or had nothing that could be. */
export const isCommitted = (status: RunRecord['status']): boolean =>
  status === 'promoted' || status === 'nothing-published';

/** Whether a file published anything that wasn't there before. */
export function isNews({
  status,
  repeats = 0,
  silver,
  quarantined,
  condemned,
}: Pick<RunRecord['files'][number], 'status' | 'repeats' | 'silver' | 'quarantined' | 'condemned'>): boolean {
  return status === 'accepted' && (repeats === 0 || silver + quarantined + condemned > 0);
}

/** The status of a run whose files are in the ledger. */
export const publishedStatus = (files: RunRecord['files']): 'promoted' | 'nothing-published' =>
  files.some(isNews) ? 'promoted' : 'nothing-published';

/**
 * Files that no run picks up: until a person decides (`held`), until the contract changes (`refused`), or until a
 * person readmits them (`rolled-back`: their rows were published and taken back).
 */
export const Withheld = z.object({
  dataset: z.string(),
  runId: z.string(),
  decision: z.enum(['held', 'refused', 'rolled-back']),
  contractDigest: z.string(),
  /** Empty while a held run waits to be sealed anew, and of runs that were rolled back. */
  sealDigest: z.string(),
  keys: Keys,
  why: z.array(z.string()),
  at: z.string(),
  /** Files of the run that a person refused while it was held: no part of `keys`. */
  refused: z.object({ keys: Keys, why: z.array(z.string()), at: z.string() }).exactOptional(),
  rest: Rest,
});
export type Withheld = z.infer<typeof Withheld>;

/** The circuit breaker of a dataset as it last opened; no document, or one with a reset, means closed. */
export const Breaker = z.object({
  dataset: z.string(),
  openedAt: z.string(),
  runId: z.string(),
  code: z.string(),
  count: z.number().int(),
  windowMinutes: z.number(),
  /** When people were alerted that the open breaker refuses runs: once. */
  toldAt: z.string().exactOptional(),
  /** Errors from before this moment count no more. */
  resetAt: z.string().exactOptional(),
});
export type Breaker = z.infer<typeof Breaker>;

/** What a Catch leaves. */
export const StageFailure = z.object({ Error: z.string().optional(), Cause: z.string().optional() });
export type StageFailure = z.infer<typeof StageFailure>;

/** What kept a chunk from being refined. */
export const ChunkFailure = StageFailure.extend({ chunk: z.string(), at: z.string() });
export type ChunkFailure = z.infer<typeof ChunkFailure>;

/** A person's word that a held run may be published: the digest of the seal that was looked at, who, and why. */
export const Approval = z.object({ digest: z.string(), by: z.string().min(1), reason: z.string().min(1) });
export type Approval = z.infer<typeof Approval>;

/** What a person decided about a dataset, for ops.decisions: never changed, never removed. */
export const Decision = z.object({
  id: z.string(),
  kind: z.enum([
    'approved',
    'refused',
    'readmitted',
    'breaker-reset',
    'rolled-back',
    'corrected',
    'retried',
    'release-asked',
    'released',
    'release-refused',
    'condemned',
    'compacted',
    'backfilled',
    'migrated',
    'expired',
    'let-go',
    'upgraded',
    'repaired',
    'files-refused',
    'files-readmitted',
    'closed',
    'restatement-accepted',
    'reopened',
    'forget-asked',
    'forgotten',
    'forget-refused',
    'accessed',
    'revealed',
    'keys-destroyed',
    'vault-renewed',
    'privacy-set',
    'adopted',
    'policy-set',
    'resolution-set',
    'redriven',
  ]),
  dataset: z.string(),
  at: z.string(),
  by: z.string(),
  reason: z.string(),
  /** The run it is about, if it is about one. */
  runId: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
});
export type Decision = z.infer<typeof Decision>;
