import { expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { ANY_WIDTH, recordFormat } from '../../etl/csv/record-format.ts';
import { fieldTexts } from '../../etl/csv/rewrite.ts';

const SIGNS = fc.record({ delimiter: fc.constantFrom(',', ';', '\t'), quote: fc.constantFrom('"', "'") });

/** Values of which many hold what matters to a reader of CSV, or the bytes of signs beyond ASCII. */
const VALUE = fc
  .array(fc.constantFrom('a', ' ', ',', ';', '\t', '"', "'", 'à', '🙂', '\u00a0', '\\', '#', '\ufeff'), {
    maxLength: 5,
  })
  .map((parts) => parts.join(''));

test('the texts of a record are those that another parser reads, with quotes in it and without', () => {
  let unquoted = 0;
  fc.assert(
    fc.property(fc.array(VALUE, { minLength: 1, maxLength: 4 }), SIGNS, (values, signs) => {
      const { delimiter, quote } = signs;
      const cells = values.map((value) =>
        value.includes(delimiter) || value.includes(quote)
          ? quote + value.replaceAll(quote, quote + quote) + quote
          : value,
      );
      const record = cells.join(delimiter);
      if (!record.includes(quote)) unquoted++;
      const format = recordFormat({ ...signs, escape: quote }, ANY_WIDTH, 1000);
      const [expected = []] = parse(record, { delimiter, quote, escape: quote, bom: false });
      expect(fieldTexts(new TextEncoder().encode(record), format, signs)).toEqual(expected);
      if (record !== '') expect(expected).toEqual(values);
    }),
    { numRuns: 500 },
  );
  expect(unquoted).toBeGreaterThan(50);
});
