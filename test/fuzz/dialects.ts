import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { type ColumnText, contractText, NO_LIMITS } from '../stages/contract-text.ts';

/** A way in which a source may write its CSV, as a contract of its own. */
export interface Dialect {
  readonly dataset: string;
  readonly text: string;
  readonly contract: SourceContract;
  /** The same whose notes and codes are sealed, for whom the id says. */
  readonly sealedText: string;
}

/** Every column of every dialect; the last is optional, so that the records of many end with nothing. */
const COLUMNS: readonly ColumnText[] = [
  { name: 'id', key: true },
  { name: 'paid_on', type: 'date', required: true },
  { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)', required: true },
  { name: 'note', classification: 'personal' },
  { name: 'code', type: 'integer' },
];

const sealedIn = (group: string): Pick<ColumnText, 'assay'> => ({
  assay: { protect: { as: 'encrypted', group } },
});

const PROTECTED: Readonly<Record<string, Pick<ColumnText, 'assay'>>> = {
  id: { assay: { protect: { as: 'clear', reason: 'a number' } } },
  note: sealedIn('contact'),
  code: sealedIn('identity'),
};

/** Headers in the contract's order. */
export const HEADERS: readonly string[] = COLUMNS.map(({ name }) => name);

/** The longest record in dialects whose records are short, so that many come close to it. */
const SHORT_RECORD_BYTES = 200;

function dialect(
  name: string,
  csv: Readonly<Record<string, unknown>>,
  maxRecordBytes?: number,
  more: Readonly<Record<string, unknown>> = {},
): Dialect {
  const limits = { ...NO_LIMITS, ...(maxRecordBytes === undefined ? {} : { maxRecordBytes }) };
  const dataset = `test.${name}`;
  const whole = {
    dataset,
    columns:
      'key' in more
        ? COLUMNS.map((column) => ({
            ...column,
            required: column.key ?? column.required ?? false,
            key: false,
          }))
        : COLUMNS,
    partitionColumn: 'paid_on',
    assay: { csv, measures: [{ column: 'amount' }], limits, ...more },
  };
  const text = contractText(whole);
  const sealedText = contractText({
    ...whole,
    columns: whole.columns.map((column) => ({ ...column, ...PROTECTED[column.name] })),
    assay: { ...whole.assay, subject: { column: 'id', kind: 'payment' } },
  });
  return { dataset, text, contract: parseContract(`${name}.yaml`, text) as SourceContract, sealedText };
}

/** The dialects that are fuzzed: each sign, each way of escaping, each encoding and each place of the header in at least one. */
export const DIALECTS: readonly Dialect[] = [
  dialect('usual', { encodings: ['utf-8', 'windows-1252'] }, SHORT_RECORD_BYTES),
  dialect('default', {}),
  dialect('semicolons', { delimiter: ';', encodings: ['utf-8', 'iso-8859-1'] }, SHORT_RECORD_BYTES),
  dialect('tabs', { delimiter: '\t', quote: "'", encodings: ['windows-1252'] }, SHORT_RECORD_BYTES),
  dialect('backslashes', { escape: '\\', nullValues: ['NULL'] }, SHORT_RECORD_BYTES),
  dialect('pipes', { delimiter: '|', quote: "'", escape: '\\', encodings: ['iso-8859-1'] }),
  dialect('preamble', { preambleLines: 2 }, SHORT_RECORD_BYTES),
  dialect('utf16', { encodings: ['utf-16le'] }, SHORT_RECORD_BYTES),
  dialect('doubled', { delimiter: '||', encodings: ['utf-8', 'windows-1252'] }, SHORT_RECORD_BYTES),
  dialect('spaced', { skipSpaces: true, strayQuotes: 'text', extraFields: 'empty' }, SHORT_RECORD_BYTES),
  dialect('tabbed', { delimiter: '\t', extraFields: 'empty' }, SHORT_RECORD_BYTES),
  dialect(
    'lenient',
    { delimiter: ', ', escape: '\\', escapes: 'quotes', strayQuotes: 'text' },
    SHORT_RECORD_BYTES,
  ),
  dialect('unescaped', { escape: 'none' }, SHORT_RECORD_BYTES),
  dialect('skipped', { columns: HEADERS, skipLines: 1, extraFields: 'empty' }, SHORT_RECORD_BYTES),
  dialect('patterned', { footerPattern: 'Total[^\\n]*' }, SHORT_RECORD_BYTES),
  dialect('footed', { footerLines: 2 }, SHORT_RECORD_BYTES),
  dialect('redelivered', {}, SHORT_RECORD_BYTES, { redelivery: 'expected' }),
  dialect('keyless', {}, SHORT_RECORD_BYTES, { key: 'record' }),
  dialect('joined', { repeatedHeader: 'skip', encodings: ['utf-8', 'windows-1252'] }, SHORT_RECORD_BYTES),
  dialect('headered', { columns: HEADERS, repeatedHeader: 'skip' }, SHORT_RECORD_BYTES),
  dialect('json', {}, SHORT_RECORD_BYTES, { format: 'jsonl' }),
  dialect('headerless', { columns: HEADERS, encodings: ['utf-8', 'windows-1252'] }, SHORT_RECORD_BYTES),
];
