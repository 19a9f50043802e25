import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { liveFiles } from '../../etl/table/live-files.ts';
import { manifestsOf } from '../../etl/table/manifest-reader.ts';
import type { TableMetadata } from '../../etl/table/metadata.ts';
import { expireSnapshots, rollbackTo } from '../../etl/table/snapshots.ts';
import { filesOnlyIn } from '../../etl/table/unreachable.ts';
import { casesOf } from '../support/cases.ts';
import { type MemoryLake, memoryLake } from '../table/memory-lake.ts';
import { MINUTE_MS, paymentsFile, paymentsTable, T0 } from '../table/test-table.ts';

/** Everything that some snapshot names, found by reading each of them. */
async function named(metadata: TableMetadata, lake: MemoryLake): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const snapshot of metadata.snapshots) {
    keys.add(lake.keyOf(snapshot['manifest-list']));
    for (const { manifest_path } of await manifestsOf(snapshot, lake)) keys.add(lake.keyOf(manifest_path));
    for (const { key } of await liveFiles(metadata, snapshot['snapshot-id'], lake)) keys.add(key);
  }
  return keys;
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), n: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('replace' as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('back' as const), n: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('expireOldest' as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expireAny' as const), n: fc.nat() }) },
);

test('what goes with expired snapshots is what no other names, and all of it, whatever happened before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 40 }), async (steps) => {
      const lake = memoryLake();
      const table = paymentsTable(lake);
      for (const [i, { kind, n }] of steps.entries()) {
        const nowMs = T0 + (i + 1) * MINUTE_MS;
        const ids = table.metadata.snapshots.map((one) => one['snapshot-id']);
        const current = table.metadata['current-snapshot-id'];
        const live = current < 0 ? [] : await liveFiles(table.metadata, undefined, lake);
        if (kind === 'append' || (kind === 'replace' && live.length === 0)) {
          await table.commit({ add: [paymentsFile(`a${i}`)], nowMs });
        } else if (kind === 'replace') {
          const gone = live[n % live.length]?.key ?? '';
          await table.commit({ add: [paymentsFile(`r${i}`)], remove: new Set([gone]), nowMs });
        } else if (kind === 'back' && ids.length > 0) {
          table.metadata = rollbackTo(table.metadata, ids[n % ids.length] ?? 0, { nowMs });
        } else if (ids.length > 0) {
          const others = ids.filter((id) => id !== current);
          const gone = new Set(
            kind === 'expireOldest'
              ? others.slice(0, (n % 4) + 1)
              : others.filter((_, at) => ((n >> (at % 31)) & 1) === 1),
          );
          const keep = new Set(ids.filter((id) => !gone.has(id)));
          const after = expireSnapshots(table.metadata, keep, { nowMs });
          const [before, left] = [await named(table.metadata, lake), await named(after, lake)];
          const wanted = [...before].filter((key) => !left.has(key)).sort();
          expect((await filesOnlyIn(table.metadata, gone, lake)).sort()).toEqual(wanted);
          table.metadata = after;
        }
      }
    }),
    { numRuns: casesOf(25) },
  );
});
