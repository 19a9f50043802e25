import { describe, expect, test } from '@jest/globals';
import { cutMetadataLog, METADATA_RETENTION } from '../../etl/table/metadata-retention.ts';

const SECOND = 1000;
const log = (timesMs: readonly number[]) =>
  timesMs.map((timeMs, n) => ({ 'timestamp-ms': timeMs, 'metadata-file': `m${n}` }));
const minutes = (count: number): number[] => Array.from({ length: count }, (_, n) => n * 60 * SECOND);
const cut = (timesMs: readonly number[], nowMs: number, properties: Record<string, string> = {}) =>
  cutMetadataLog(log(timesMs), {
    properties: { ...METADATA_RETENTION, ...properties },
    'last-updated-ms': nowMs,
  });

describe('a metadata-log', () => {
  test('keeps as many as the property says', () => {
    const times = minutes(30);
    const { log: kept, dropped } = cut(times, 30 * 60 * SECOND);
    expect(kept).toHaveLength(20);
    expect(dropped).toEqual(Array.from({ length: 10 }, (_, n) => `m${n}`));
    expect(cut(times, 30 * 60 * SECOND, { 'write.metadata.previous-versions-max': '3' }).log).toHaveLength(3);
  });

  test('drops none that another took the place of in the last seconds', () => {
    const burst = Array.from({ length: 100 }, (_, n) => n * 200);
    // The last that may go was superseded at 9.8 s, which is 10.2 s before the commit.
    const { log: kept, dropped } = cut(burst, 20_000);
    expect(dropped.at(-1)).toBe('m49');
    expect(kept[0]?.['metadata-file']).toBe('m50');
  });

  test('is only cut, and nothing deleted, where the table says that nothing is', () => {
    const off = { 'write.metadata.delete-after-commit.enabled': 'false' };
    const { log: kept, dropped } = cut(minutes(150), 150 * 60 * SECOND, off);
    expect(kept).toHaveLength(100);
    expect(dropped).toEqual([]);
  });

  test('takes a property that is no number for none', () => {
    const wrong = { 'write.metadata.previous-versions-max': 'many' };
    expect(cut(minutes(30), 30 * 60 * SECOND, wrong).log).toHaveLength(20);
  });
});
