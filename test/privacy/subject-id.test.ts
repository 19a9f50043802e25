import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ContractColumn, NumberFormat } from '../../etl/contract/contract.ts';
import { canonicalSubjectId, subjectIndex } from '../../etl/privacy/subject-id.ts';
import { readNumber } from '../oracle/read-numbers.ts';

const PLAIN: NumberFormat = { decimal: '.', symbols: [], parentheses: false };
const integers = (number: Partial<NumberFormat> = {}): Pick<ContractColumn, 'type' | 'number'> => ({
  type: { kind: 'long' },
  number: { ...PLAIN, ...number },
});
const texts = { type: { kind: 'string' }, number: PLAIN, nullValues: ['n/a'] } as const;

describe('a subject', () => {
  test.each([
    ['00123', integers(), '123'],
    [' 123\t', integers(), '123'],
    ['+123', integers(), '123'],
    ['\u00a0123 ', integers(), '123'],
    ['1,123', integers({ group: ',' }), '1123'],
    ['1’123', integers({ group: '’' }), '1123'],
    ['0', integers(), '0'],
    ['-000', integers(), '0'],
    ['-7', integers(), '-7'],
    ['−7', integers({ minus: ['−'] }), '-7'],
    ['(7)', integers({ parentheses: true }), '-7'],
    ['7-', integers({ trailingSign: true }), '-7'],
    ['99999999999999999999999', integers(), '99999999999999999999999'],
    // None of them is an integer of the column.
    ['1,123', integers(), undefined],
    ['12a', integers(), undefined],
    ['1.0', integers(), undefined],
    ['1e5', integers(), undefined],
    ['', integers(), undefined],
    ['00123', texts, '00123'],
    [' Ann ', texts, 'Ann'],
    ['Zoe\u0308', texts, 'Zoë'],
    ['n/a', texts, undefined],
    ['  ', texts, undefined],
  ])('%j is %j: %j', (cell, column, id) => {
    expect(canonicalSubjectId(cell, column)).toBe(id);
  });

  test('by an integer is the one whom the oracle reads, however it is written', () => {
    const formats: NumberFormat[] = [
      PLAIN,
      { ...PLAIN, group: ',' },
      { ...PLAIN, group: '.', decimal: ',', minus: ['−', '–'], trailingSign: true },
      { ...PLAIN, group: ',', grouping: 'lakh', parentheses: true },
      { ...PLAIN, group: '\u202f', symbols: ['Nr'], symbolsAt: 'either' },
    ];
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'0012,.9-+−–()Nr\u202f '), maxLength: 9 }),
      fc
        .tuple(fc.constantFrom('', '-', '+', '−', '(', 'Nr '), fc.nat(), fc.constantFrom('', '-', ')', ' Nr'))
        .map((all) => all.join('')),
    );
    let read = 0;
    fc.assert(
      fc.property(cell, fc.constantFrom(...formats), (text, number) => {
        const id = canonicalSubjectId(text, { ...integers(number) });
        const trimmed = text.replace(/^[ \u00a0]+|[ \u00a0]+$/g, '');
        const judged =
          trimmed === '' ? undefined : readNumber(trimmed, number, { point: false, exponent: false });
        const expected =
          judged === undefined ? undefined : String(BigInt(judged.whole) * (judged.negative ? -1n : 1n));
        if (expected !== undefined) read++;
        expect(id).toBe(expected);
      }),
      { numRuns: 500 },
    );
    expect(read).toBeGreaterThan(20);
  });

  test('of another kind, or under another pepper, has another index', () => {
    const pepper = new Uint8Array(32).fill(1);
    const of = (kind: string, id: string, under = pepper): string =>
      Buffer.from(subjectIndex(under, kind, id)).toString('hex');
    const all = [
      of('customer', '1'),
      of('customer', '2'),
      of('employee', '1'),
      of('customer1', ''),
      of('custome', 'r1'),
      of('customer', '1', new Uint8Array(32).fill(2)),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(of('customer', '1')).toBe(all[0]);
  });
});
