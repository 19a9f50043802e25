import { describe, expect, test } from '@jest/globals';
import { mayContain } from '../../etl/table/prune.ts';
import type { ColumnStats, DataFile } from '../../etl/table/schema.ts';

const file = (stats: Partial<ColumnStats>): DataFile => ({
  key: 'k',
  recordCount: 3,
  sizeBytes: 1,
  columns: { c: { valueCount: 3, nullCount: 0, sizeBytes: 1, ...stats } },
});
const LONG = { kind: 'long' } as const;

describe('pruning', () => {
  test('numbers are compared as numbers', () => {
    const one = file({ min: '9', max: '100' });
    expect(mayContain(one, 'c', { type: LONG, min: '10', max: '20' })).toBe(true);
    expect(mayContain(one, 'c', { type: LONG, min: '100', max: '200' })).toBe(true);
    expect(mayContain(one, 'c', { type: LONG, min: '101', max: '200' })).toBe(false);
    expect(mayContain(one, 'c', { type: LONG, min: '-5', max: '8' })).toBe(false);
  });

  test('text is compared by code point', () => {
    const one = file({ min: 'a', max: '\uffff' });
    expect(mayContain(one, 'c', { type: { kind: 'string' }, min: '😀', max: '😀' })).toBe(false);
  });

  test('what is unknown may be anything', () => {
    const range = { type: LONG, min: '1', max: '2' };
    expect(mayContain(file({}), 'c', range)).toBe(true);
    expect(mayContain(file({}), 'other', range)).toBe(true);
    expect(mayContain(file({ min: '0', max: '9' }), 'c', { type: LONG, min: 'x', max: 'y' })).toBe(true);
    expect(mayContain(file({ max: '0' }), 'c', range)).toBe(false);
  });

  test('a column of NULLs holds no value', () => {
    expect(mayContain(file({ nullCount: 3 }), 'c', { type: LONG, min: '1', max: '2' })).toBe(false);
  });
});
