import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { commitFiles } from '../../etl/table/commit.ts';
import { changedFiles, liveFiles } from '../../etl/table/live-files.ts';
import { memoryLake } from './memory-lake.ts';
import { entriesIn, keysOf, paymentsFile, paymentsTable, T0 } from './test-table.ts';

describe('many commits', () => {
  test('a hundred appends make at most 16 manifests, and no file loses its numbers', async () => {
    const lake = memoryLake();
    const table = paymentsTable(lake);
    let most = 0;
    for (let commit = 1; commit <= 100; commit += 1) {
      await table.commit({ add: [paymentsFile(`f${commit}`)] });
      most = Math.max(most, (await table.manifests()).length);
    }
    expect(most).toBe(16);
    const all = (await entriesIn(table, lake)).flat();
    expect(all).toHaveLength(100);
    for (const { key, snapshot, sequence } of all) {
      expect(key).toBe(`t/f${snapshot}.parquet`);
      expect(sequence).toBe(snapshot);
    }
    expect(table.metadata.snapshots.at(-1)?.summary['total-data-files']).toBe('100');
    expect(table.metadata['metadata-log']).toHaveLength(20);
    expect(await liveFiles(table.metadata, 64, lake)).toHaveLength(64);
  });

  test('whatever is added and removed, every snapshot holds exactly what it should', async () => {
    const step = fc.record({
      add: fc.integer({ min: 0, max: 3 }),
      remove: fc.array(fc.nat(), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const lake = memoryLake();
        const table = paymentsTable(lake);
        const states: string[][] = [[]];
        for (const [index, { add, remove }] of steps.entries()) {
          const live = states.at(-1) ?? [];
          const gone = new Set(
            remove.flatMap((pick) => (live.length ? [live[pick % live.length] ?? ''] : [])),
          );
          const added = Array.from({ length: add }, (_, n) => paymentsFile(`s${index}-${n}`, 648 + n));
          await table.commit({ add: added, remove: gone });
          states.push([...live.filter((key) => !gone.has(key)), ...keysOf(added)].sort());
        }
        for (const [id, keys] of states.entries()) {
          if (id === 0) continue;
          expect(keysOf(await liveFiles(table.metadata, id, lake))).toEqual(keys);
          const summary = table.metadata.snapshots[id - 1]?.summary;
          expect(summary?.['total-data-files']).toBe(String(keys.length));
          expect(summary?.['total-files-size']).toBe(String(1000 * keys.length));
        }
        const last = states.at(-1) ?? [];
        for (const [id, keys] of states.entries()) {
          const span = { fromId: id === 0 ? undefined : id, toId: steps.length };
          const { added, removed } = await changedFiles(table.metadata, span, lake);
          expect(keysOf(added)).toEqual(last.filter((key) => !keys.includes(key)));
          expect(keysOf(removed)).toEqual(keys.filter((key) => !last.includes(key)));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('what changed since the last snapshot costs two lists and one manifest to learn', async () => {
    const lake = memoryLake();
    const table = paymentsTable(lake);
    for (let commit = 1; commit <= 10; commit += 1) await table.commit({ add: [paymentsFile(`f${commit}`)] });
    lake.reads.length = 0;
    const { added } = await changedFiles(table.metadata, { fromId: 9, toId: 10 }, lake);
    expect(keysOf(added)).toEqual(['t/f10.parquet']);
    expect(lake.reads).toHaveLength(3);
  });

  test('a file comes back as it was added, long bounds shortened', async () => {
    const lake = memoryLake();
    const table = paymentsTable(lake);
    const file = paymentsFile('a');
    const supplier = { valueCount: 10, nullCount: 0, sizeBytes: 9, min: 'a'.repeat(20), max: 'b'.repeat(20) };
    await table.commit({ add: [{ ...file, columns: { ...file.columns, supplier } }] });
    expect(await liveFiles(table.metadata, undefined, lake)).toEqual([
      {
        ...file,
        columns: {
          ...file.columns,
          supplier: { ...supplier, min: 'a'.repeat(16), max: `${'b'.repeat(15)}c` },
        },
      },
    ]);
  });

  test('two commits on one base stage different objects, so the loser overwrites nothing', async () => {
    const lake = memoryLake();
    const table = paymentsTable(lake);
    await table.commit({ add: [paymentsFile('a')] });
    const race = {
      base: table.metadata,
      baseKey: table.key,
      nowMs: T0,
      summary: {},
      keyPrefix: 't/metadata',
      ...lake,
    };
    const first = await commitFiles({ ...race, add: [paymentsFile('b')], snapshotId: 10, uuid: 'x' });
    const second = await commitFiles({ ...race, add: [paymentsFile('c')], snapshotId: 11, uuid: 'y' });
    expect(keysOf(first.objects).filter((key) => keysOf(second.objects).includes(key))).toEqual([]);
  });
});
