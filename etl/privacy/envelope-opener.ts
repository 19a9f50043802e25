import { UNOPENED } from '../contract/compile-sealed.ts';
import { CellSealer } from './cell-sealer.ts';
import { isPayload, readEnvelope } from './envelope.ts';
import { HeaderKeys } from './header-keys.ts';
import { OnceEach } from './once-each.ts';
import { FORGOTTEN } from './protect-rows.ts';
import type { Sodium } from './sodium.ts';
import type { ProtectedColumn, SubjectKeyName, Vault, VaultPeriod } from './vault.ts';

/** What an envelope begins with, up to its payload: so many characters. */
export const HEADER_LENGTH = 46;

/** The vault is asked for the keys of so many headers at once: what is held only meanwhile stays small. */
const LEARNT_AT_ONCE = 128_000;

/**
 * Opens envelopes one by one without waiting, with keys that it was told to get before. Not to be kept longer than the
 * work on one chunk: what it knows outlives a forgetting.
 */
export class EnvelopeOpener {
  readonly #vault: Vault;
  readonly #sealer: CellSealer;
  /** By their ids. */
  readonly columns: ReadonlyMap<string, ProtectedColumn>;
  readonly #sodium: Sodium;
  readonly #learnt = new Set<HeaderKeys>();

  private constructor(vault: Vault, sodium: Sodium, columns: ReadonlyMap<string, ProtectedColumn>) {
    this.#vault = vault;
    this.#sodium = sodium;
    this.#sealer = new CellSealer(sodium);
    this.columns = columns;
  }

  /** An opener that has no keys yet. */
  static async open(vault: Vault, sodium: Sodium): Promise<EnvelopeOpener> {
    return new EnvelopeOpener(vault, sodium, await vault.columns());
  }

  /**
   * Gets the keys of envelopes with these headers; what it returns gives them up again. Those of one subject are best told
   * one after another: they have work in common.
   */
  async learn(headers: Iterable<string>): Promise<() => void> {
    const all = [...headers];
    const learnt = new HeaderKeys(all.length);
    for (let n = 0; n < all.length; n += LEARNT_AT_ONCE)
      await this.#learnSome(all.slice(n, n + LEARNT_AT_ONCE), learnt);
    this.#learnt.add(learnt);
    return () => void this.#learnt.delete(learnt);
  }

  async #learnSome(headers: readonly string[], learnt: HeaderKeys): Promise<void> {
    const subjects = new OnceEach<SubjectKeyName>();
    const periods = new OnceEach<VaultPeriod>();
    const named = headers.flatMap((text) => {
      const header = readEnvelope(text);
      const column = header && this.columns.get(header.column);
      if (header === undefined || column === undefined) return [];
      const { dataset, group } = column;
      const { subject: reference, period } = header;
      const subjectAt = subjects.number(reference + group, () => ({ reference, group }));
      const periodAt = periods.number(`${period} ${dataset} ${group}`, () => ({ dataset, group, period }));
      return [{ text, header, group, subjectAt, periodAt }];
    });
    const subjectKeys = await this.#vault.subjectKeys(subjects.all);
    const periodKeys = await this.#vault.periodKeys(periods.all, 'leave');
    for (const { text, header, group, subjectAt, periodAt } of named) {
      const [subjectKey, periodKey] = [subjectKeys[subjectAt], periodKeys[periodAt]];
      const isGone = subjectKey === undefined || periodKey === undefined;
      learnt.add(text, isGone ? undefined : this.#sealer.keysOf(header, group, { subjectKey, periodKey }));
    }
  }

  /** The text in an envelope, or one of UNOPENED. */
  open(cell: string): string {
    if (cell === FORGOTTEN) return UNOPENED.forgotten;
    const header = cell.slice(0, HEADER_LENGTH);
    const payload = cell.slice(HEADER_LENGTH);
    const keys = this.#find(header);
    if (keys === undefined) return readEnvelope(cell) === undefined ? UNOPENED.tampered : UNOPENED.gone;
    if (!isPayload(payload)) return UNOPENED.tampered;
    if (payload === '' || keys === 'gone') return UNOPENED.gone;
    return this.#sodium.open(keys, header, payload) ?? UNOPENED.tampered;
  }

  #find(header: string): ReturnType<HeaderKeys['find']> {
    for (const learnt of this.#learnt) {
      const found = learnt.find(header);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
