import { type CellHeaders, HEADER_BYTES, REFERENCE_DIGITS } from './cell-job.ts';
import { COLUMN_AT, PERIOD_AT, SUBJECT_AT } from './envelope-bytes.ts';

/** Writes headers of a job's cells as `headerText` has them: of each only what differs from the one before. */
export class HeaderWriter {
  readonly #headers: CellHeaders;
  readonly #bytes = new Uint8Array(HEADER_BYTES);
  #column = -1;
  #reference = -1;
  #month = -1;

  constructor(headers: CellHeaders) {
    this.#headers = headers;
    writeAscii(`~1.${' '.repeat(8)}.${' '.repeat(REFERENCE_DIGITS)}.${' '.repeat(6)}.`, this.#bytes, 0);
  }

  /** The header of a cell; good until the next is asked for. */
  of(cell: number): Uint8Array {
    const { columns, columnOf, referenceOf, months, monthOf } = this.#headers;
    const [column, reference, month] = [columnOf[cell] ?? 0, referenceOf[cell] ?? 0, monthOf[cell] ?? 0];
    if (column !== this.#column) {
      writeAscii(columns[column] ?? '', this.#bytes, COLUMN_AT);
      this.#column = column;
    }
    if (reference !== this.#reference) this.#writeReference(reference);
    if (month !== this.#month) {
      writeAscii(months[month] ?? '', this.#bytes, PERIOD_AT);
      this.#month = month;
    }
    return this.#bytes;
  }

  #writeReference(reference: number): void {
    const { references } = this.#headers;
    const at = reference * REFERENCE_DIGITS;
    for (let n = 0; n < REFERENCE_DIGITS; n++) this.#bytes[SUBJECT_AT + n] = references[at + n] ?? 0;
    this.#reference = reference;
  }
}

function writeAscii(text: string, out: Uint8Array, start: number): void {
  for (let n = 0; n < text.length; n++) out[start + n] = text.charCodeAt(n);
}
