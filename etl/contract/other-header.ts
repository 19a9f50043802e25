import { isByArrival } from './arrival-month.ts';
import type { SourceContract } from './contract.ts';
import { normaliseHeader } from './header.ts';

/** What tells another header among a file's records: one that names the columns otherwise than the first. */
export interface OtherHeader {
  /** The column that such a record has another column's name in, whatever else is in it. */
  readonly column: string;
  /** Every spelling of a column's name, normalised, with the column. */
  readonly spellings: ReadonlyMap<string, string>;
  /** Whether a record's values name every required column of the contract, and some column where another one stands. */
  isIn(record: Readonly<Record<string, string | null>>): boolean;
}

/** How another header is known among the records of a contract's files. */
export function otherHeader(contract: SourceContract): OtherHeader {
  const spellings = new Map(
    contract.columns.flatMap(({ name, headers }) =>
      headers.map((text) => [normaliseHeader(text), name] as const),
    ),
  );
  return {
    column: isByArrival(contract)
      ? (contract.key[0] ?? contract.columns[0]?.name ?? '')
      : contract.partitionColumn,
    spellings,
    isIn(record) {
      const named = Object.entries(record).map(
        ([column, value]) => [column, spellings.get(normaliseHeader(value ?? ''))] as const,
      );
      const names = new Set(named.map(([, name]) => name));
      const isHeader = contract.columns.every(({ name, required }) => !required || names.has(name));
      return isHeader && named.some(([column, name]) => name !== undefined && name !== column);
    },
  };
}
