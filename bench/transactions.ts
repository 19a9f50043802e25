import type { Random } from './random.ts';

/** The source's columns in file order; the contract knows the first five. */
export const HEADER = [
  'TransactionID',
  'CustomerID',
  'TransactionAmount',
  'Currency',
  'TransactionTimestamp',
  'Branch',
  'Description',
] as const;

/** One transaction as the source would write it, each field as its CSV text. */
export interface Transaction {
  readonly id: string;
  readonly customer: string;
  readonly amount: string;
  readonly currency: string;
  readonly timestamp: string;
  readonly branch: string;
  readonly description: string;
}

/** Over which months and keys transactions spread. */
export interface Spread {
  /** How many months the timestamps spread over, in no order. */
  readonly months: number;
  /** The first of them, counted from January 2024, UTC, which is 0. */
  readonly firstMonth?: number;
  /** Number of the first record: files of one table with numbers of their own share no key. */
  readonly firstRow?: number;
  /** Ascending as rows are, unless said: `scattered` ones are as distinct, but every file has them from the whole range. */
  readonly keys?: 'ascending' | 'scattered';
  /** So many accounts; 100,000 unless said. */
  readonly customers?: number;
}

const DAY_MS = 86_400_000;
/** Accounts among the transactions unless said. */
const CUSTOMERS = 100_000;
const CURRENCIES = ['GBP', 'GBP', 'GBP', 'GBP', 'GBP', 'GBP', 'EUR', 'EUR', 'USD', 'CHF'] as const;
const BRANCHES = [
  'Leeds',
  'Bristol',
  'Cardiff',
  'Norwich',
  'Exeter Central',
  'Glasgow West',
  'Belfast',
  'Online',
] as const;
const DESCRIPTIONS = [
  'Monthly instalment',
  'Interest charge',
  'Arrangement fee',
  'Overpayment',
  'Valuation fee',
  'Redemption',
  'Standing order',
  '',
] as const;
const QUOTED_DESCRIPTIONS = [
  '"Instalment, part 2"',
  '"Refund, fee waived"',
  '"Product ""Fix5"" fee"',
  '"Ref ""A12"", late"',
] as const;

/** Digits with leading zeros, cheaper than padStart for the millions. */
const padded = (count: number, digits: number): string[] =>
  Array.from({ length: count }, (_, value) => String(value).padStart(digits, '0'));

const TWO = padded(100, 2);
const FOUR = padded(10_000, 4);
const DAY_SECONDS = Array.from({ length: 1440 }, (_, m) => `T${TWO[Math.floor(m / 60)]}:${TWO[m % 60]}:`);

/** Ten digits. */
const KEYS = 1e10;
/** Has no factor in common with KEYS, so that no two rows below KEYS meet; times a billion it is still exact. */
const STRIDE = 7_368_787;

/** Makes the transaction that stands at a row number; equal randoms make equal transactions. */
export function createTransactions(random: Random, spread: Spread): (row: number) => Transaction {
  const { months, firstMonth = 0, firstRow = 0, keys = 'ascending', customers = CUSTOMERS } = spread;
  const firstDayMs = Date.UTC(2024, firstMonth, 1);
  const days = (Date.UTC(2024, firstMonth + months, 1) - firstDayMs) / DAY_MS;
  const dayText = Array.from({ length: days }, (_, day) =>
    new Date(firstDayMs + day * DAY_MS).toISOString().slice(0, 10),
  );
  const timestamp = (): string => {
    const second = random.below(days * 86_400);
    const inDay = second % 86_400;
    return `${dayText[(second - inDay) / 86_400]}${DAY_SECONDS[Math.floor(inDay / 60)]}${TWO[inDay % 60]}Z`;
  };
  const id = (row: number): string => {
    const key = keys === 'ascending' ? firstRow + row : ((firstRow + row) * STRIDE) % KEYS;
    return `TXN${TWO[Math.floor(key / 1e8)]}${FOUR[Math.floor(key / 1e4) % 1e4]}${FOUR[key % 1e4]}`;
  };
  return (row) => ({
    id: id(row),
    customer: `CUST${100_000 + random.below(customers)}`,
    amount: amount(random),
    currency: random.pick(CURRENCIES),
    timestamp: timestamp(),
    branch: random.pick(BRANCHES),
    description: description(random),
  });
}

/** Pounds and pence, one in six negative, one in ten whole. */
function amount(random: Random): string {
  const shape = random.below(60);
  const pounds = random.below(shape < 40 ? 3_000 : 250_000);
  const sign = shape % 6 === 0 ? '-' : '';
  return shape % 10 === 1 ? `${sign}${pounds}` : `${sign}${pounds}.${TWO[random.below(100)]}`;
}

/** One in twelve quoted, one in eight of the others empty, the rest with a reference. */
function description(random: Random): string {
  if (random.below(12) === 0) return random.pick(QUOTED_DESCRIPTIONS);
  const text = random.pick(DESCRIPTIONS);
  return text === '' ? '' : `${text} ref ${FOUR[random.below(10_000)]}`;
}

/** The record's line, newline included. */
export function toLine(t: Transaction): string {
  return `${t.id},${t.customer},${t.amount},${t.currency},${t.timestamp},${t.branch},${t.description}\n`;
}
