import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { testLake } from '../stages/harness.ts';
import { casesOf } from '../support/cases.ts';
import { contractOf, infer, reviewed } from './infer.ts';

/** A column: its header and how its n-th value is written. */
interface MadeColumn {
  readonly header: string;
  readonly values: readonly string[];
}

const RECORDS = 60;
const two = (value: number): string => String(value).padStart(2, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Ways to write a day. */
const DAYS: readonly ((year: number, month: number, day: number) => string)[] = [
  (y, m, d) => `${y}-${two(m)}-${two(d)}`,
  (y, m, d) => `${two(d)}/${two(m)}/${y}`,
  (y, m, d) => `${m}/${d}/${y}`,
  (y, m, d) => `${two(d)}.${two(m)}.${two(y % 100)}`,
  (y, m, d) => `${two(d)}-${MONTHS[m - 1]}-${y}`,
  (y, m, d) => `${d} ${MONTHS[m - 1]} ${two(y % 100)}`,
  (y, m, d) => `${two(d)}/${two(m)}/${y} 00:00`,
];
const day = fc.tuple(
  fc.integer({ min: 2000, max: 2030 }),
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 1, max: 28 }),
);
const column = (header: string, value: fc.Arbitrary<string>): fc.Arbitrary<MadeColumn> =>
  fc.array(value, { minLength: RECORDS, maxLength: RECORDS }).map((values) => ({ header, values }));
const days = (header: string): fc.Arbitrary<MadeColumn> =>
  fc.constantFrom(...DAYS).chain((write) =>
    column(
      header,
      day.map((parts) => write(...parts)),
    ),
  );

const cents = fc.integer({ min: -99_999_999, max: 99_999_999 });
const grouped = (value: number, group: string): string =>
  String(Math.trunc(Math.abs(value) / 100)).replace(/\B(?=(\d{3})+$)/g, group);
const NUMBERS: readonly ((value: number) => string)[] = [
  (value) => (value / 100).toFixed(2),
  (value) => `${value < 0 ? '-' : ''}${grouped(value, ',')}.${two(Math.abs(value) % 100)}`,
  (value) => `${value < 0 ? '-' : ''}${grouped(value, '.')},${two(Math.abs(value) % 100)}`,
  (value) => (value < 0 ? `(£${(-value / 100).toFixed(2)})` : `£${(value / 100).toFixed(2)}`),
  (value) => String(value),
  (value) => ` ${value / 100} `,
];
const text = fc.string({ unit: fc.constantFrom(...'abcXYZ019 ,;|"\'éß-/.:\n'), maxLength: 12 });
const optional = (value: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(value, fc.constant(''));

const others: fc.Arbitrary<MadeColumn> = fc.oneof(
  fc.constantFrom(...NUMBERS).chain((write) => column('Amount', optional(cents.map(write)))),
  column('Note', text),
  column(
    'Branch',
    fc.integer({ min: 0, max: 999 }).map((value) => String(value).padStart(3, '0')),
  ),
  column('Paid', fc.constantFrom('Yes', 'No')),
  column('Mail', optional(fc.integer({ min: 0, max: 99 }).map((n) => `p${n}@example.org`))),
  column('Kind', fc.constantFrom('A', 'B', 'n/a')),
  column(
    'Booked at',
    day.map(([y, m, d]) => `${y}-${two(m)}-${two(d)}T${two(d)}:${two(m)}:00Z`),
  ),
  days('Due'),
);

interface MadeFile {
  readonly columns: readonly MadeColumn[];
  readonly delimiter: string;
  readonly newline: string;
  readonly mark: string;
}
const made: fc.Arbitrary<MadeFile> = fc.record({
  columns: fc
    .tuple(days('Sold on'), fc.uniqueArray(others, { maxLength: 5, selector: ({ header }) => header }))
    .map(([first, rest]) => [
      { header: 'Sale No', values: first.values.map((_, n) => `S-${n + 1}`) },
      first,
      ...rest,
    ]),
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  newline: fc.constantFrom('\n', '\r\n'),
  mark: fc.constantFrom('', '\ufeff'),
});

function csvOf({ columns, delimiter, newline, mark }: MadeFile): string {
  const cell = (value: string): string =>
    /["\r\n]/.test(value) || value.includes(delimiter) || value.startsWith("'")
      ? `"${value.replaceAll('"', '""')}"`
      : value;
  const records = Array.from({ length: RECORDS }, (_, n) => columns.map(({ values }) => values[n] ?? ''));
  const lines = [columns.map(({ header }) => header), ...records].map((fields) =>
    fields.map(cell).join(delimiter),
  );
  return `${mark}${lines.join(newline)}${newline}`;
}

test('a contract that was inferred from a clean file accepts every record of it', async () => {
  await fc.assert(
    fc.asyncProperty(made, async (file) => {
      const csv = csvOf(file);
      const proposal = await infer({ 'sales.csv': csv });
      expect(proposal.columns.map(({ headers }) => headers[0])).toEqual(
        file.columns.map(({ header }) => header),
      );
      expect(contractOf(proposal).partitionColumn).not.toBe('');
      const lake = await testLake({ contracts: [reviewed(proposal)] });
      try {
        const { record, seal } = await lake.dropAndRun({ 'sales.csv': csv });
        expect(record?.why).toEqual([]);
        expect(seal?.counts).toMatchObject({ records: RECORDS, silver: RECORDS });
      } finally {
        await lake.dispose();
      }
    }),
    { numRuns: Number(process.env.INFER_CASES ?? casesOf(6)) },
  );
});
