import type { SourceContract } from '../contract/contract.ts';
import type { CsvDialect } from '../contract/csv-dialect.ts';
import { plainSigns } from './rewrite.ts';

/** How a protected file is written, whatever its source writes: UTF-8, a header, every record in plain signs. */
export function sealedDialect(source: CsvDialect): CsvDialect {
  const { nullValues, totalRowColumn, footerLines, footerPattern } = source;
  return {
    ...plainSigns(source),
    escape: source.quote,
    encodings: ['utf-8'],
    nullValues,
    ...(totalRowColumn === undefined ? {} : { totalRowColumn }),
    ...(footerLines === undefined ? {} : { footerLines }),
    ...(footerPattern === undefined ? {} : { footerPattern }),
  };
}

/** An envelope has a header, a nonce and a tag, is padded and in base64: a third more than its value, and these bytes. */
const ENVELOPE_BYTES = 160;

/** A record that can't be read is kept as an excerpt of so many bytes at most. */
const EXCERPT_BYTES = 16 * 1024;

/** What a record of a protected file may take: each of its cells may have become an envelope. */
export const sealedRecordBytes = ({ limits, columns }: Pick<SourceContract, 'limits' | 'columns'>): number =>
  EXCERPT_BYTES + 2 * limits.maxRecordBytes + ENVELOPE_BYTES * (columns.length + 64);
