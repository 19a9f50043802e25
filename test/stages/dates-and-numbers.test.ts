import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { contractText, NO_LIMITS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';
import type { Row } from './read-rows.ts';

/** The right values are Python's: datetime.strptime and fromisoformat, shifted to UTC, and decimal.Decimal. */

const COLUMNS = {
  iso_time: { type: 'timestamp' },
  iso_day: { type: 'date' },
  offset_last: { type: 'timestamp', formats: ['yyyy-MM-dd HH:mmXX'] },
  offset_inside: { type: 'timestamp', formats: ["yyyy-MM-dd XXX 'at' HH:mm"] },
  seconds: { type: 'timestamp', formats: ['dd/MM/yyyy HH:mm:ss'] },
  mail: { type: 'timestamp', formats: ['EEE, dd MMM yyyy HH:mm:ss XX'] },
  weekday: { type: 'date', formats: ['EEEE dd/MM/yyyy'] },
  dashed: { type: 'number', number: { decimal: ',', group: '.', minus: ['\u2212', '\u2013'] } },
  priced: { type: 'number', number: { symbols: ['\u20ac', 'EUR'], parentheses: true } },
  absent: { type: 'string', nullValues: ['NA', 'x|y'] },
  month: { type: 'date', formats: ['yyyy-MM', 'MMM yyyy', 'MMMM yy', 'MM/yyyy'] },
  compact: { type: 'date', formats: ['yyyyMM'] },
  sap: {
    type: 'number',
    number: { decimal: ',', group: '.', trailingSign: true, symbols: ['€', 'EUR'], symbolsAt: 'after' },
  },
  swiss: { type: 'number', number: { group: '’', symbols: ['CHF'], symbolsAt: 'either', parentheses: true } },
  french: { type: 'number', number: { decimal: ',', group: '\u202f', symbols: ['€'], symbolsAt: 'after' } },
  nbsp: { type: 'number', number: { decimal: ',', group: '\u00a0' } },
  indian: { type: 'number', number: { group: ',', grouping: 'lakh', symbols: ['₹', 'Rs'] } },
  power: { type: 'number', number: { exponent: true, parentheses: true } },
  power_comma: { type: 'number', number: { decimal: ',', group: '.', exponent: true, trailingSign: true } },
  power_whole: { type: 'integer', number: { exponent: true } },
  double: { type: 'number', physicalType: 'DOUBLE', number: { symbols: ['EUR'], minus: ['\u2212'] } },
} as const;
type Column = keyof typeof COLUMNS;

const CASES: readonly (readonly [Column, text: string, value: unknown])[] = [
  ['iso_time', '2024-03-10T10:00:00+05:30', '2024-03-10T04:30:00.000000Z'],
  ['iso_time', '2024-03-10T10:00:00-1145', '2024-03-10T21:45:00.000000Z'],
  ['iso_time', '2024-03-10T10:00:00+18:00', '2024-03-09T16:00:00.000000Z'],
  ['iso_time', '2024-03-10T10:00:00-18', '2024-03-11T04:00:00.000000Z'],
  ['iso_time', '2024-03-10T10:00:00+18:01', 'RANGE_ERROR'],
  ['iso_time', '2024-03-10T10:00:00+19:00', 'RANGE_ERROR'],
  ['iso_time', '2024-03-10T10:00:00+25:00', 'RANGE_ERROR'],
  ['iso_time', '2024-03-10T10:00:00+99:59', 'RANGE_ERROR'],
  ['iso_time', '2024-03-10T10:00:00+05:60', 'RANGE_ERROR'],
  ['iso_time', '2024-03-10T10:00:00+0599', 'RANGE_ERROR'],
  ['iso_time', '2024-03-10T24:00:00Z', 'RANGE_ERROR'],
  ['iso_time', '2016-12-31T23:59:60Z', 'RANGE_ERROR'],
  ['iso_time', '2024-03-10T23:60:00Z', 'RANGE_ERROR'],
  ['iso_time', '2023-02-29T10:00:00Z', 'RANGE_ERROR'],
  ['iso_time', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'],
  ['iso_time', '0001-01-01T00:30:00+01:00', 'RANGE_ERROR'],
  ['iso_time', '0001-01-01T00:30:00-01:00', '0001-01-01T01:30:00.000000Z'],
  ['iso_time', '0000-12-31T23:30:00-01:00', 'RANGE_ERROR'],
  ['iso_time', '9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999Z'],
  ['iso_time', '9999-12-31T23:30:00-01:00', 'RANGE_ERROR'],
  ['iso_time', '9999-12-31T23:30:00+01:00', '9999-12-31T22:30:00.000000Z'],
  ['iso_time', '2024-W10-7T10:00:00Z', 'TYPE_ERROR'],
  ['iso_time', '2024-03-10T10:00:00+5', 'TYPE_ERROR'],
  ['iso_day', '2024-02-29', '2024-02-29'],
  ['iso_day', '2024-02-30', 'RANGE_ERROR'],
  ['iso_day', '1900-02-29', 'RANGE_ERROR'],
  ['iso_day', '2000-02-29', '2000-02-29'],
  ['iso_day', '0000-01-01', 'RANGE_ERROR'],
  ['iso_day', '0001-01-01', '0001-01-01'],
  ['iso_day', '9999-12-31', '9999-12-31'],
  ['iso_day', '10000-01-01', 'TYPE_ERROR'],
  ['iso_day', '2024-W10-7', 'TYPE_ERROR'],
  ['iso_day', '2024-070', 'TYPE_ERROR'],
  ['offset_last', '2024-03-10 10:00Z', '2024-03-10T10:00:00.000000Z'],
  ['offset_last', '2024-03-10 10:00+0530', '2024-03-10T04:30:00.000000Z'],
  ['offset_last', '2024-03-10 10:00-03', '2024-03-10T13:00:00.000000Z'],
  ['offset_last', '2024-03-10 10:00+05:', 'TYPE_ERROR'],
  ['offset_last', '2024-03-10 10:00+2500', 'RANGE_ERROR'],
  ['offset_last', '2024-03-10 10:00+05:99', 'RANGE_ERROR'],
  ['offset_last', '9999-12-31 23:30-0100', 'RANGE_ERROR'],
  ['offset_last', '0001-01-01 00:30+0100', 'RANGE_ERROR'],
  ['offset_inside', '2024-03-10 Z at 10:00', '2024-03-10T10:00:00.000000Z'],
  ['offset_inside', '2024-03-10 -02:00 at 23:00', '2024-03-11T01:00:00.000000Z'],
  ['offset_inside', '2024-03-10 +19:00 at 23:00', 'RANGE_ERROR'],
  ['seconds', '31/12/2016 23:59:60', 'RANGE_ERROR'],
  ['seconds', '31/12/2016 24:00:00', 'RANGE_ERROR'],
  ['seconds', '31/12/0000 10:00:00', 'RANGE_ERROR'],
  ['seconds', '30/02/2024 10:00:00', 'RANGE_ERROR'],
  ['seconds', '29/02/2024 10:00:00', '2024-02-29T10:00:00.000000Z'],
  ['mail', 'Sun, 10 Mar 2024 23:00:00 -0800', '2024-03-11T07:00:00.000000Z'],
  ['mail', 'Mon, 11 Mar 2024 01:00:00 +1100', '2024-03-10T14:00:00.000000Z'],
  ['mail', 'Mon, 10 Mar 2024 23:00:00 -0800', 'RANGE_ERROR'],
  ['weekday', 'sunday 10/03/2024', '2024-03-10'],
  ['weekday', 'Monday 10/03/2024', 'RANGE_ERROR'],
  ['dashed', '\u22125,00', -5],
  ['dashed', '\u20131.234,50', -1234.5],
  ['dashed', '-5,00', -5],
  ['dashed', '+5,00', 5],
  ['dashed', '\u20145,00', 'TYPE_ERROR'],
  ['dashed', '5,00\u2212', 'TYPE_ERROR'],
  ['dashed', '\u2212\u22125,00', 'TYPE_ERROR'],
  ['dashed', '1\u22125,00', 'TYPE_ERROR'],
  ['priced', '\u22125.00', 'TYPE_ERROR'],
  ['priced', '\u20ac\u22125.00', 'TYPE_ERROR'],
  ['priced', 'EUR -5.00', -5],
  ['priced', '(EUR 5.00)', -5],
  ['priced', '5.00-', 'TYPE_ERROR'],
  ['priced', '5%', 'TYPE_ERROR'],
  ['month', '2011-08', '2011-08-01'],
  ['month', 'Aug 2011', '2011-08-01'],
  ['month', 'august 11', '2011-08-01'],
  ['month', '02/2024', '2024-02-01'],
  ['month', '2011-13', 'RANGE_ERROR'],
  ['month', '2011-8', 'TYPE_ERROR'],
  ['month', '0000-08', 'RANGE_ERROR'],
  ['compact', '202402', '2024-02-01'],
  ['compact', '202400', 'RANGE_ERROR'],
  // SAP writes the minus behind; the decimal comma is its own.
  ['sap', '5,00-', -5],
  ['sap', '1.234,50-', -1234.5],
  ['sap', '5,00+', 5],
  ['sap', '-5,00', -5],
  ['sap', '-5,00-', 'TYPE_ERROR'],
  ['sap', '5,00--', 'TYPE_ERROR'],
  ['sap', '5,00 €', 5],
  ['sap', '5,00\u00a0€', 5],
  ['sap', '5,00\u202f€', 5],
  ['sap', '5,00€', 5],
  ['sap', '5,00- €', -5],
  ['sap', '5,00 €-', -5],
  ['sap', '5,00 EUR', 5],
  ['sap', '€5,00', 'TYPE_ERROR'],
  ['sap', '5,00 $', 'TYPE_ERROR'],
  ['sap', '5,005 €', 'FORMAT_ERROR'],
  ['swiss', '1’234’567.50', 1234567.5],
  ['swiss', "1'234.50", 'TYPE_ERROR'],
  ['swiss', '12’34.50', 'TYPE_ERROR'],
  ['swiss', 'CHF 1’234.50', 1234.5],
  ['swiss', '1’234.50 CHF', 1234.5],
  ['swiss', '(5.00 CHF)', -5],
  ['french', '1\u202f234\u202f567,50 €', 1234567.5],
  ['french', '1\u202f234,50\u00a0€', 1234.5],
  ['french', '1 234,50', 'TYPE_ERROR'],
  ['nbsp', '1\u00a0234,50', 1234.5],
  ['nbsp', '-12\u00a0234', -12234],
  ['nbsp', '1\u00a023', 'TYPE_ERROR'],
  ['indian', '12,34,567.50', 1234567.5],
  ['indian', '1,00,00,000', 10000000],
  ['indian', '1,000', 1000],
  ['indian', '₹ 99,999', 99999],
  ['indian', '1,234,567', 'TYPE_ERROR'],
  ['indian', '123,456', 'TYPE_ERROR'],
  ['indian', '1234567', 1234567],
  ['power', '1.0E+5', 100000],
  ['power', '1E5', 100000],
  ['power', '-1.25e+1', -12.5],
  ['power', '(1.5E2)', -150],
  ['power', '125E-2', 1.25],
  ['power', '125E-3', 'FORMAT_ERROR'],
  ['power', '12.50E-1', 1.25],
  ['power', '1E-2', 0.01],
  ['power', '1E-3', 'FORMAT_ERROR'],
  ['power', '0E-9', 0],
  ['power', '.5E1', 5],
  ['power', '5.E1', 50],
  ['power', '1E15', 1e15],
  ['power', '1E16', 'RANGE_ERROR'],
  ['power', '1E+0005', 100000],
  ['power', '7.25', 7.25],
  ['power', 'E5', 'TYPE_ERROR'],
  ['power', '1E', 'TYPE_ERROR'],
  ['power', '1E2.5', 'TYPE_ERROR'],
  ['power', '1E5 ', 100000],
  ['power_comma', '1,0E+05', 100000],
  ['power_comma', '1,25E1-', -12.5],
  ['power_comma', '1.25E1', 'TYPE_ERROR'],
  ['power_comma', '1.250,5', 1250.5],
  ['power_whole', '1.0E+5', 100000n],
  ['power_whole', '9E18', 9000000000000000000n],
  ['power_whole', '1E19', 'RANGE_ERROR'],
  ['power_whole', '15E-1', 'TYPE_ERROR'],
  ['power_whole', '150E-1', 15n],
  ['absent', 'NA', undefined],
  ['absent', ' NA ', undefined],
  ['absent', 'x|y', undefined],
  ['absent', 'na', 'na'],
  ['absent', 'x', 'x'],
  ['double', '1E5', 1e5],
  ['double', 'EUR 1e5', 1e5],
  ['double', '-EUR1E-2', -0.01],
  ['double', '\u22121E\u22122', -0.01],
];

const CONTRACT = contractText({
  partitionColumn: 'day',
  columns: [
    { name: 'id', type: 'integer', key: true },
    { name: 'day', type: 'date', required: true },
    ...Object.entries(COLUMNS).map(([name, { type, ...more }]) => ({
      name,
      type,
      ...('physicalType' in more
        ? { physicalType: more.physicalType }
        : type === 'number'
          ? { physicalType: 'DECIMAL(18,2)' }
          : {}),
      assay: {
        ...('formats' in more ? { formats: more.formats } : {}),
        ...('number' in more ? { number: more.number } : {}),
        ...('nullValues' in more ? { nullValues: more.nullValues } : {}),
      },
    })),
  ],
  assay: { limits: NO_LIMITS },
});

describe('dates and numbers', () => {
  let lake: TestLake;
  let silver: Map<string, Row>;
  let rejects: Map<string, Row>;

  beforeAll(async () => {
    lake = await testLake({ contracts: [CONTRACT] });
    const names = Object.keys(COLUMNS);
    const lines = CASES.map(([column, text], id) =>
      [id, '2024-01-01', ...names.map((name) => (name === column ? `"${text}"` : ''))].join(','),
    );
    await lake.dropAndRun({ 'a.csv': `id,day,${names.join(',')}\n${lines.join('\n')}\n` });
    silver = new Map((await lake.rows('silver')).map((row) => [String(row.id), row]));
    rejects = new Map(
      (await lake.rows('quarantine')).map((row) => [String(Number(row.source_row_number) - 1), row]),
    );
  });
  afterAll(() => lake.dispose());

  test.each(CASES.map(([column, text, value], id) => ({ column, text, value, id })))(
    '$column: $text is $value',
    ({ column, value, id }) => {
      const row = silver.get(String(id));
      const codes = (rejects.get(String(id))?.reasons as { code: string }[] | undefined)?.map(
        (reason) => reason.code,
      );
      expect(row === undefined ? codes?.join() : (row[column] ?? undefined)).toEqual(value);
    },
  );
});
