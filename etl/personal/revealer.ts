import { UNOPENED } from '../contract/compile-sealed.ts';
import type { Contract } from '../contract/contract.ts';
import { ConfigError } from '../errors.ts';
import type { Effects } from '../ports.ts';
import { readEnvelope } from '../privacy/envelope.ts';
import { EnvelopeOpener, HEADER_LENGTH } from '../privacy/envelope-opener.ts';
import { UNKNOWN_GROUP } from '../privacy/protect-rows.ts';
import { Sodium } from '../privacy/sodium.ts';
import { protectedContracts } from './asked-subject.ts';
import type { Reveal } from './reveals.ts';
import { vaultOf } from './vault-of.ts';

/** How every envelope begins. */
export const ENVELOPE_MARK = '~1.';

/** What an envelope looks like, wherever it stands in a text. */
const ENVELOPES = /~1\.[a-z2-7]{8}\.[a-z2-7]{26}\.\d{6}\.[\w-]*/g;

/**
 * Opens the envelopes of some data groups without waiting. One whose keys it doesn't have yet stays as it is, and is noted:
 * `learn` gets them, and whoever asked asks once more. What it knows outlives a forgetting: not to be kept longer than a query.
 */
export class Revealer {
  readonly #opener: EnvelopeOpener;
  readonly #groups: ReadonlySet<string>;
  readonly #learnt = new Set<string>();
  readonly #wanted = new Set<string>();
  #opened = new Map<string, number>();

  /** Wipes what is in memory of its keys; it is of no use afterwards. */
  readonly dispose: () => void;

  private constructor(opener: EnvelopeOpener, groups: ReadonlySet<string>, sodium: Sodium) {
    this.#opener = opener;
    this.#groups = groups;
    this.dispose = () => sodium.dispose();
  }

  /** One for some data groups. Throws ConfigError `NO_GROUP` where a contract knows none of that name. */
  static async open(
    effects: Pick<Effects, 'vault'>,
    contracts: Iterable<Contract>,
    groups: readonly string[],
  ): Promise<Revealer> {
    requireGroups(contracts, groups);
    const [vault, sodium] = [vaultOf(effects), await Sodium.open()];
    return new Revealer(await EnvelopeOpener.open(vault, sodium), new Set(groups), sodium);
  }

  /** A text in which each envelope of the groups is its value, as far as it can be read. */
  readonly text = (text: string): string =>
    text.includes(ENVELOPE_MARK)
      ? text.replace(ENVELOPES, (envelope) => this.#value(envelope) ?? envelope)
      : text;

  /** As `text`, of a text that is JSON: what it says stays JSON. */
  readonly json = (text: string): string =>
    text.includes(ENVELOPE_MARK)
      ? text.replace(ENVELOPES, (envelope) => {
          const value = this.#value(envelope);
          return value === undefined ? envelope : JSON.stringify(value).slice(1, -1);
        })
      : text;

  /** Gets the keys that were missing; whether there were any. What was counted is forgotten then, since all is asked again. */
  async learn(): Promise<boolean> {
    if (this.#wanted.size === 0) return false;
    const headers = [...this.#wanted];
    this.#wanted.clear();
    this.#opened = new Map();
    for (const header of headers) this.#learnt.add(header);
    await this.#opener.learn(headers);
    return true;
  }

  /** How many values were opened, by dataset and column. */
  counts(): Reveal['columns'] {
    return [...this.#opened].flatMap(([id, values]) => {
      const column = this.#opener.columns.get(id);
      return column === undefined ? [] : [{ dataset: column.dataset, column: column.column, values }];
    });
  }

  #value(text: string): string | undefined {
    const envelope = readEnvelope(text);
    const column = envelope && this.#opener.columns.get(envelope.column);
    if (envelope === undefined || column === undefined || !this.#groups.has(column.group)) return undefined;
    const header = text.slice(0, HEADER_LENGTH);
    if (!this.#learnt.has(header)) {
      this.#wanted.add(header);
      return undefined;
    }
    const value = this.#opener.open(text);
    if (Object.values(UNOPENED).some((one) => one === value)) return undefined;
    this.#opened.set(envelope.column, (this.#opened.get(envelope.column) ?? 0) + 1);
    return value;
  }
}

/** The data groups that contracts know, ordered by name. */
export function knownGroups(contracts: Iterable<Contract>): string[] {
  const named = protectedContracts(contracts).flatMap(({ columns }) =>
    columns.flatMap(({ protect }) => (protect !== undefined && 'group' in protect ? [protect.group] : [])),
  );
  return named.length === 0 ? [] : [...new Set([...named, UNKNOWN_GROUP])].sort();
}

function requireGroups(contracts: Iterable<Contract>, groups: readonly string[]): void {
  const known = knownGroups(contracts);
  const missing = groups.find((one) => !known.includes(one));
  if (missing === undefined) return;
  throw new ConfigError(
    'NO_GROUP',
    known.length === 0
      ? `There is no data group '${missing}': no contract protects anything.`
      : `There is no data group '${missing}'; there are ${known.join(', ')}.`,
    { context: { group: missing } },
  );
}
