import type { EnvelopeHeader } from '../envelope.ts';
import { type CellHeaders, REFERENCE_DIGITS } from './cell-job.ts';
import { JOB_CELLS } from './gathered-cells.ts';

/** The headers of one job's cells so far: neighbours mostly have the subject and the month in common. */
export class GatheredHeaders {
  readonly #columns: string[] = [];
  readonly #columnOf = new Uint16Array(JOB_CELLS);
  #references = new Uint8Array(1024 * REFERENCE_DIGITS);
  readonly #referenceOf = new Int32Array(JOB_CELLS);
  #referencesGathered = 0;
  #lastReference = '';
  readonly #months: string[] = [];
  readonly #monthOf = new Int32Array(JOB_CELLS);
  readonly #numbersOfMonths = new Map<string, number>();

  /** Adds the header of the n-th cell. */
  add(n: number, { column, subject, period }: EnvelopeHeader): void {
    this.#columnOf[n] = this.#columnAt(column);
    if (subject !== this.#lastReference) this.#addReference(subject);
    this.#referenceOf[n] = this.#referencesGathered - 1;
    this.#monthOf[n] = this.#monthAt(period);
  }

  /** The headers; they are given away. */
  taken(): CellHeaders {
    return {
      columns: this.#columns,
      columnOf: this.#columnOf,
      references: this.#references,
      referenceOf: this.#referenceOf,
      months: this.#months,
      monthOf: this.#monthOf,
    };
  }

  /** There are few columns. */
  #columnAt(column: string): number {
    const known = this.#columns.indexOf(column);
    return known < 0 ? this.#columns.push(column) - 1 : known;
  }

  #monthAt(month: string): number {
    const known = this.#numbersOfMonths.get(month);
    if (known !== undefined) return known;
    const number = this.#months.push(month) - 1;
    this.#numbersOfMonths.set(month, number);
    return number;
  }

  #addReference(reference: string): void {
    this.#lastReference = reference;
    const at = REFERENCE_DIGITS * this.#referencesGathered++;
    if (at === this.#references.length) {
      const larger = new Uint8Array(at * 4);
      larger.set(this.#references);
      this.#references = larger;
    }
    for (let digit = 0; digit < REFERENCE_DIGITS; digit++)
      this.#references[at + digit] = reference.charCodeAt(digit);
  }
}
