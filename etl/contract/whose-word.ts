import type { ContractColumn, Limits, SourceContract } from './contract.ts';
import type { CsvDialect } from './csv-dialect.ts';

/**
 * Which contract decides about a field when a file is read that an older one accepted: that older one (`file`), the new
 * one (`table`), or a combination (`both`). The types demand an entry for each new field.
 */
type Whose = 'file' | 'table' | 'both';
type WhoseWord<T> = Readonly<Record<keyof T, Whose>>;

/** The file's says how a value is spelled, the table's what it must be. */
export const COLUMN_WORD = {
  name: 'table',
  type: 'table',
  required: 'table',
  classification: 'table',
  description: 'table',
  headers: 'both',
  formats: 'both',
  number: 'both',
  // Whoever names a zone mostly corrects times that were wrongly read as UTC.
  timezone: 'table',
  nullValues: 'file',
  path: 'both',
  otherPaths: 'file',
  knownPii: 'table',
  checks: 'table',
  protect: 'table',
} as const satisfies WhoseWord<Required<ContractColumn>>;

/** All of how a source writes its files is the file's. */
export const CSV_WORD = {
  format: 'file',
  envelope: 'file',
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
  deprecated: 'table',
  product: 'table',
  csv: 'both',
  unknownColumns: 'both',
  duplicates: 'table',
  redelivery: 'table',
  measures: 'table',
  limits: 'both',
  subject: 'table',
  consent: 'table',
  retention: 'table',
  events: 'table',
} as const satisfies WhoseWord<Required<SourceContract>>;

/**
 * Picks each field from the object that decides about it; the caller gives the combined ones. A field that its object
 * lacks is left out.
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
