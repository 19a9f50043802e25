import { describe, expect, test } from '@jest/globals';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { readingContract } from '../../etl/contract/reading-contract.ts';
import { contractText } from '../stages/contract-text.ts';

const NUMBER = {
  decimal: ',',
  group: '.',
  symbols: ['€'],
  symbolsAt: 'either',
  trailingSign: true,
  exponent: true,
  minus: ['−'],
  parentheses: true,
};
const DIALECT = {
  delimiter: ';',
  quote: "'",
  escape: '\\',
  escapes: 'quotes',
  strayQuotes: 'text',
  skipSpaces: true,
  extraFields: 'empty',
  encodings: ['utf-8', 'windows-1252'],
  nullValues: ['-'],
  footerPattern: 'Total.*',
  totalRow: { column: 'price' },
  columns: ['id', 'day', 'price'],
  skipLines: 2,
  repeatedHeader: 'skip',
};

/** A contract whose files are written in another way than by default, or as it is by default. */
function contract(
  version: string,
  isOdd: boolean,
  more: Readonly<Record<string, unknown>> = {},
): SourceContract {
  const text = contractText({
    version,
    partitionColumn: 'day',
    columns: [
      { name: 'id', key: true },
      { name: 'day', type: 'date', required: true, assay: isOdd ? { formats: ['dd/MM/yyyy'] } : {} },
      {
        name: isOdd ? 'price' : 'amount',
        type: 'number',
        physicalType: isOdd ? 'DECIMAL(18,2)' : 'DECIMAL(20,4)',
        assay: isOdd ? { number: NUMBER, nullValues: ['n/a'] } : { headers: ['price'] },
      },
    ],
    assay: {
      measures: [{ column: isOdd ? 'price' : 'amount' }],
      ...(isOdd ? { csv: DIALECT, xlsx: { sheet: 'Payments' } } : {}),
      ...more,
    },
  });
  return parseContract('c.yaml', text) as SourceContract;
}

describe('a file that was accepted under an older contract', () => {
  const old = contract('1.0.0', true, {
    limits: { maxRecordBytes: 2_000_000, maxUnpackedBytes: 9_000_000_000 },
  });
  const next = contract('2.0.0', false, { unknownColumns: 'reject', limits: { maxAttempts: 5 } });
  const reading = readingContract(next, old);

  test('is opened, cut into records and spelled as the older one says, by every option that there is', () => {
    expect(reading.csv).toEqual({ ...old.csv, totalRowColumn: 'amount' });
    expect(Object.keys(reading.csv).sort()).toEqual(
      [...Object.keys(DIALECT).filter((key) => key !== 'totalRow'), 'sheet', 'totalRowColumn'].sort(),
    );
    const price = reading.columns.find(({ name }) => name === 'amount');
    expect(price).toMatchObject({ number: NUMBER, nullValues: ['n/a'] });
    expect(reading.columns.find(({ name }) => name === 'day')?.formats).toEqual(['dd/MM/yyyy']);
  });

  test('has the types, the checks and the key of the new one, and its limits but those of size', () => {
    const price = reading.columns.find(({ name }) => name === 'amount');
    expect(price?.type).toEqual({ kind: 'decimal', precision: 20, scale: 4 });
    expect(reading).toMatchObject({ version: '2.0.0', digest: next.digest, key: ['id'] });
    expect(reading.limits).toEqual({
      ...next.limits,
      maxRecordBytes: 2_000_000,
      maxUnpackedBytes: 9_000_000_000,
    });
  });

  test('keeps columns that nobody knew, which are refused of files to come alone', () => {
    expect(reading.unknownColumns).toBe('ignore');
    expect(readingContract(next, contract('1.0.0', true, { unknownColumns: 'reject' })).unknownColumns).toBe(
      'reject',
    );
  });

  test('of a plain dialect stays plain under an odd one', () => {
    expect(readingContract(old, next).csv).toEqual(next.csv);
    expect(readingContract(old, next).columns[2]).not.toHaveProperty('nullValues');
  });
});
