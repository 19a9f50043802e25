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

/** Sealed cells that are to be opened. */
export interface OpeningJob {
  readonly kind: 'open';
  /** Each begins with `~`. */
  readonly texts: PackedTexts;
  readonly secrets: CellSecrets;
}

/** Work on many cells, of which nothing else need be known: it may be done on another thread. */
export type CellJob = SealingJob | OpeningJob;

/** The buffers of a job, which are handed over to another thread rather than copied. */
export function jobBuffers(job: CellJob): ArrayBuffer[] {
  const { subjectKeys, periodKeys, subjects, periods } = job.secrets;
  const secret = [subjectKeys.buffer, periodKeys.buffer, subjects.buffer, periods.buffer];
  const headers = job.kind === 'open' ? [] : [job.headers.buffer];
  return [...secret, ...headers, ...textBuffers(job.texts)];
}

/** The buffers of texts, which are handed over in the same way. */
export const textBuffers = ({ bytes, ends }: PackedTexts): ArrayBuffer[] => [bytes.buffer, ends.buffer];
