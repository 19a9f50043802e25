import type {
  Classification,
  ColumnProtection,
  DeclaredSubject,
  Measure,
  NumberFormat,
} from '../contract/contract.ts';
import type { CsvDialect } from '../contract/csv-dialect.ts';
import type { ColumnType } from '../table/schema.ts';
import type { Note } from './notes.ts';

/** What was read of a file, and what lay around its records. */
export interface ProposedFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** Bytes of its text that were read; less than all of them where `isSampled`. */
  readonly readBytes: number;
  readonly isSampled: boolean;
  readonly packing: 'none' | 'gzip' | 'zstd' | 'UTF-16' | 'XLSX';
  readonly records: number;
  readonly blank: number;
  readonly broken: number;
  /** Whether some record is not UTF-8. */
  readonly isWindows1252: boolean;
  /** Lines with something in them before the header. */
  readonly preambleLines: number;
}

/** A column as it is proposed. */
export interface ProposedColumn {
  readonly name: string;
  /** Spellings of its header, in the order in which they were seen. */
  readonly headers: readonly string[];
  /** Where it stands in records of JSON, as a JSON pointer. */
  readonly path?: string;
  readonly type: ColumnType;
  readonly formats: readonly string[];
  readonly number: NumberFormat;
  /** Of timestamps, where a column beside them has their zones. */
  readonly timezone?: { readonly column: string };
  /** Texts that mean no value in this column alone. */
  readonly nullValues: readonly string[];
  readonly isCurrency: boolean;
  readonly required: boolean;
  readonly classification: Classification;
  /** Absent where nothing is proposed. */
  readonly protect?: ColumnProtection;
  readonly notes: readonly Note[];
}

/** A contract as the data suggests it, with what speaks for each part and what is left to a person. */
export interface Proposal {
  readonly domain: string;
  readonly name: string;
  readonly files: readonly ProposedFile[];
  readonly csv: CsvDialect;
  readonly columns: readonly ProposedColumn[];
  /** None where no columns tell records apart: then the whole record is the key. */
  readonly key: readonly string[];
  /** Absent where no column will do. */
  readonly partitionColumn?: string;
  readonly measures: readonly Measure[];
  /** Whose data a record is, where its columns are to be protected. */
  readonly subject?: DeclaredSubject;
  /** By the part of the contract that they are about. */
  readonly notes: {
    readonly contract: readonly Note[];
    readonly csv: readonly Note[];
    readonly key: readonly Note[];
    readonly partition: readonly Note[];
    readonly measures: readonly Note[];
  };
}

/** Every note of a proposal with where it belongs, e.g. `columns.net_amount`. */
export function allNotes(proposal: Proposal): { readonly path: string; readonly note: Note }[] {
  const { contract, csv, key, partition, measures } = proposal.notes;
  const at = (path: string, notes: readonly Note[]) => notes.map((note) => ({ path, note }));
  return [
    ...at('contract', contract),
    ...at('csv', csv),
    ...proposal.columns.flatMap(({ name, notes }) => at(`columns.${name}`, notes)),
    ...at('key', key),
    ...at('partitionColumn', partition),
    ...at('measures', measures),
  ];
}
