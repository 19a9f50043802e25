import { describe, expect, test } from '@jest/globals';
import { liveFiles } from '../../etl/table/live-files.ts';
import { stageMetadata } from '../../etl/table/metadata-file.ts';
import { expireSnapshots, rollbackTo, snapshotAt } from '../../etl/table/snapshots.ts';
import { memoryLake } from './memory-lake.ts';
import { MINUTE_MS, paymentsFile, paymentsTable, T0 } from './test-table.ts';

async function threeSnapshots() {
  const lake = memoryLake();
  const table = paymentsTable(lake);
  for (const name of ['a', 'b', 'c']) await table.commit({ add: [paymentsFile(name)] });
  return { lake, table, metadata: table.metadata };
}
const idAt = (...choice: Parameters<typeof snapshotAt>): number => snapshotAt(...choice)['snapshot-id'];

describe('time travel', () => {
  test('finds what was current at a time, from its very moment on', async () => {
    const { metadata } = await threeSnapshots();
    expect(idAt(metadata, { timeMs: T0 + MINUTE_MS })).toBe(1);
    expect(idAt(metadata, { timeMs: T0 + 2 * MINUTE_MS - 1 })).toBe(1);
    expect(idAt(metadata, { timeMs: T0 + 2 * MINUTE_MS })).toBe(2);
    expect(idAt(metadata, { timeMs: T0 * 2 })).toBe(3);
    expect(idAt(metadata, { snapshotId: 2 })).toBe(2);
  });

  test('says which snapshots there are where there is none', async () => {
    const { metadata } = await threeSnapshots();
    for (const choice of [{ timeMs: T0 }, { snapshotId: 99 }]) {
      expect(() => snapshotAt(metadata, choice)).toThrow(
        expect.objectContaining({
          name: 'ConfigError',
          code: 'NO_SNAPSHOT',
          message: expect.stringContaining(
            'The oldest is 1 (from 2024-01-01T00:01:00.000Z), the newest 3 (from 2024-01-01T00:03:00.000Z)',
          ),
        }),
      );
    }
    expect(() => snapshotAt(paymentsTable(memoryLake()).metadata, { timeMs: T0 })).toThrow('It has none yet');
  });
});

describe('rollback', () => {
  test('makes an earlier snapshot current and keeps the later ones', async () => {
    const { lake, table, metadata } = await threeSnapshots();
    const back = rollbackTo(metadata, 1, { nowMs: T0 + 10 * MINUTE_MS });
    expect((await liveFiles(back, undefined, lake)).map((file) => file.key)).toEqual(['t/a.parquet']);
    expect(await liveFiles(back, 3, lake)).toHaveLength(3);
    expect(back.refs.main?.['snapshot-id']).toBe(1);
    expect(idAt(back, { timeMs: T0 + 9 * MINUTE_MS })).toBe(3);
    expect(idAt(back, { timeMs: T0 + 10 * MINUTE_MS })).toBe(1);

    table.metadata = back;
    await table.commit({ add: [paymentsFile('d')], nowMs: T0 + 11 * MINUTE_MS });
    const files = await liveFiles(table.metadata, undefined, lake);
    expect(files.map((file) => file.key)).toEqual(['t/a.parquet', 't/d.parquet']);
    expect(table.metadata.snapshots.at(-1)).toMatchObject({ 'parent-snapshot-id': 1, 'sequence-number': 4 });
  });

  test('is stored as the next metadata file', async () => {
    const { lake, table, metadata } = await threeSnapshots();
    const back = rollbackTo(metadata, 1, { nowMs: T0 + 10 * MINUTE_MS });
    const target = {
      base: metadata,
      baseKey: table.key,
      keyPrefix: 't/metadata',
      uuid: 'r',
      uriOf: lake.uriOf,
      keyOf: lake.keyOf,
    };
    const staged = stageMetadata(back, target);
    expect(staged.metadataKey).toBe('t/metadata/00003-r.metadata.json');
    expect(staged.metadata['metadata-log'].at(-1)).toEqual({
      'timestamp-ms': T0 + 3 * MINUTE_MS,
      'metadata-file': lake.uriOf('t/metadata/00002-uuid-3.metadata.json'),
    });
  });

  test('to a snapshot that is not there is refused', async () => {
    const { metadata } = await threeSnapshots();
    expect(() => rollbackTo(metadata, 7, { nowMs: T0 })).toThrow('has no snapshot 7');
  });
});

describe('expiry', () => {
  test('keeps what is named and what is current, and no history across a gap', async () => {
    const { lake, metadata } = await threeSnapshots();
    const expired = expireSnapshots(metadata, new Set([1]), { nowMs: T0 + 10 * MINUTE_MS });
    expect(expired.snapshots.map((snapshot) => snapshot['snapshot-id'])).toEqual([1, 3]);
    expect(await liveFiles(expired, undefined, lake)).toHaveLength(3);
    expect(() => snapshotAt(expired, { timeMs: T0 + MINUTE_MS })).toThrow('no snapshot that was current');
    expect(idAt(expired, { snapshotId: 1 })).toBe(1);
  });
});
