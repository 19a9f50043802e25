import { contractText, NO_LIMITS } from '../stages/contract-text.ts';

/** The contract of every polluted file: three typed columns, then texts, which no type keeps from being shifted. */
export const CONTRACT = contractText({
  dataset: 'test.payments',
  partitionColumn: 'paid_on',
  columns: [
    { name: 'id', key: true },
    { name: 'paid_on', type: 'date', required: true },
    { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)', required: true },
    { name: 'payee' },
    { name: 'note' },
    { name: 'ref' },
  ],
  assay: { measures: [{ column: 'amount' }], limits: NO_LIMITS },
});

/** The columns in the order in which they are written. */
export const COLUMNS = ['id', 'paid_on', 'amount', 'payee', 'note', 'ref'] as const;

/** What a file says of one record, by column; undefined where it says nothing. */
export type TrueRecord = Readonly<Record<(typeof COLUMNS)[number], string | undefined>>;

/** What the texts of a file are like. */
export type Base = 'plain' | 'quoted' | 'sparse';
export const BASES: readonly Base[] = ['plain', 'quoted', 'sparse'];

/** A file without a defect: what its records are, and their fields as they are written. */
export interface CleanFile {
  readonly records: readonly TrueRecord[];
  readonly rows: readonly (readonly string[])[];
  readonly end: '\n' | '\r\n';
}

/** Records of a file. */
export const ROWS = 12;

const QUOTED: readonly (readonly [string, string, string])[] = [
  ['Smith, Jones & Co', 'said "yes"', 'A1'],
  ['"Quoted" Ltd', 'first line\nsecond line', 'B, 2'],
  ['Plain', 'a, b, c', ''],
  [',', '"', 'C"3'],
];

/** The file at a number: its keys and names are those of no other file. */
export function cleanFile(base: Base, end: CleanFile['end'], number: number): CleanFile {
  const records = Array.from({ length: ROWS }, (_, row) => trueRecord(base, number, row));
  return { records, end, rows: records.map((record) => COLUMNS.map((name) => written(record[name]))) };
}

function trueRecord(base: Base, number: number, row: number): TrueRecord {
  const tag = `${String(number).padStart(5, '0')}r${String(row).padStart(2, '0')}`;
  const fixed = { id: `k${tag}`, paid_on: `2024-0${1 + (row % 3)}-15`, amount: `${100 + row}.50` };
  if (base === 'plain') return { ...fixed, payee: `p${tag}`, note: `n${tag}`, ref: `q${tag}` };
  if (base === 'sparse') {
    const some = (name: string, every: number): string | undefined =>
      row % every === 0 ? `${name}${tag}` : undefined;
    return { ...fixed, payee: some('p', 2), note: some('n', 3), ref: some('q', 5) };
  }
  const [payee = '', note = '', ref = ''] = QUOTED[row % QUOTED.length] ?? [];
  return { ...fixed, payee: `${payee} p${tag}`, note: `${note} n${tag}`, ref: ref === '' ? undefined : ref };
}

/** A value as a field, in quotes where it must be. */
export function written(value: string | undefined): string {
  const text = value ?? '';
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Lines as a file's bytes: the header, if there is one, is the first. */
export function asBytes(lines: readonly string[], end: string): Buffer {
  return Buffer.from(lines.map((line) => line + end).join(''));
}

/** The lines of a file without a defect, the header first. */
export function cleanLines({ rows }: CleanFile): string[] {
  return [COLUMNS.join(','), ...rows.map((row) => row.join(','))];
}
