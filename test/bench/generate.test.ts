import { expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { BAD_PER_TEN_THOUSAND } from '../../bench/bad-records.ts';
import { generate } from '../../bench/generate.ts';
import { ISO_4217 } from '../../etl/contract/iso-4217.ts';

const text = (rows: number, seed: number): string => {
  const pieces: string[] = [];
  generate({ rows, seed, months: 12 }, (piece) => pieces.push(piece));
  return pieces.join('');
};

test('the same rows and seed give the same bytes, another seed gives others', () => {
  expect(text(5_000, 7)).toBe(text(5_000, 7));
  expect(text(5_000, 7)).not.toBe(text(5_000, 8));
});

test('no rows leave the header alone', () => {
  expect(text(0, 1)).toMatch(/^TransactionID,CustomerID,.*,Description\n$/);
});

test('timestamps spread over as many months as asked, and keys are unique', () => {
  const months = new Set(text(5_000, 1).match(/2024-\d\d(?=-\d\dT[01])/g));
  months.delete('2024-13');
  expect(months.size).toBe(12);
});

test('files of one table share no key, and scattered keys come from the whole range in every file', () => {
  const idsOf = (firstRow: number, keys: 'ascending' | 'scattered'): string[] => {
    const pieces: string[] = [];
    const spread = { months: 2, firstMonth: 13, firstRow, keys };
    generate({ rows: 3_000, seed: 1, ...spread }, (piece) => pieces.push(piece));
    const records = pieces.join('').trimEnd().split('\n').slice(1);
    expect(records.filter((record) => record.includes(',2025-0')).length).toBeGreaterThan(2_900);
    return [...new Set(records.map((record) => record.slice(0, 13)))].sort();
  };
  for (const keys of ['ascending', 'scattered'] as const) {
    const [first, second] = [idsOf(0, keys), idsOf(3_000, keys)];
    // Six records of three thousand are second copies.
    expect([first.length, second.length]).toEqual([2_994, 2_994]);
    expect(first.filter((id) => second.includes(id))).toEqual([]);
    expect((first.at(-1) ?? '') < (second[0] ?? '')).toBe(keys === 'ascending');
  }
});

test('no code gets one percent of the records, two percent are bad in all', () => {
  const share = BAD_PER_TEN_THOUSAND;
  const codes = [
    share.missingAmount + share.missingCustomer,
    share.amountNotNumber + share.timestampNotIso,
    share.currencyNotIso,
    share.tooManyFields + share.trailingDelimiter + share.tooFewFields + share.strayQuote,
  ];
  expect(Math.max(...codes)).toBeLessThan(80);
  expect(codes.reduce((sum, code) => sum + code)).toBe(200);
});

/** What is wrong with a line, told from its text alone; csv-parse has parsed it by itself. */
function kindOf(line: string): string {
  let fields: string[];
  try {
    fields = parse(line, { relax_column_count: true })[0] ?? [];
  } catch {
    return 'strayQuote';
  }
  const [, customer, amount = '', currency = '', timestamp = '', , description] = fields;
  if (fields.length > 7) return fields[7] === '' ? 'trailingDelimiter' : 'tooManyFields';
  if (description === undefined) return 'tooFewFields';
  if (customer === '') return 'missingCustomer';
  if (amount === '') return 'missingAmount';
  if (!/^-?\d+(\.\d\d?)?$/.test(amount)) return 'amountNotNumber';
  if (!ISO_4217.includes(currency)) return 'currencyNotIso';
  const date = new Date(timestamp);
  const real = !Number.isNaN(date.getTime()) && date.toISOString() === timestamp.replace('Z', '.000Z');
  return real ? 'good' : 'timestampNotIso';
}

test('the counts by kind are those that csv-parse and plain checks find', () => {
  const pieces: string[] = [];
  const expected = generate({ rows: 20_000, seed: 3, months: 12 }, (piece) => pieces.push(piece));
  const lines = pieces.join('').trimEnd().split('\n').slice(1);
  const found: Record<string, number> = {};
  const good = new Set<string>();
  for (const line of lines) {
    const kind = kindOf(line);
    found[kind] = (found[kind] ?? 0) + 1;
    if (kind === 'good') good.add(line);
  }
  const { good: goodLines, ...bad } = found;
  expect(lines).toHaveLength(20_000);
  expect(bad).toEqual(expected.bad);
  expect(goodLines).toBe(expected.silver + expected.duplicates);
  expect(good.size).toBe(expected.silver);
  expect(expected.duplicates).toBe(40);
});
