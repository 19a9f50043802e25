import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parted } from '../../../adapters/local/vault/parted.ts';
import { soughtSubjects, soughtWhere } from '../../../adapters/local/vault/sought.ts';

test('numbers are parted as a map of lists has them, in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1, max: 4 })), (parts) => {
      const plain = Array.from({ length: 5 }, (_, part) =>
        parts.flatMap((one, n) => (one === part ? [n] : [])),
      );
      expect(parted(parts.length, 5, (n) => parts[n] ?? -1).map((part) => [...part])).toEqual(plain);
    }),
  );
});

test('of subjects that are looked for, some have the names and indexes that they had among all', () => {
  const indexOf = (_: string, id: string): Uint8Array => new Uint8Array(32).fill(Number(id));
  const named = ['1', '2', '3'].map((id) => ({ kind: 'k', id, dated: new Date(0) }));
  const all = soughtSubjects(named, { indexOf, shardOf: () => 0 });
  const some = soughtWhere(all, (n) => n !== 1);
  expect(some.named.map(({ id }) => id)).toEqual(['1', '3']);
  expect([...some.indexes]).toEqual([...new Uint8Array(32).fill(1), ...new Uint8Array(32).fill(3)]);
  expect(soughtWhere(all, () => true).indexes).toBe(all.indexes);
});
