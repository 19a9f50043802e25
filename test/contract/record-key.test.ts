import { expect, test } from '@jest/globals';
import { compareContracts } from '../../etl/contract/compare-contracts.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { contractText } from '../stages/contract-text.ts';

const text = (assay: Readonly<Record<string, unknown>>, key = false): string =>
  contractText({
    partitionColumn: 'on',
    columns: [
      { name: 'id', required: true, key },
      { name: 'on', type: 'date', required: true },
    ],
    assay,
  });
const read = (...given: Parameters<typeof text>) => parseContract('c.yaml', text(...given));

test('a key made from the record needs no column, and goes with none, nor with a word about duplicates', () => {
  expect(read({ key: 'record' })).toMatchObject({ key: [], recordKey: true });
  expect(() => read({ key: 'record' }, true)).toThrow('makes id part of the key, which is the whole record');
  expect(() => read({ key: 'record', duplicates: 'replace' })).toThrow(
    'with assay.key: record there are none',
  );
  expect(() => read({ key: 'id' })).toThrow("is 'id'; write record");
  expect(() => read({ redelivery: 'yes' }, true)).toThrow("is 'yes'; write expected");
});

test('a change of the key, from columns to the record, is breaking; that a history comes again is not', () => {
  const [columns, record] = [read({}, true), read({ key: 'record' })];
  expect(compareContracts(columns, record).changes).toContainEqual({
    kind: 'breaking',
    path: 'key',
    message: 'was id, is the whole record',
  });
  const again = compareContracts(columns, read({ redelivery: 'expected' }, true));
  expect(again.compatible).toBe(true);
  expect(again.changes.map(({ path }) => path)).toContain('redelivery');
});
