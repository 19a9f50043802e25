import { columnPointer } from '../jsonl/pointer.ts';
import type { ContractColumn, SourceContract } from './contract.ts';
import type { CsvDialect } from './csv-dialect.ts';
import { normaliseHeader } from './header.ts';
import { byWord, COLUMN_WORD, CONTRACT_WORD, CSV_WORD, LIMIT_WORD } from './whose-word.ts';

/**
 * A contract for files that were accepted under an older one. Columns, types, checks and keys come from the new
 * contract; opening files, matching headers and spelling values follow the older one. A new delimiter, header, date or
 * number format is for future files, not for those that are there already.
 */
export function readingContract(next: SourceContract, old: SourceContract): SourceContract {
  const before = columnsBefore(next, old);
  // The older contract decides what a file's header means, even if the new one gives it another meaning.
  const owners = new Map<string, string>();
  for (const [name, { headers }] of before)
    for (const header of headers) owners.set(normaliseHeader(header), name);
  const columns = next.columns.map((column) => {
    const headers = column.headers.filter(
      (header) => (owners.get(normaliseHeader(header)) ?? column.name) === column.name,
    );
    const was = before.get(column.name);
    return was === undefined ? { ...column, headers } : spelledAs({ ...column, headers }, was);
  });
  const csv = byWord(CSV_WORD, { table: next.csv, file: old.csv }, totalRowBefore(old, before));
  const limits = byWord(
    LIMIT_WORD,
    { table: next.limits, file: old.limits },
    {
      maxRecordBytes: Math.max(next.limits.maxRecordBytes, old.limits.maxRecordBytes),
      maxUnpackedBytes: Math.max(next.limits.maxUnpackedBytes, old.limits.maxUnpackedBytes),
    },
  );
  const unknownColumns = unknownBefore(next, old);
  return byWord(CONTRACT_WORD, { table: next, file: old }, { columns, csv, limits, unknownColumns });
}

/** The column of the total row under its name of now. */
function totalRowBefore(
  { csv }: SourceContract,
  before: ReadonlyMap<string, ContractColumn>,
): Pick<CsvDialect, 'totalRowColumn'> {
  const total = [...before].find(([, { name }]) => name === csv.totalRowColumn)?.[0];
  return total === undefined ? {} : { totalRowColumn: total };
}

/** A file accepted with unknown columns still has them. Only files to come can be refused for those. */
function unknownBefore(next: SourceContract, old: SourceContract): SourceContract['unknownColumns'] {
  return next.unknownColumns === 'reject' && old.unknownColumns !== 'reject' ? 'ignore' : next.unknownColumns;
}

/** What each column of the new contract was before: the column of its name, or one that is gone and shares a header or a place in JSON with it. */
function columnsBefore(next: SourceContract, old: SourceContract): Map<string, ContractColumn> {
  const names = new Set(next.columns.map(({ name }) => name));
  const gone = old.columns.filter(({ name }) => !names.has(name));
  const found = new Map<string, ContractColumn>();
  for (const one of next.columns) {
    const { name, headers } = one;
    const spellings = new Set(headers.map(normaliseHeader));
    const was =
      old.columns.find((column) => column.name === name) ??
      gone.find((column) => column.headers.some((header) => spellings.has(normaliseHeader(header)))) ??
      gone.find((column) => old.csv.format === 'jsonl' && columnPointer(column) === columnPointer(one));
    if (was !== undefined) found.set(name, was);
  }
  return found;
}

const NUMBERS: readonly string[] = ['int', 'long', 'double', 'decimal'];
const TIMES: readonly string[] = ['date', 'timestamptz'];

/** How a value is spelled belongs to its type: a text that becomes a date is read by the new column's formats. */
function spelledAs(column: ContractColumn, was: ContractColumn): ContractColumn {
  const areBoth = (kinds: readonly string[]): boolean =>
    kinds.includes(column.type.kind) && kinds.includes(was.type.kind);
  const spelling = {
    headers: [...new Set([...was.headers, ...column.headers])],
    formats: areBoth(TIMES) ? was.formats : column.formats,
    number: areBoth(NUMBERS) ? was.number : column.number,
    ...(was.path === undefined && was.name === column.name ? {} : { path: columnPointer(was) }),
  };
  return byWord(COLUMN_WORD, { table: column, file: was }, spelling);
}
