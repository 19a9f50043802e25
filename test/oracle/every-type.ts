import { PII_KINDS } from '../../etl/privacy/pii/find-pii.ts';
import { type ColumnText, contractText, NO_LIMITS } from '../stages/contract-text.ts';

const number = (value: unknown): Pick<ColumnText, 'assay'> => ({ assay: { number: value } });
const dates = (...value: string[]): Pick<ColumnText, 'assay'> => ({ assay: { formats: value } });
const options = (logicalTypeOptions: unknown): Pick<ColumnText, 'more'> => ({ more: { logicalTypeOptions } });

const COLUMNS: readonly ColumnText[] = [
  { name: 'id', type: 'integer', key: true, ...options({ minimum: 1 }) },
  {
    name: 'paid_on',
    type: 'date',
    required: true,
    ...dates('dd/MM/yyyy', 'd/M/yyyy', 'dd-MMM-yy', 'd-MMM-yyyy'),
  },
  { name: 'period', type: 'date', ...dates('yyyy-MM', 'MMM yyyy', 'MM/yyyy', 'MMMM-yy') },
  { name: 'due_on', type: 'date', ...options({ minimum: '2000-01-01', exclusiveMaximum: '2030-01-01' }) },
  {
    name: 'amount',
    type: 'number',
    physicalType: 'DECIMAL(9,2)',
    required: true,
    classification: 'personal',
    ...number({ group: ',', symbols: ['£', 'EUR'], parentheses: true }),
    ...options({ minimum: -5000, exclusiveMaximum: 1000000 }),
  },
  {
    name: 'price',
    type: 'number',
    physicalType: 'DECIMAL(6,3)',
    ...number({ decimal: ',', group: '.', minus: ['\u2212'] }),
  },
  { name: 'units', type: 'number', physicalType: 'DECIMAL(5,0)' },
  { name: 'stock', type: 'number', physicalType: 'DECIMAL(30,4)', ...number({ group: ' ' }) },
  {
    name: 'hits',
    type: 'integer',
    ...number({ group: "'" }),
    ...options({ exclusiveMinimum: -10, maximum: 99999 }),
  },
  { name: 'rank', type: 'integer' },
  {
    name: 'booked',
    type: 'number',
    physicalType: 'DECIMAL(9,2)',
    ...number({
      decimal: ',',
      group: '\u202f',
      symbols: ['€', 'EUR'],
      symbolsAt: 'either',
      trailingSign: true,
      parentheses: true,
    }),
  },
  {
    name: 'crores',
    type: 'number',
    physicalType: 'DECIMAL(12,2)',
    ...number({ group: ',', grouping: 'lakh', symbols: ['₹', 'Rs'], symbolsAt: 'after', minus: ['\u2212'] }),
  },
  {
    name: 'science',
    type: 'number',
    physicalType: 'DECIMAL(9,3)',
    ...number({ decimal: ',', group: '.', exponent: true, trailingSign: true, symbols: ['€'] }),
  },
  { name: 'powers', type: 'integer', ...number({ exponent: true, parentheses: true, minus: ['\u2212'] }) },
  { name: 'ratio', type: 'number', physicalType: 'DOUBLE', ...options({ maximum: 1e6 }) },
  { name: 'open', type: 'boolean' },
  { name: 'sent_at', type: 'timestamp', ...options({ minimum: '1999-12-31T23:59:59.500Z' }) },
  {
    name: 'read_at',
    type: 'timestamp',
    ...dates('yyyy-MM-dd HH:mm', 'dd/MM/yyyy hh:mm a', 'yyyyMMddHHmmss', "yyyy-MM-dd'T'HH:mm:ssXXX"),
  },
  { name: 'zone', classification: 'confidential', assay: { nullValues: ['none'] } },
  { name: 'seen_at', type: 'timestamp', assay: { timezone: { column: 'zone' } } },
  {
    name: 'noted_at',
    type: 'timestamp',
    ...options({ defaultTimezone: 'Europe/London', maximum: '2033-12-31T23:30:00Z' }),
    assay: {
      formats: ['dd/MM/yyyy HH:mm:ss', 'dd/MM/yyyy HH:mm:ss XXX'],
      timezone: { column: 'zone', gap: 'later', fold: 'earlier' },
    },
  },
  { name: 'title', ...options({ minLength: 2, maxLength: 5 }), assay: { nullValues: ['NA', 'ab'] } },
  { name: 'ref', ...options({ pattern: '[A-Z]{2}[0-9]+|none' }) },
  {
    name: 'state',
    more: {
      quality: [
        {
          name: 'known_state',
          metric: 'invalidValues',
          arguments: { validValues: ['open', "it's", 'a|b', 'x.y', 'ÉTÉ'] },
          mustBe: 0,
        },
      ],
    },
  },
  { name: 'currency', assay: { values: 'iso-4217' } },
  { name: 'remark', classification: 'confidential' },
];

const SETTINGS = {
  csv: { encodings: ['utf-8', 'windows-1252'], nullValues: ['NULL', 'n/a', '-'] },
  limits: { ...NO_LIMITS, maxRecordBytes: 2000 },
};

/** Values by chance look like somebody's phone number now and then, which would hold the run. */
const KNOWN = { known: PII_KINDS.map(({ name }) => name), reason: 'made by chance' };
const SHOWN = COLUMNS.map((column) =>
  column.classification === undefined ? { ...column, assay: { ...column.assay, pii: KNOWN } } : column,
);

/** A contract with every type and every way of spelling it, whose first column is the key; with record rules by name. */
export const everyType = (rules: Readonly<Record<string, string>> = {}): string =>
  contractText({ partitionColumn: 'paid_on', columns: SHOWN, rules, assay: SETTINGS });

/** The same without rules. */
export const EVERY_TYPE = everyType();

const CLEAR: readonly string[] = ['id', 'paid_on'];

/** The same with every value sealed that can be; whose they are, the key says. */
export const EVERY_TYPE_SEALED = contractText({
  partitionColumn: 'paid_on',
  columns: COLUMNS.map((column, n) => {
    const added = CLEAR.includes(column.name)
      ? { protect: { as: 'clear', reason: 'a number' }, pii: KNOWN }
      : { protect: { as: 'encrypted', group: n % 2 === 0 ? 'even' : 'odd' } };
    return { ...column, assay: { ...column.assay, ...added } };
  }),
  assay: { ...SETTINGS, subject: { column: 'id', kind: 'payment' } },
});
