import { expect, test } from '@jest/globals';
import { bySize } from '../etl/by-size.ts';

test.each([
  [[], {}, []],
  [[4, 5, 1, 10, 1], {}, [[4, 5, 1], [10], [1]]],
  // What is larger by itself goes alone.
  [[30, 1, 30], {}, [[30], [1], [30]]],
  [[1, 1, 1, 1, 1], { limitCount: 2 }, [[1, 1], [1, 1], [1]]],
  [[0, 0, 0], {}, [[0, 0, 0]]],
])('%j go together in their order, ten bytes at most', (sizes, limits, groups) => {
  expect(bySize(sizes, { sizeOf: (size) => size, limitBytes: 10, ...limits })).toEqual(groups);
});
