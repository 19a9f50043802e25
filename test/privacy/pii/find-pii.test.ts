import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findPii, mayHoldPii } from '../../../etl/privacy/pii/find-pii.ts';

/** Made by make.py beside it, with python-stdnum and Google's libphonenumber. */
const CASES: {
  readonly ibans: readonly (readonly [string, boolean])[];
  readonly cards: readonly (readonly [string, boolean])[];
  readonly phones: readonly string[];
} = JSON.parse(readFileSync(path.join(import.meta.dirname, 'cases.json'), 'utf8'));

test('account and card numbers are those whose check digits others find right', () => {
  for (const text of CASES.phones)
    expect(mayHoldPii(Buffer.from(text), 0, Buffer.byteLength(text))).toBe(true);
  for (const [text, isValid] of CASES.ibans)
    expect([text, findPii(text).includes('IBAN')]).toEqual([text, isValid]);
  for (const [text, isValid] of CASES.cards)
    expect([text, findPii(text).includes('card number')]).toEqual([text, isValid]);
});

test('phone numbers of every country are found, as libphonenumber writes them', () => {
  expect(CASES.phones.length).toBeGreaterThan(400);
  expect(CASES.phones.filter((text) => !findPii(text).includes('phone number'))).toEqual([]);
});

test.each<[string, string[]]>([
  ['pay to GB82 WEST 1234 5698 7654 32 by Friday', ['IBAN']],
  ['gb82west12345698765432', ['IBAN']],
  ['GB82WEST123456987654321', []],
  ['call 0113 222 4444 or (020) 7946 0000', ['phone number']],
  ["write to o'neil+x@sub.example.co.uk.", ['mail address']],
  ['@handle, a@b, x@y.', []],
  ['1@2.uk', ['mail address']],
  ['M1 1AE', ['British postcode']],
  ['NO9386011117947', ['IBAN']],
  ['4222222222222', ['card number']],
  ['+4612345', ['phone number']],
  ['QQ 12 34 56 C', []],
  ['AB 12 34 56 C', ['National Insurance number']],
  ['ab123456d', ['National Insurance number']],
  ['GB123456A', []],
  ['AB123456E', []],
  ['Leeds LS1 1UR', ['British postcode']],
  ['EC1A 1BB', ['British postcode']],
  ['w1a 0ax', ['British postcode']],
  ['A4 2PP', []],
  ['XX1 1AA', []],
  ['LS1 1CI', []],
  ['0.4111111111111111', []],
  ['4111111111111111.25', []],
  ['53.07441965956, -1.03909715144', []],
  ['.01134960000', []],
  ['Tel.0113 496 0000.', ['phone number']],
  ['0113 496 0000.Call', ['phone number']],
  ['4111111111111111, 0113 496 0000', ['card number', 'phone number']],
  ['card:4111111111111111', ['card number']],
  ['', []],
  ['Müller & Söhne', []],
])('in %j is %j', (text, kinds) => {
  expect(findPii(text)).toEqual(kinds);
  const bytes = Buffer.from(`"${text}"`);
  expect(mayHoldPii(bytes, 0, bytes.length) || kinds.length === 0).toBe(true);
});

test('no date, time, amount or short number is personal data', () => {
  const number = fc.oneof(
    fc
      .date({ noInvalidDate: true, min: new Date('1900-01-01'), max: new Date('2100-01-01') })
      .chain((date) => {
        const iso = date.toISOString();
        const [y, m, d] = iso.slice(0, 10).split('-');
        return fc.constantFrom(
          iso,
          `${iso.slice(0, 19)}Z`,
          `${d}/${m}/${y} ${iso.slice(11, 19)}`,
          `${d}-${m}-${y} ${iso.slice(11, 16)}`,
          `${d}.${m}.${y}`,
          `${y}${m}${d}`,
        );
      }),
    fc.integer().map(String),
    fc.integer({ min: 0, max: 10 ** 9 }).map((cents) => (cents / 100).toFixed(2)),
    fc.integer({ min: 0, max: 10 ** 9 }).map((n) => n.toLocaleString('en-GB')),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map(String)
      // One in ten whole numbers of 16 digits has the check digit of a card.
      .filter((text) => !/^-?\d{13,}$/.test(text)),
  );
  fc.assert(
    fc.property(number, (text) => {
      expect(findPii(text)).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});
