import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { normaliseHeader } from '../../etl/contract/header.ts';

const header = fc.string({ unit: 'binary' });

describe('normaliseHeader', () => {
  test.each([
    [' NetAmount ', 'netamount'],
    ['Service  label', 'service label'],
    ['Service\u00a0Label', 'service label'],
    ['\ufeffBody name', 'body name'],
    ['Ｎｅｔ', 'net'],
    ['STRASSE', normaliseHeader('Straße')],
    ['\n', ''],
  ])('%j is %j', (text, normal) => {
    expect(normaliseHeader(text)).toBe(normal);
  });

  test('is idempotent', () => {
    fc.assert(
      fc.property(header, (text) => normaliseHeader(normaliseHeader(text)) === normaliseHeader(text)),
    );
  });

  test('ignores case, blanks around and the width of blanks within', () => {
    const word = fc.stringMatching(/^[A-Za-zÀ-ÿ£()/.]{1,8}$/);
    const blanks = fc.stringMatching(/^[ \t\u00a0]{1,4}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), blanks, fc.boolean(), (words, blank, upper) => {
        const spelt = `${blank}${words.join(blank)}${blank}`;
        const other = upper ? spelt.toUpperCase() : spelt.toLowerCase();
        expect(normaliseHeader(other)).toBe(normaliseHeader(words.join(' ')));
      }),
    );
  });

  test('keeps different words apart', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,6}$/);
    fc.assert(
      fc.property(fc.array(word), fc.array(word), (a, b) => {
        fc.pre(a.join(' ') !== b.join(' '));
        expect(normaliseHeader(a.join(' '))).not.toBe(normaliseHeader(b.join(' ')));
      }),
    );
  });
});
