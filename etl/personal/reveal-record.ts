import type { SourceContract } from '../contract/contract.ts';
import { ConfigError } from '../errors.ts';
import type { Word } from '../operations/decide-run.ts';
import type { Effects } from '../ports.ts';
import { readEnvelope } from '../privacy/envelope.ts';
import { openCells } from '../privacy/open-cells.ts';
import { LINE_COLUMN } from '../privacy/protect-rows.ts';
import { Sodium } from '../privacy/sodium.ts';
import type { ProtectedColumn } from '../privacy/vault.ts';
import type { FailedRecord } from '../quarantine/records.ts';
import { valuesNow } from '../quarantine/retry-records.ts';
import { recordReveal } from './reveals.ts';
import { vaultOf } from './vault-of.ts';

/** The data groups whose values somebody may see. */
export type Groups = ReadonlySet<string> | 'every';

/** What of a record was opened. */
export interface RevealedRecord {
  /** By column, with what was corrected; of one that couldn't be parsed, its text under `assay.line`. */
  readonly values: Readonly<Record<string, string>>;
  /** Columns whose values stay sealed: of other groups, or readable no more. */
  readonly sealed: readonly string[];
}

interface Sealed {
  readonly column: string;
  readonly text: string;
  readonly group: string;
}

/**
 * Opens the values of a record that failed, as far as they are of these data groups. That they were seen, by whom and why,
 * is kept before they are. Throws ConfigError `NOTHING_TO_REVEAL` where none can be opened.
 */
export async function revealRecord(
  effects: Effects,
  { contract, record }: { readonly contract: SourceContract; readonly record: FailedRecord },
  { groups, word }: { readonly groups: Groups; readonly word: Word },
): Promise<RevealedRecord> {
  const vault = vaultOf(effects);
  const cells = sealedCells(await vault.columns(), { contract, record });
  const sodium = await Sodium.open();
  try {
    const opener = openCells({ vault, sodium, ...(groups === 'every' ? {} : { groups }) });
    const opened = await opener(cells.map(({ text }) => text));
    const clear = cells.flatMap((cell, n) => {
      const one = opened[n];
      return one?.kind === 'clear' ? [{ ...cell, clear: one.text }] : [];
    });
    if (clear.length === 0) throw nothing(contract, cells);
    const used = [...new Set(clear.map(({ group }) => group))].sort();
    const columns = clear.map(({ column }) => ({ dataset: contract.dataset, column, values: 1 }));
    await recordReveal(effects, { how: 'record', groups: used, columns }, word);
    return {
      values: Object.fromEntries(clear.map(({ column, clear: text }) => [column, text])),
      sealed: cells
        .map(({ column }) => column)
        .filter((name) => !clear.some(({ column }) => column === name)),
    };
  } finally {
    sodium.dispose();
  }
}

/** The sealed values of a record, as it stands now. */
function sealedCells(
  columns: ReadonlyMap<string, ProtectedColumn>,
  { contract, record }: { readonly contract: SourceContract; readonly record: FailedRecord },
): Sealed[] {
  const texts = { ...valuesNow(contract, record), [LINE_COLUMN]: record.rawText };
  return Object.entries(texts).flatMap(([column, text]) => {
    const envelope = text === null ? undefined : readEnvelope(text);
    const known = envelope === undefined ? undefined : columns.get(envelope.column);
    return text === null || known === undefined ? [] : [{ column, text, group: known.group }];
  });
}

function nothing({ dataset }: SourceContract, cells: readonly Sealed[]): ConfigError {
  const groups = [...new Set(cells.map(({ group }) => group))].sort();
  return new ConfigError(
    'NOTHING_TO_REVEAL',
    cells.length === 0
      ? 'No value of this record is sealed.'
      : `No value of this record can be opened by you: ${groups.length === 1 ? 'it is' : 'they are'} of the data ${groups.length === 1 ? 'group' : 'groups'} ${groups.join(', ')}, or readable no more.`,
    { context: { dataset } },
  );
}
