import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planCompaction } from '../../etl/operations/plan-compaction.ts';

const file = (key: string, sizeBytes: number, month: number) => ({
  key,
  sizeBytes,
  month,
  recordCount: 1,
  columns: {},
});

describe('planCompaction', () => {
  test('joins what is small, month by month, and leaves large files and single ones alone', () => {
    const files = [
      file('a', 10, 7),
      file('b', 50, 7),
      file('c', 20, 7),
      file('d', 20, 8),
      file('e', 49, 9),
      file('f', 49, 9),
      file('g', 49, 9),
    ];
    const bins = planCompaction(files, 100).map(({ month, files: own }) => [
      month,
      own.map(({ key }) => key).join(''),
    ]);
    expect(bins).toEqual([
      [7, 'ac'],
      [9, 'ef'],
    ]);
  });

  test('whatever the files: each in one bin at most, of its month, and no bin above the target', () => {
    const files = fc.array(fc.tuple(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 3 })));
    fc.assert(
      fc.property(files, (made) => {
        const all = made.map(([sizeBytes, month], n) => file(`${n}`, sizeBytes, month));
        const bins = planCompaction(all, 100);
        const keys = bins.flatMap((bin) => bin.files.map(({ key }) => key));
        expect(new Set(keys).size).toBe(keys.length);
        for (const bin of bins) {
          expect(bin.files.length).toBeGreaterThan(1);
          expect(bin.files.every(({ month, sizeBytes }) => month === bin.month && sizeBytes < 50)).toBe(true);
          expect(bin.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThanOrEqual(100);
        }
      }),
    );
  });
});
