import type { Envelope, EnvelopeHeader } from './envelope.ts';
import { KeptKeys } from './kept-keys.ts';
import { columnKeys, commonSecret, openValue, sealValue, type ValueSecrets } from './seal-value.ts';
import type { SealingKeys, Sodium } from './sodium.ts';

/** So many subjects are numbered at once. */
const NUMBERED = 200_000;

/**
 * Seals and opens cells one after another, and keeps derived keys from one to the next. It is not to live longer than
 * the work on one file: what it keeps outlives a forgetting.
 */
export class CellSealer {
  readonly #sodium: Sodium;
  readonly #kept = new KeptKeys();
  /** Numbers that stand for subjects, and for periods and columns. None is used twice. */
  readonly #subjects = new Map<string, number>();
  readonly #columns = new Map<string, Map<string, number>>();
  #numbers = 0;
  /** What the values of the last subject, period and group had in common: a row has several. */
  #last: { subject: string; period: string; group: string; common: Uint8Array } | undefined;

  constructor(sodium: Sodium) {
    this.#sodium = sodium;
  }

  /** The envelope of a value. `group` names the data group whose key the secrets have. */
  seal(header: EnvelopeHeader, group: string, secrets: ValueSecrets, value: string): string {
    return sealValue(this.#sodium, this.keysOf(header, group, secrets), header, value);
  }

  /** The value in an envelope; undefined where it has none, or was not sealed under these secrets. */
  open(envelope: Envelope, group: string, secrets: ValueSecrets): string | undefined {
    return openValue(this.#sodium, this.keysOf(envelope, group, secrets), envelope);
  }

  /** The keys of all envelopes with a header; good until the next call. */
  keysOf({ subject, period, column }: EnvelopeHeader, group: string, secrets: ValueSecrets): SealingKeys {
    return this.#kept.get(this.#subject(subject), this.#column(period, column), () =>
      columnKeys(this.#sodium, this.#common({ subject, period, group }, secrets), column),
    );
  }

  #subject(subject: string): number {
    if (this.#lastSubject?.subject === subject) return this.#lastSubject.number;
    let number = this.#subjects.get(subject);
    if (number === undefined) {
      number = ++this.#numbers;
      if (this.#subjects.size >= NUMBERED) this.#subjects.clear();
      this.#subjects.set(subject, number);
    }
    this.#lastSubject = { subject, number };
    return number;
  }
  #lastSubject: { readonly subject: string; readonly number: number } | undefined;

  #column(period: string, column: string): number {
    const ofPeriod = this.#columns.get(period) ?? new Map<string, number>();
    this.#columns.set(period, ofPeriod);
    const known = ofPeriod.get(column);
    if (known !== undefined) return known;
    this.#columnNumbers += 1;
    ofPeriod.set(column, this.#columnNumbers);
    return this.#columnNumbers;
  }
  #columnNumbers = 0;

  #common(
    { subject, period, group }: { subject: string; period: string; group: string },
    secrets: ValueSecrets,
  ): Uint8Array {
    const last = this.#last;
    if (last !== undefined && last.subject === subject && last.period === period && last.group === group)
      return last.common;
    const common = commonSecret(this.#sodium, secrets);
    this.#last = { subject, period, group, common };
    return common;
  }
}
