import type { CellHeaders, LyingTexts } from '../../etl/privacy/cells/cell-job.ts';
import type { EnvelopeHeader } from '../../etl/privacy/envelope.ts';

/** One text of a job, in memory of its own. */
export const lying = (bytes: Uint8Array<ArrayBuffer>): LyingTexts => ({
  common: new Uint8Array(),
  beside: bytes,
  starts: new Int32Array([-1]),
  lengths: new Uint32Array([bytes.length]),
});

/** The header of a job's one cell. */
export const headersOf = ({ column, subject, period }: EnvelopeHeader): CellHeaders => ({
  columns: [column],
  columnOf: new Uint16Array(1),
  references: new Uint8Array(Buffer.from(subject)),
  referenceOf: new Int32Array(1),
  months: [period],
  monthOf: new Int32Array(1),
});
