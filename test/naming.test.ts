import { describe, expect, test } from '@jest/globals';
import { besideName, bronzeKey, safeFileName } from '../etl/naming/bronze.ts';
import { parseDataset } from '../etl/naming/datasets.ts';
import { digestMemoKey } from '../etl/naming/upkeep.ts';

describe('naming', () => {
  test('a hostile file name stays inside its folder', () => {
    expect(bronzeKey('a.b', '2024-01-01', '../../etc/passwd')).toBe(
      'bronze/a/b/ingest_date=2024-01-01/passwd',
    );
    expect(bronzeKey('a.b', '2024-01-01', '..')).toBe('bronze/a/b/ingest_date=2024-01-01/_');
  });

  test('a name is no longer than file systems take, and what sets it beside another has room', () => {
    // 255 bytes are allowed; an é has two, a smile four.
    expect(safeFileName(`${'a'.repeat(251)}.csv`)).toBe(`${'a'.repeat(251)}.csv`);
    for (const name of [
      `${'a'.repeat(252)}.csv`,
      `${'é'.repeat(300)}.csv.gz`,
      `${'😀'.repeat(255)}`,
      `x.${'y'.repeat(300)}.csv`,
    ]) {
      const safe = safeFileName(name);
      expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(255);
      expect(Buffer.byteLength(safe)).toBeGreaterThan(245);
      expect(safe).toBe(Buffer.from(safe).toString('utf8'));
      expect(safeFileName(safe)).toBe(safe);
      if (name.endsWith('.csv')) expect(safe).toMatch(/\.csv$/);
      expect(safeFileName(`b${name}`)).not.toBe(safe);
    }
    const beside = besideName(`${'a'.repeat(251)}.csv`, '0123456789abcdef');
    expect(beside).toBe(`${'a'.repeat(242)}~01234567.csv`);
    expect(besideName('report.csv.gz', '0123456789abcdef')).toBe('report~01234567.csv.gz');
  });

  test('what is remembered of any key that S3 allows is a key that S3 allows', () => {
    const prefix = 'bronze/a/b/ingest_date=2024-01-01/';
    for (const bytes of [1006, 1007, 1008, 1015, 1023, 1024]) {
      const key = `${prefix}${'x'.repeat(bytes - prefix.length)}`;
      expect(Buffer.byteLength(digestMemoKey(key))).toBeLessThanOrEqual(1024);
      expect(digestMemoKey(key)).toMatch(/^ops\/digests\//);
      expect(digestMemoKey(`${key.slice(0, -1)}y`)).not.toBe(digestMemoKey(key));
    }
    // As it was always called where there is room.
    expect(digestMemoKey(`${prefix}a.csv`)).toBe(`ops/digests/${prefix}a.csv.json`);
  });

  test('a dataset name that is a path is refused', () => {
    expect(() => parseDataset('../x.y')).toThrow('is not a dataset name');
  });
});
