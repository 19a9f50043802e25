import type { ContractColumn, CsvDialect, Limits, SourceContract } from './contract.ts';

/**
 * Whose word counts where a file is read that was accepted under an older contract: that of the contract under which it
 * was (`file`), that of the new one (`table`), or what is made of both (`both`). A new field of a contract has to be
 * decided about here: the types don't allow it to be forgotten.
 */
type Whose = 'file' | 'table' | 'both';
type WhoseWord<T> = Readonly<Record<keyof T, Whose>>;

/** How a value is spelled is the file's; what it must be is the table's. */
export const COLUMN_WORD = {
  name: 'table',
  type: 'table',
  required: 'table',
  classification: 'table',
  description: 'table',
  headers: 'both',
  formats: 'both',
  number: 'both',
  // Which instant a text means: who names a zone mostly mends what was read as UTC.
  timezone: 'table',
  nullValues: 'file',
  checks: 'table',
} as const satisfies WhoseWord<Required<ContractColumn>>;

/** All of how a source writes its files is the file's. */
export const CSV_WORD = {
  delimiter: 'file',
  quote: 'file',
  escape: 'file',
  escapes: 'file',
  strayQuotes: 'file',
  skipSpaces: 'file',
  extraFields: 'file',
  encodings: 'file',
  nullValues: 'file',
  totalRowColumn: 'both',
  footerLines: 'file',
  footerPattern: 'file',
  preambleLines: 'file',
  columns: 'file',
  skipLines: 'file',
  repeatedHeader: 'file',
  sheet: 'file',
  recordsAreLines: 'file',
} as const satisfies WhoseWord<Required<CsvDialect>>;

/** How large a record or a file may be belongs to reading it; what holds a run does not. */
export const LIMIT_WORD = {
  maxAttempts: 'table',
  maxQuarantineRate: 'table',
  smallBatchRecords: 'table',
  maxCondemned: 'table',
  breakerErrors: 'table',
  breakerShare: 'table',
  breakerWindowMinutes: 'table',
  maxRecordBytes: 'both',
  maxUnpackedBytes: 'both',
} as const satisfies WhoseWord<Limits>;

/** The fields of the contract itself. */
export const CONTRACT_WORD = {
  layer: 'table',
  dataset: 'table',
  domain: 'table',
  name: 'table',
  version: 'table',
  owner: 'table',
  description: 'table',
  file: 'table',
  digest: 'table',
  columns: 'both',
  key: 'table',
  recordKey: 'table',
  partitionColumn: 'table',
  rules: 'table',
  sla: 'table',
  snapshots: 'table',
  tend: 'table',
  csv: 'both',
  unknownColumns: 'both',
  duplicates: 'table',
  redelivery: 'table',
  measures: 'table',
  limits: 'both',
} as const satisfies WhoseWord<Required<SourceContract>>;

/**
 * The fields of two objects by whose word counts; what is made of both is given. A field that is absent where its word
 * counts is absent.
 */
export function byWord<T extends object>(
  words: WhoseWord<Required<T>>,
  { table, file }: { readonly table: T; readonly file: T },
  both: Partial<T>,
): T {
  const entries = Object.entries<Whose>(words).map(([field, word]) => {
    const from: Partial<T> = word === 'both' ? both : word === 'file' ? file : table;
    return [field, from[field as keyof T]] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as T;
}
