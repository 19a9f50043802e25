import fc from 'fast-check';
import { ZONES } from './read-zones.ts';

/** Texts that are valid or nearly valid for each column of the contract with every type, by column. */

const digits = (min: number, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max });
const join = (...parts: readonly (fc.Arbitrary<string> | string)[]): fc.Arbitrary<string> =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((all) => all.join(''));
const of = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
const between = (min: number, max: number, width = 1): fc.Arbitrary<string> =>
  fc.integer({ min, max }).map((n) => String(n).padStart(width, '0'));

const sign = of('', '', '', '-', '+', '- ', '--');
const month = of('Jan', 'feb', 'MAR', 'Sep', 'Sept', 'Dec', 'Xyz');

/** A number with points, groups and symbols that may stand where they should not. */
function numbers(point: string, group: string, symbols: string): fc.Arbitrary<string> {
  const whole = fc.oneof(
    digits(1, 4),
    digits(0, 12),
    join(digits(1, 3), group, digits(3, 3)),
    join(digits(1, 4), group, digits(2, 4)),
  );
  const decimals = fc.oneof(
    of(''),
    join(point, digits(0, 2)),
    join(point, digits(0, 6)),
    join(point, digits(1, 2), '000'),
  );
  const body = join(of('', '', symbols, `${symbols} `, '$'), whole, decimals);
  return fc.oneof(join(sign, body), join(body, of('', '-', ' ')), join('(', sign, body, of(')', '', '))')));
}

const slashDay = join(
  between(0, 32, 2),
  '/',
  between(0, 13, 2),
  '/',
  fc.oneof(between(1990, 2034), between(1, 99, 2)),
);
const looseDay = join(between(1, 31), '/', between(1, 12), '/', between(1960, 2040));
const wordDay = join(between(1, 31, 2), '-', month, '-', fc.oneof(between(0, 99, 2), between(1950, 2050)));
const isoDay = join(
  between(1996, 2034, 4),
  of('-', '-', '-', '/'),
  between(0, 13, 2),
  '-',
  between(0, 32, 2),
);
const clock = join(between(0, 24, 2), ':', between(0, 60, 2), ':', between(0, 60, 2));
/** Days and hours at which clocks are set in some of the zones, and others at which they aren't. */
const changeDay = of(
  '2024-03-31',
  '2024-10-27',
  '2024-03-10',
  '2024-11-03',
  '2024-04-07',
  '2024-10-06',
  '2011-12-30',
);
const changeClock = join(between(0, 3, 2), ':', of('00', '15', '30', '45', '59'), ':', of('00', '59'));
const offset = of(
  '',
  'Z',
  'z',
  '+00:00',
  '+05:30',
  '-0330',
  '+14',
  '-12:00',
  ' Z',
  '+18:00',
  '-18:01',
  '+25:00',
  '+05:60',
);
const fraction = fc.oneof(
  of('', '', '.', '.500', '.4999', '.123456', '.1234567', '.1234560'),
  join('.', digits(1, 7)),
);

const text = fc.string({
  unit: fc.constantFrom(
    'a',
    'Z',
    '9',
    ' ',
    ',',
    '"',
    "'",
    '\n',
    '\r',
    '\t',
    ';',
    '\\',
    '|',
    '.',
    'é',
    '£',
    '\u00a0',
    '名',
    '😀',
    '\u2028',
  ),
  maxLength: 8,
});
const hostile = of(
  "'; DROP TABLE x; --",
  '=cmd()',
  '"""',
  '\\N',
  '#',
  '\\"',
  '{a}',
  '%s',
  'NULL',
  'n/a',
  '-',
  '',
  ' ',
  '""',
);

/** By column of the contract, in its order; the key comes from elsewhere. */
export const VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  paid_on: fc.oneof(slashDay, looseDay, wordDay, isoDay),
  due_on: fc.oneof(
    isoDay,
    isoDay,
    of('2000-01-01', '1999-12-31', '2030-01-01', '2029-12-31', '2024-02-29', '2023-02-29', '2024-1-1'),
  ),
  period: fc.oneof(
    join(between(1996, 2034, 4), '-', between(0, 13, 2)),
    join(month, of(' ', '-'), between(1950, 2050)),
    of('12/2024', '13/2024', '1/2024', 'March-24', 'march-69', 'Mar-24', '0000-01', '2024-1', '202401'),
  ),
  amount: fc.oneof(
    numbers('.', ',', '£'),
    numbers('.', ',', 'EUR'),
    of('-5000', '-5000.01', '999999.99', '1000000', '£-5', '-£5', '(£5)', '£(5)'),
  ),
  price: fc.oneof(
    numbers(',', '.', ''),
    of('999,999', '1000', '0,0001', '-0', '1.234', '1.234,5', '\u22125,5', '\u20135,5'),
  ),
  units: fc.oneof(numbers('.', '', ''), of('.5', '.0', '5.', '5.0', '5.4', '99999', '100000', '-.0')),
  stock: fc.oneof(numbers('.', ' ', ''), digits(25, 32), join(digits(26, 26), '.', digits(1, 5))),
  hits: fc.oneof(numbers('.', "'", ''), between(-12, 12), of('99999', '100000', "1'000", '1.0')),
  rank: of(
    '9223372036854775807',
    '9223372036854775808',
    '-9223372036854775808',
    '-9223372036854775809',
    '007',
    '+7',
    '1e3',
    '0x1',
  ),
  booked: fc.oneof(
    numbers(',', '\u202f', '€'),
    of(
      '5,00-',
      '5,00 €',
      '5,00\u00a0€-',
      '5,00-€',
      '-5,00-',
      '€5,00',
      '(5,00 €)',
      '1\u202f234,50 EUR',
      '5,00 -',
      '-€ 5',
      '€5,00€',
    ),
  ),
  crores: fc.oneof(
    numbers('.', ',', '₹'),
    of('12,34,567.50', '1,23,456', '123,456', '1,234', '12,345 Rs', '\u22121,23,45,678₹', '₹5', '1,2,345'),
  ),
  science: fc.oneof(
    numbers(',', '.', '€'),
    join(sign, digits(0, 3), of('', ','), digits(0, 3), of('e', 'E'), of('', '+', '-', '+0'), digits(0, 2)),
    of(
      '1,0E+5',
      '1,0E+5-',
      '€1,5e2',
      '1.234E1',
      '12,5E-2',
      '12,5E-3',
      '0E+999',
      '1E1000',
      '1E-4',
      ',5E1',
      'E5',
      '1E',
      '1E3,5',
      '1,0E+6',
    ),
  ),
  powers: of(
    '1E5',
    '1.5E1',
    '1.5E0',
    '1E18',
    '1E19',
    '-9.223372036854775808E18',
    '(1e2)',
    '1e\u22122',
    '100e-2',
    '1e1000',
    '7',
    '1.0',
  ),
  ratio: fc.oneof(
    fc.double({ noNaN: true }).map(String),
    of('1e999', '-1E400', '1e6', '1000000.1', '.5e-3', '5.', 'NaN', 'Infinity', '1e', 'e5', '1e-400'),
  ),
  open: of('true', 'FALSE', 'Yes', 'n', 'T', '0', '1', '2', 'on', 'truee', 'ja'),
  sent_at: fc.oneof(
    join(isoDay, of('T', ' ', 't'), clock, fraction, offset),
    isoDay,
    of(
      '1999-12-31T23:59:59.5Z',
      '1999-12-31T23:59:59.499999Z',
      '0000-12-31T00:00:00Z',
      '0001-01-01T00:30:00+01:00',
      '9999-12-31T23:30:00-01:00',
      '9999-12-31T23:30:00+01:00',
    ),
  ),
  read_at: fc.oneof(
    join(isoDay, ' ', between(0, 24, 2), ':', between(0, 60, 2)),
    join(slashDay, ' ', between(0, 13, 2), ':', between(0, 59, 2), ' ', of('AM', 'pm', 'Pm', 'xx')),
    digits(14, 14),
    of('20240131235959', '20240131245959'),
    join(isoDay, 'T', clock, of('Z', '+01:00', '-09:30', '+0100', '', '+18:00', '-19:00', '+05:99')),
  ),
  zone: of(
    ...ZONES,
    'europe/london',
    'UTC+1',
    'Mars/Base',
    '',
    'none',
    'BST',
    '+01:00',
    '-0330',
    '+14',
    'Z',
    '+19:00',
    '+05:99',
  ),
  seen_at: fc.oneof(
    join(isoDay, of('T', ' '), clock, fraction, offset),
    join(changeDay, of('T', ' '), changeClock),
  ),
  noted_at: join(
    fc.oneof(
      slashDay,
      of(
        '31/03/2024',
        '27/10/2024',
        '10/03/2024',
        '03/11/2024',
        '07/04/2024',
        '06/10/2024',
        '30/12/2011',
        '31/12/2033',
      ),
    ),
    ' ',
    fc.oneof(clock, changeClock),
    of('', '', '', ' Z', ' +01:00', ' -09:30', ' +19:00'),
  ),
  title: fc.oneof(text, of('ab', 'a', 'abcde', 'abcdef', '😀😀', '😀', 'é')),
  ref: of('AB1', 'none', 'AB', 'AB1 x', 'xAB1', 'AB1\n', 'nonee', 'ÄB1', 'AB१'),
  state: of('open', "it's", 'a|b', 'x.y', 'xzy', 'a', 'ÉTÉ', 'été', 'Open', 'open|'),
  currency: of('GBP', 'EUR', 'gbp', 'XXX', 'USD', 'GBPX', ''),
  remark: fc.oneof(text, hostile),
};

/** A value that is right for sure, so that records pass. */
export const GOOD: Readonly<Record<string, string>> = {
  paid_on: '24/12/2010',
  due_on: '2024-02-29',
  period: '2011-08',
  amount: '"1,234.50"',
  price: '"12,5"',
  units: '12',
  stock: '1 000.25',
  hits: '7',
  rank: '1',
  booked: '"1,50 €"',
  crores: '"1,23,456.50"',
  science: '"1,5E+2"',
  powers: '1E3',
  ratio: '0.25',
  open: 'yes',
  sent_at: '2024-01-31T13:45:00.25+01:00',
  read_at: '31/01/2024 01:45 PM',
  zone: 'America/New_York',
  seen_at: '2024-07-01T12:00:00',
  noted_at: '01/07/2024 23:30:00',
  title: 'abc',
  ref: 'AB12',
  state: 'open',
  currency: 'GBP',
  remark: '',
};
