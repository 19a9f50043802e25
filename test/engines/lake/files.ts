/** The source files of the lake: small, and as odd as a contract lets them be. */

const COLUMNS = [
  'sample_id',
  'taken_at',
  'taken_on',
  'order',
  'tiny',
  'amount',
  'wide',
  'ratio',
  'flag',
  'note',
  'never',
  'never_number',
] as const;

type Cells = Partial<Record<(typeof COLUMNS)[number] | 'method' | 'corrected' | 'seen_at', string>>;

const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A CSV file of these records; `more` are columns beside those of the first version. */
export function csv(records: readonly Cells[], more: readonly string[] = []): string {
  const header = [...COLUMNS, ...more];
  const lines = records.map((cells) =>
    header.map((name) => quoted(String((cells as Record<string, string>)[name] ?? ''))).join(','),
  );
  return `${[header.join(','), ...lines].join('\n')}\n`;
}

/** `2024-03` → so many plain records of that month. */
export function plain(month: string, count: number, more: (n: number) => Cells = () => ({})): Cells[] {
  return Array.from({ length: count }, (_, n) => {
    const day = String((n % 28) + 1).padStart(2, '0');
    return {
      sample_id: `${month}-${String(n).padStart(4, '0')}`,
      taken_at: `${month}-${day}T${String(n % 24).padStart(2, '0')}:30:00.${String(n).padStart(6, '0')}Z`,
      taken_on: n % 5 === 0 ? '' : `${month}-${day}`,
      order: String(n * n - 50),
      tiny: `${n % 2 === 0 ? '' : '-'}${n % 10}.${String(n % 1000).padStart(3, '0')}`,
      amount: `${n}.${String(n % 100).padStart(2, '0')}`,
      wide: `${n}.0000000001`,
      ratio: String(n / 7),
      flag: n % 3 === 0 ? '' : String(n % 2 === 0),
      note: n % 4 === 0 ? '' : `note ${n} of ${month}`,
      ...more(n),
    };
  });
}

/** Values at the ends of what a column holds. */
export const EXTREMES: readonly Cells[] = [
  {
    sample_id: 'least',
    taken_at: '1583-01-01T00:00:00Z',
    taken_on: '1583-01-01',
    order: '-9223372036854775808',
    tiny: '-9.999',
    amount: '-9999999999999999.99',
    wide: '-9999999999999999999999999999.9999999999',
    ratio: '-1.7976931348623157e308',
    flag: 'false',
    note: ' ',
  },
  {
    sample_id: 'most',
    taken_at: '9998-12-31T23:59:59.999999Z',
    taken_on: '9999-12-31',
    order: '9223372036854775807',
    tiny: '9.999',
    amount: '9999999999999999.99',
    wide: '9999999999999999999999999999.9999999999',
    ratio: '1.7976931348623157e308',
    flag: 'true',
    note: 'z'.repeat(5000),
  },
  {
    sample_id: 'epoch',
    taken_at: '1970-01-01T00:00:00Z',
    taken_on: '1970-01-01',
    order: '0',
    tiny: '0.000',
    amount: '0.00',
    wide: '0.0000000000',
    ratio: '-0.0',
    flag: 'true',
    note: 'a',
  },
  {
    sample_id: 'before',
    taken_at: '1969-12-31T23:59:59.999999Z',
    taken_on: '1969-12-31',
    order: '-1',
    tiny: '-0.001',
    amount: '-0.01',
    wide: '-0.0000000001',
    ratio: '5e-324',
    flag: 'false',
    note: 'b',
  },
  {
    sample_id: 'leap',
    taken_at: '2024-02-29T23:30:00-01:00',
    taken_on: '2024-02-29',
    ratio: '0.1',
    note: 'an offset that goes into March',
  },
  {
    sample_id: 'text',
    taken_at: '2024-02-10T12:00:00Z',
    note: 'ünï "quoted", \n two lines 🦔 \u{10ffff} ￿ Ω',
  },
  {
    sample_id: '🦔🦔🦔🦔🦔🦔🦔🦔🦔🦔🦔🦔🦔🦔🦔🦔🦔🦔',
    taken_at: '2024-02-11T12:00:00Z',
    note: '￿'.repeat(20),
  },
  { sample_id: 'nothing', taken_at: '2024-02-12T12:00:00Z' },
];
