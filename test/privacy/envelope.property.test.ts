import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fromBase32, toBase32 } from '../../etl/privacy/base32.ts';
import { emptyEnvelope, readEnvelope, startsLikeEnvelope } from '../../etl/privacy/envelope.ts';
import { columnKeys, commonSecret, openValue, sealValue } from '../../etl/privacy/seal-value.ts';
import { Sodium } from '../../etl/privacy/sodium.ts';

let sodium: Sodium;
beforeAll(async () => {
  sodium = await Sodium.open();
});
afterAll(() => sodium.dispose());

const secret = () => new Uint8Array(randomBytes(32));
const COLUMN = 'mzxw6ytb';
const header = { column: COLUMN, subject: toBase32(new Uint8Array(16).fill(7)), period: '202611' };
const secrets = { subjectKey: secret(), periodKey: secret() };
const keysOf = (of = secrets, column = COLUMN) => columnKeys(sodium, commonSecret(sodium, of), column);

/** Texts as cells hold them: no lone half of a pair. */
const value = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.string({ unit: 'binary', maxLength: 50 }),
);

function open(envelope: string, keys = keysOf()): string | undefined {
  const read = readEnvelope(envelope);
  return read && openValue(sodium, keys, read);
}

describe('an envelope', () => {
  test('opens to its value, is the same for the same value, and another for every other', () => {
    const keys = keysOf();
    fc.assert(
      fc.property(value, value, (one, other) => {
        const sealed = sealValue(sodium, keys, header, one);
        expect(open(sealed, keys)).toBe(one);
        expect(startsLikeEnvelope(sealed)).toBe(true);
        expect(sealValue(sodium, keys, header, other) === sealed).toBe(one === other);
      }),
    );
  });

  test('of which a character is another opens to nothing', () => {
    const keys = keysOf();
    const any = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_.~= ');
    fc.assert(
      fc.property(value, fc.nat(), any, (text, place, character) => {
        const sealed = sealValue(sodium, keys, header, text);
        const at = place % sealed.length;
        const changed = sealed.slice(0, at) + character + sealed.slice(at + 1);
        expect(open(changed, keys)).toBe(changed === sealed ? text : undefined);
        expect(open(sealed.slice(0, at), keys)).toBeUndefined();
        expect(open(sealed + character, keys)).toBeUndefined();
      }),
    );
  });

  test('can be neither opened nor guessed with one key of the two, nor by the keys of another column', () => {
    const names = ['Jane Doe', 'John Doe', 'Erika Mustermann'];
    const sealed = sealValue(sodium, keysOf(), header, 'Jane Doe');
    const others = [
      keysOf({ ...secrets, periodKey: secret() }),
      keysOf({ ...secrets, subjectKey: secret() }),
      keysOf({ subjectKey: secrets.periodKey, periodKey: secrets.subjectKey }),
      keysOf(secrets, 'aaaaaaaa'),
    ];
    for (const keys of others) {
      expect(open(sealed, keys)).toBeUndefined();
      for (const name of names) expect(sealValue(sodium, keys, header, name)).not.toBe(sealed);
    }
    // With both, and the header, the right guess is found: the test can fail.
    expect(names.map((name) => sealValue(sodium, keysOf(), header, name) === sealed)).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('tells the length of its value in steps of 16 bytes, and holds 5 MB as well as nothing', () => {
    const keys = keysOf();
    const length = (bytes: number): number => sealValue(sodium, keys, header, 'x'.repeat(bytes)).length;
    expect(new Set([0, 1, 7, 15].map(length)).size).toBe(1);
    expect(length(16)).toBeGreaterThan(length(15));
    const long = 'ü'.repeat(2_500_000);
    const sealed = sealValue(sodium, keys, header, long);
    expect(open(sealed, keys) === long).toBe(true);
    expect(open(sealValue(sodium, keys, header, 'short'), keys)).toBe('short');
  });

  test('without a payload opens to nothing, and other texts are none', () => {
    expect(open(emptyEnvelope(header))).toBeUndefined();
    expect(readEnvelope(emptyEnvelope(header))).toEqual({ ...header, payload: '' });
    const sealed = sealValue(sodium, keysOf(), header, 'x');
    for (const text of [
      '',
      '~1.',
      'Jane',
      ` ${sealed}`,
      `${sealed}\n`,
      sealed.replace('~1', '~2'),
      sealed.toUpperCase(),
    ])
      expect(readEnvelope(text)).toBeUndefined();
    expect(readEnvelope(sealed.replace('.202611.', '.202613.'))).toBeUndefined();
    expect(['~1.x', '~22.', '~1', 'a~1.', '~x.'].map(startsLikeEnvelope)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

test('base32 is read back to the same bytes, and no other text is read', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(fromBase32(toBase32(bytes))).toEqual(bytes);
    }),
  );
  // RFC 4648, section 10, in lower case.
  expect(
    ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map((text) => toBase32(Buffer.from(text))),
  ).toEqual(['', 'my', 'mzxq', 'mzxw6', 'mzxw6yq', 'mzxw6ytb', 'mzxw6ytboi']);
  for (const text of ['mz', 'MY', 'm1', 'mzxw6===', 'm', 'my ']) expect(fromBase32(text)).toBeUndefined();
});
