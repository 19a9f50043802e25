import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { filterRecords, findRecord, withRecords } from '../../../adapters/local/vault/records.ts';

const SHAPE = { widthBytes: 8, keyBytes: 6 };

/** Keys of which many have their first bytes in common. */
const key = fc
  .tuple(
    fc.constantFrom('00000000', '00000001', 'fffffffe', 'ffffffff', '7f800000'),
    fc.constantFrom('0000', '00ff', 'ff00'),
  )
  .map((parts) => parts.join(''));
const record = fc.tuple(key, fc.constantFrom('0001', '0203', 'ffff')).map((parts) => parts.join(''));

test('records of a vault are found, added, exchanged and left out as those of a map are', () => {
  fc.assert(
    fc.property(fc.array(fc.array(record, { maxLength: 6 }), { maxLength: 6 }), key, (batches, sought) => {
      const plain = new Map<string, string>();
      let records = Buffer.alloc(0);
      for (const batch of batches) {
        for (const one of batch) plain.set(one.slice(0, 12), one);
        records = Buffer.from(withRecords(records, SHAPE, Buffer.from(batch.join(''), 'hex')));
      }
      const sorted = [...plain.values()].sort();
      expect(records.toString('hex')).toBe(sorted.join(''));
      const at = findRecord(records, SHAPE, Buffer.from(sought, 'hex'));
      expect(at < 0 ? undefined : records.toString('hex', at, at + 8)).toBe(plain.get(sought));
      const isKept = (hex: string): boolean => !hex.startsWith('ff');
      expect(filterRecords(records, SHAPE, (one) => isKept(one.toString('hex'))).toString('hex')).toBe(
        sorted.filter(isKept).join(''),
      );
    }),
    { numRuns: 300 },
  );
});
