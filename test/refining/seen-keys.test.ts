import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HASH_LIMIT, SeenKeys } from '../../etl/refining/seen-keys.ts';

describe('keys that were seen', () => {
  const hash = fc.integer({ min: 0, max: HASH_LIMIT - 1 });
  const pieces = fc
    .array(hash, { minLength: 1, maxLength: 40 })
    .chain((some) =>
      fc.array(fc.array(fc.oneof(fc.constantFrom(...some), fc.constant(-1)), { maxLength: 30 })),
    );

  test('are known ever after; what never came twice mostly is not', () => {
    fc.assert(
      fc.property(pieces, (lists) => {
        const seen = new SeenKeys(10);
        const before = new Set<number>();
        for (const list of lists) {
          const expected = list.flatMap((one, n) => {
            return one >= 0 && (before.has(one) || list.indexOf(one) < n) ? [n] : [];
          });
          const found = seen.add(Float64Array.from(list));
          expect(found).toEqual(expect.arrayContaining(expected));
          expect(found.length - expected.length).toBeLessThanOrEqual(1);
          for (const one of list) before.add(one);
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['as many as expected', 200_000, 0.006],
    ['twenty times as many', 10_000, 0.02],
  ])('%s: few new ones are taken for known', (_, expected, mostShare) => {
    const seen = new SeenKeys(expected);
    let state = 7;
    // Any sequence without a repeat will do: this one has none below 2^31.
    const next = (): number => {
      state = (state * 16_807) % 2_147_483_647;
      return state * 4_194_303 + (state >>> 9);
    };
    const wrong = Array.from(
      { length: 20 },
      () => seen.add(Float64Array.from({ length: 10_000 }, next)).length,
    );
    expect(wrong.reduce((sum, count) => sum + count, 0) / 200_000).toBeLessThan(mostShare);
  });
});
