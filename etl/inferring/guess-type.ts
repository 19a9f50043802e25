import { plainSql } from '../contract/compile-numbers.ts';
import type { NumberFormat } from '../contract/contract.ts';
import { PLAIN_NUMBER } from '../contract/read-number-format.ts';
import { type Engine, integerOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import type { ColumnType } from '../table/schema.ts';
import { chooseFormat, type DecimalSign } from './decimal-signs.ts';
import { guessDates } from './guess-dates.ts';
import { counted, type Note, review, seen, several } from './notes.ts';
import { looksNumeric, numberFormats } from './number-formats.ts';
import { type ColumnProfile, countWhere } from './profile-column.ts';
import type { Reading } from './readings.ts';
import { SAMPLE_TABLE } from './sample-table.ts';

import { isEnough, readingSql, shareNotes, type TypeGuess } from './type-guess.ts';

const MONEY = new Set([
  'amount',
  'price',
  'total',
  'cost',
  'fee',
  'balance',
  'net',
  'gross',
  'vat',
  'tax',
  'charge',
]);
const CODES = new Set([
  'code',
  'postcode',
  'telephone',
  'fax',
  'account',
  'iban',
  'card',
  'sort',
  'sku',
  'reference',
  'ref',
]);

/** Digits of numbers with exponents that are taken for decimals; a double has about so many. */
const MOST_OF_EXPONENTS = 15;

const TEXT: Reading = { type: { kind: 'string' }, formats: [], number: PLAIN_NUMBER };

/** The narrowest type that a column's values have, else text. `words` are what its header means, `decimalSign` what the other columns say of decimals. */
export async function guessType(
  engine: Engine,
  profile: ColumnProfile,
  { words, decimalSign }: { readonly words: readonly string[]; readonly decimalSign: DecimalSign },
): Promise<TypeGuess> {
  if (profile.values === 0)
    return { ...TEXT, notes: [review('No value of it was seen; it is kept as text.')] };
  return (
    (await guessBoolean(engine, profile)) ??
    (await guessDates(engine, profile, words)) ??
    (await guessNumber(engine, profile, { words, decimalSign })) ?? { ...TEXT, notes: textNotes(profile) }
  );
}

async function guessBoolean(engine: Engine, profile: ColumnProfile): Promise<TypeGuess | undefined> {
  const reading: Reading = { ...TEXT, type: { kind: 'boolean' } };
  const words = profile.frequent.filter(({ value }) => !/^[01]$/.test(value));
  if (words.length === 0 || profile.distinct > 8) return undefined;
  // A single letter alone, such as F, is as likely a code.
  if (profile.distinct < 2 && profile.maxLength === 1) return undefined;
  const [read = 0] = await countWhere(engine, [`${readingSql(profile, reading)} IS NOT NULL`]);
  if (read < profile.values) return undefined;
  const texts = profile.frequent.map(({ value, count }) => `${value} (${counted(count)})`).join(', ');
  return { ...reading, notes: shareNotes(read, profile, `say yes or no: ${texts}`) };
}

async function guessNumber(
  engine: Engine,
  profile: ColumnProfile,
  { words, decimalSign }: { readonly words: readonly string[]; readonly decimalSign: DecimalSign },
): Promise<TypeGuess | undefined> {
  const { leadingZeros, shapes, values } = profile;
  if (!looksNumeric(shapes)) return await guessDouble(engine, profile);
  const isDigits = shapes.every(({ shape }) => /^9+$/.test(shape));
  if (leadingZeros > 0) {
    const zeros = `${counted(leadingZeros)} of ${counted(values)} values begin with a zero`;
    return {
      ...TEXT,
      notes: [
        seen(
          `${isDigits ? 'All digits, but a code' : 'A code'} and no number: ${zeros}, which a number would lose.`,
        ),
      ],
    };
  }
  if (words.some((word) => CODES.has(word)) && !words.some((word) => MONEY.has(word))) {
    return {
      ...TEXT,
      notes: [
        seen(`${isDigits ? 'All digits, but its' : 'Its'} header says that it is a code: kept as text.`),
      ],
    };
  }
  const formats = numberFormats(shapes);
  const wide: ColumnType = { kind: 'decimal', precision: 38, scale: 18 };
  const reads = await countWhere(
    engine,
    formats.map((number) => `${readingSql(profile, { type: wide, formats: [], number })} IS NOT NULL`),
  );
  const most = Math.max(...reads);
  const tied = formats.filter((_, n) => reads[n] === most);
  const { format: number, notes: doubts } = chooseFormat(tied, { profile, decimalSign });
  if (number === undefined || !isEnough(most, profile)) return await guessDouble(engine, profile);
  const plain = await simplest(engine, profile, { number, most, wide });
  const { whole, decimals } = await digitsOf(engine, profile, plain);
  const isMoney = words.some((word) => MONEY.has(word));
  // Very large and very small numbers are measurements, which a decimal has no room for.
  const isSmall = !isMoney && shapes.some(({ shape }) => /9[.,]?a-9/.test(shape));
  if (plain.exponent === true && (isSmall || whole + decimals > MOST_OF_EXPONENTS))
    return await guessDouble(engine, profile, plain.decimal);
  const guess = sized({
    profile,
    number: plain,
    read: most,
    whole,
    decimals,
    isMoney,
  });
  return guess && { ...guess, notes: [...guess.notes, ...doubts] };
}

/** The format without symbols and parentheses where it reads as many. */
async function simplest(
  engine: Engine,
  profile: ColumnProfile,
  { number, most, wide }: { number: NumberFormat; most: number; wide: ColumnType },
): Promise<NumberFormat> {
  const { decimal, group, grouping, minus } = number;
  const bare = { decimal, ...(minus === undefined ? {} : { minus }), symbols: [], parentheses: false };
  const groups = group === undefined ? {} : { group, ...(grouping === undefined ? {} : { grouping }) };
  const { symbolsAt, ...unmarked } = number;
  const { grouping: _grouping, ...regular } = number;
  const { trailingSign: _sign, ...signed } = number;
  const { exponent: _exponent, ...whole } = number;
  const tries: NumberFormat[] = [
    bare,
    { ...bare, ...groups },
    { ...unmarked, symbols: [], parentheses: false },
    { ...unmarked, symbols: [] },
    { ...regular, parentheses: false },
    { ...number, parentheses: false },
    signed,
    whole,
  ];
  const reads = await countWhere(
    engine,
    tries.map((one) => `${readingSql(profile, { type: wide, formats: [], number: one })} IS NOT NULL`),
  );
  return tries.find((_, n) => reads[n] === most) ?? number;
}

/** Most digits before and after the decimal sign, zeros at the end counted up to six. */
async function digitsOf(
  engine: Engine,
  { text }: ColumnProfile,
  number: NumberFormat,
): Promise<{ whole: number; decimals: number }> {
  const { decimal, group } = number;
  const point = decimal === '.' ? '[.]' : ',';
  const plain = plainSql(text, number);
  const bare = group === undefined ? plain : `replace(${plain}, ${literal(group)}, '')`;
  const fraction = `regexp_extract(${bare}, ${literal(`${point}([0-9]+)`)}, 1)`;
  const whole = `regexp_extract(${bare}, '[0-9]+')`;
  const [row = {}] = await engine.rows(
    `SELECT coalesce(max(length(ltrim(${whole}, '0'))), 0) AS whole, coalesce(max(length(${fraction})), 0) AS shown,
     coalesce(max(length(rtrim(${fraction}, '0'))), 0) AS needed FROM ${SAMPLE_TABLE}`,
  );
  const [shown, needed] = [integerOf(row, 'shown'), integerOf(row, 'needed')];
  return { whole: integerOf(row, 'whole'), decimals: shown <= 6 ? shown : needed };
}

/** The type that has room for so many digits, and more. */
function sized(found: {
  readonly profile: ColumnProfile;
  readonly number: NumberFormat;
  readonly read: number;
  readonly whole: number;
  readonly decimals: number;
  readonly isMoney: boolean;
}): TypeGuess | undefined {
  const { profile, number, read, whole, decimals, isMoney } = found;
  const spelled = spellingText(number);
  const base = { formats: [], number };
  if (decimals === 0 && !isMoney && whole <= 18 && !number.parentheses && number.symbols.length === 0) {
    return {
      ...base,
      type: { kind: 'long' },
      notes: shareNotes(read, profile, `are whole numbers${spelled}`),
    };
  }
  const scale = decimals === 0 && isMoney ? 2 : decimals;
  if (whole + scale > 38) return undefined;
  const precision = whole + scale <= 16 ? 18 : 38;
  const digits = `at most ${several(whole, 'digit')} before the decimal sign and ${decimals} after it`;
  const notes = shareNotes(read, profile, `are numbers${spelled}, ${digits}`);
  const room =
    decimals === 0 && isMoney
      ? [review('No decimals were seen; two are kept, as its header speaks of money.')]
      : [];
  return { ...base, type: { kind: 'decimal', precision, scale }, notes: [...notes, ...room] };
}

function spellingText(number: NumberFormat): string {
  const { decimal, group, grouping, symbols, symbolsAt, minus = [], parentheses } = number;
  const behind =
    symbolsAt === undefined ? '' : symbolsAt === 'after' ? ' behind them' : ' before or behind them';
  const parts = [
    ...(decimal === ',' ? ['a decimal comma'] : []),
    ...(group === undefined
      ? []
      : [`${signName(group)} between ${grouping === 'lakh' ? 'lakhs and crores' : 'thousands'}`]),
    ...symbols.map((symbol) => `the symbol ${symbol}${behind}`),
    ...(number.trailingSign === true ? ['the sign behind some'] : []),
    ...(number.exponent === true ? ['exponents in some'] : []),
    ...minus.map((dash) => `'${dash}' for a minus`),
    ...(parentheses ? ['parentheses for negative ones'] : []),
  ];
  return parts.length === 0 ? '' : ` with ${parts.join(', ')}`;
}

const SPACES: Readonly<Record<string, string>> = {
  '\u00a0': 'a no-break space',
  '\u202f': 'a narrow no-break space',
  '\u2009': 'a thin space',
};
const signName = (sign: string): string => SPACES[sign] ?? `'${sign}'`;

/** Numbers with exponents, which no decimal reads. */
async function guessDouble(
  engine: Engine,
  profile: ColumnProfile,
  decimal: NumberFormat['decimal'] = '.',
): Promise<TypeGuess | undefined> {
  if (!profile.shapes.every(({ shape }) => /^[-+]?9*[.,]?9*(a[-+]?9+)?$/.test(shape))) return undefined;
  const reading: Reading = { ...TEXT, type: { kind: 'double' }, number: { ...PLAIN_NUMBER, decimal } };
  const [read = 0] = await countWhere(engine, [`${readingSql(profile, reading)} IS NOT NULL`]);
  if (!isEnough(read, profile)) return undefined;
  return {
    ...reading,
    notes: shareNotes(read, profile, 'are numbers, some with exponents, that only DOUBLE holds'),
  };
}

function textNotes({ values, distinct, minLength, maxLength }: ColumnProfile): Note[] {
  const length = `${minLength === maxLength ? '' : `${minLength} to `}${several(maxLength, 'character')}`;
  return [seen(`Text: ${counted(distinct)} different among ${counted(values)} values, of ${length}.`)];
}
