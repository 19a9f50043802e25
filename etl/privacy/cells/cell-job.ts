/** Bytes of the text before an envelope's payload: `~1.<column>.<subject>.<period>.` */
export const HEADER_BYTES = 46;

/** Digits of a subject's reference. */
export const REFERENCE_DIGITS = 26;

/** Bytes of a subject's key, and of a period's. */
export const SECRET_BYTES = 32;

/** Texts one behind another as UTF-8, and where each ends. */
export interface PackedTexts {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
}

/** Texts as UTF-8 where they lie: in memory that threads have in common, or beside it in memory that is given away. */
export interface LyingTexts {
  /** Is not written to before the work is done; without length where nothing lies there. */
  readonly common: Uint8Array;
  readonly beside: Uint8Array<ArrayBuffer>;
  /** By text where it begins in `common`; of one beside, -1 less its place there. */
  readonly starts: Int32Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
}

/** The texts before the payloads of many cells, by what they consist of. */
export interface CellHeaders {
  /** Ids of columns, of 8 digits each; by cell the number of its own. */
  readonly columns: readonly string[];
  readonly columnOf: Uint16Array<ArrayBuffer>;
  /** References of 26 digits each, one behind another; by cell the number of its own. */
  readonly references: Uint8Array<ArrayBuffer>;
  readonly referenceOf: Int32Array<ArrayBuffer>;
  /** Months such as `202611`; by cell the number of its own. */
  readonly months: readonly string[];
  readonly monthOf: Int32Array<ArrayBuffer>;
}

/** The secrets of many cells, each once, and which of them each cell needs. */
export interface CellSecrets {
  /** Keys of subjects, 32 bytes each. */
  readonly subjectKeys: Uint8Array<ArrayBuffer>;
  /** Keys of periods, 32 bytes each. */
  readonly periodKeys: Uint8Array<ArrayBuffer>;
  /** By cell the number of its subject's key; -1 where that is no more. */
  readonly subjects: Int32Array<ArrayBuffer>;
  /** By cell the number of its period's key; -1 where that is no more. */
  readonly periods: Int32Array<ArrayBuffer>;
}

/** Values that are to be sealed. */
export interface SealingJob {
  readonly kind: 'seal';
  readonly headers: CellHeaders;
  readonly texts: LyingTexts;
  /** All of them are there. */
  readonly secrets: CellSecrets;
}

/** Sealed cells that are to be opened. */
export interface OpeningJob {
  readonly kind: 'open';
  /** Each begins with `~`. */
  readonly texts: LyingTexts;
  readonly secrets: CellSecrets;
}

/** Work on many cells, of which nothing else need be known: it may be done on another thread. */
export type CellJob = SealingJob | OpeningJob;

/** The buffers of a job, which are handed over to another thread rather than copied. */
export function jobBuffers(job: CellJob): ArrayBuffer[] {
  const { subjectKeys, periodKeys, subjects, periods } = job.secrets;
  const secret = [subjectKeys.buffer, periodKeys.buffer, subjects.buffer, periods.buffer];
  const headers = job.kind === 'open' ? [] : headerBuffers(job.headers);
  const { beside, starts, lengths } = job.texts;
  return [...secret, ...headers, beside.buffer, starts.buffer, lengths.buffer];
}

const headerBuffers = ({ columnOf, references, referenceOf, monthOf }: CellHeaders): ArrayBuffer[] => [
  columnOf.buffer,
  references.buffer,
  referenceOf.buffer,
  monthOf.buffer,
];

/** The buffers of texts that came of a job, which are handed over in the same way. */
export const textBuffers = ({ bytes, ends }: PackedTexts): ArrayBuffer[] => [bytes.buffer, ends.buffer];
