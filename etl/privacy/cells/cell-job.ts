/** Bytes of the text before an envelope's payload: `~1.<column>.<subject>.<period>.` */
export const HEADER_BYTES = 46;

/** Bytes of a subject's key, and of a period's. */
export const SECRET_BYTES = 32;

/** Texts one behind another as UTF-8, and where each ends. */
export interface PackedTexts {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
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
  /** By cell, the text before the payload. */
  readonly headers: Uint8Array<ArrayBuffer>;
  readonly texts: PackedTexts;
  /** All of them are there. */
  readonly secrets: CellSecrets;
}

/** Records whose sealed cells are to be opened. */
export interface OpeningJob {
  readonly kind: 'open';
  /** By field the cells of all records, as many in each, with a byte between two. One that doesn't begin with `~` is nothing. */
  readonly fields: readonly PackedTexts[];
  /** Record by record, a cell for each field. */
  readonly secrets: CellSecrets;
  /** Stands between the texts that come of it. */
  readonly separator: Uint8Array<ArrayBuffer>;
}

/** Work on many cells, of which nothing else need be known: it may be done on another thread. */
export type CellJob = SealingJob | OpeningJob;

/** What comes of a job: envelopes, one a value; or by field the texts of its cells, one behind another. */
export type ResultOf<J extends CellJob> = J extends SealingJob
  ? PackedTexts
  : readonly Uint8Array<ArrayBuffer>[];

/** The buffers of a job, which are handed over to another thread rather than copied. */
export function jobBuffers(job: CellJob): ArrayBuffer[] {
  const { subjectKeys, periodKeys, subjects, periods } = job.secrets;
  const secret = [subjectKeys.buffer, periodKeys.buffer, subjects.buffer, periods.buffer];
  if (job.kind === 'open') return [...secret, ...job.fields.flatMap(packedBuffers)];
  return [...secret, job.headers.buffer, ...packedBuffers(job.texts)];
}

/** The buffers of what comes of a job. */
export const resultBuffers = (result: ResultOf<CellJob>): ArrayBuffer[] =>
  'ends' in result ? packedBuffers(result) : result.map(({ buffer }) => buffer);

const packedBuffers = ({ bytes, ends }: PackedTexts): ArrayBuffer[] => [bytes.buffer, ends.buffer];
