import type { Random } from './random.ts';
import { type Transaction, toLine } from './transactions.ts';

/** A way in which a generated record is bad; each record is bad in one way at most. */
export type BadKind =
  | 'missingCustomer'
  | 'missingAmount'
  | 'amountNotNumber'
  | 'currencyNotIso'
  | 'timestampNotIso'
  | 'tooManyFields'
  | 'trailingDelimiter'
  | 'tooFewFields'
  | 'strayQuote';

/** How many records in ten thousand are bad in which way: 200 in all, and no one reason code reaches 100. */
export const BAD_PER_TEN_THOUSAND: Readonly<Record<BadKind, number>> = {
  missingCustomer: 25,
  missingAmount: 25,
  amountNotNumber: 30,
  currencyNotIso: 40,
  timestampNotIso: 30,
  tooManyFields: 15,
  trailingDelimiter: 5,
  tooFewFields: 15,
  strayQuote: 15,
};

const KIND_OF_DRAW: readonly BadKind[] = (Object.keys(BAD_PER_TEN_THOUSAND) as BadKind[]).flatMap((kind) =>
  new Array<BadKind>(BAD_PER_TEN_THOUSAND[kind]).fill(kind),
);

/** The way in which the next record is to be bad, or undefined for the 98 % that are good. */
export function drawBadKind(random: Random): BadKind | undefined {
  return KIND_OF_DRAW[random.below(10_000)];
}

const NOT_NUMBERS = ['abc', '12.3.4', '1O0.50', '--5.00'] as const;
const NOT_CURRENCIES = ['EURO', 'ZZZ', 'U$D', 'QQQ'] as const;
const NOT_TIMESTAMPS = [
  'yesterday',
  '2024-13-05T10:11:12Z',
  '2024-02-30T08:00:00Z',
  '2024-06-11T25:61:00Z',
] as const;

/**
 * The transaction's line, spoilt in one way, newline included.
 *
 * Every line still ends where its newline is, for any reader that follows RFC 4180: the stray quotes
 * are even in number, since after a single one readers differ in how many lines they swallow.
 * `trailingDelimiter` is the form of one field too many that DuckDB alone lets pass.
 */
export function toBadLine(t: Transaction, kind: BadKind, random: Random): string {
  switch (kind) {
    case 'missingCustomer':
      return toLine({ ...t, customer: '' });
    case 'missingAmount':
      return toLine({ ...t, amount: '' });
    case 'amountNotNumber':
      return toLine({ ...t, amount: random.pick(NOT_NUMBERS) });
    case 'currencyNotIso':
      return toLine({ ...t, currency: random.pick(NOT_CURRENCIES) });
    case 'timestampNotIso':
      return toLine({ ...t, timestamp: random.pick(NOT_TIMESTAMPS) });
    case 'tooManyFields':
      return toLine({ ...t, description: 'Fee, unquoted' });
    case 'trailingDelimiter':
      return toLine({ ...t, description: `${t.description},` });
    case 'tooFewFields':
      return toLine(t).replace(`,${t.branch}`, '');
    case 'strayQuote':
      return toLine({ ...t, description: '"House "The Elms" survey"' });
  }
}
