import { describe, expect, test } from '@jest/globals';
import { bronzeKey, parseDataset } from '../etl/naming.ts';

describe('naming', () => {
  test('a hostile file name stays inside its folder', () => {
    expect(bronzeKey('a.b', '2024-01-01', '../../etc/passwd')).toBe(
      'bronze/a/b/ingest_date=2024-01-01/passwd',
    );
    expect(bronzeKey('a.b', '2024-01-01', '..')).toBe('bronze/a/b/ingest_date=2024-01-01/_');
  });

  test('a dataset name that is a path is refused', () => {
    expect(() => parseDataset('../x.y')).toThrow('is not a dataset name');
  });
});
