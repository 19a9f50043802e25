import { describe, expect, test } from '@jest/globals';
import { DEFECTS, LIMITS, pollutionMatrix } from './matrix.ts';
import { type KindResult, measurePollution } from './measure.ts';

/** One file in so many; `npm run pollution` reads them all. A prime, so that every row and column has its turn. */
const ONE_IN = 29;

describe('polluted files', () => {
  const matrix = pollutionMatrix();

  test('are thousands, of every kind, each one different', () => {
    expect(matrix.length).toBeGreaterThan(4_000);
    expect(new Set(matrix.map(({ kind }) => kind)).size).toBe(DEFECTS.length);
    const bytes = new Set(matrix.map((file) => file.bytes.toString('latin1')));
    // The same nothing is in every empty file.
    expect(matrix.length - bytes.size).toBeLessThan(12);
  });

  test('cost nothing but the records that the defect lies in', async () => {
    const first = new Set<string>();
    const slice = matrix.filter(({ kind }, n) => {
      const isFirst = !first.has(kind);
      first.add(kind);
      return isFirst || n % ONE_IN === 0;
    });
    const results = await measurePollution(slice);
    expect(results).toHaveLength(DEFECTS.length);
    const bad = (result: KindResult): boolean =>
      result.crashes > 0 || result.lost > 0 || result.kept < result.valid;
    expect(results.filter(bad)).toEqual([]);
    expect(results.filter(({ kind, shifted }) => shifted > 0 && !LIMITS.has(kind))).toEqual([]);
  });
});
