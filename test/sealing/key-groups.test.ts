import { describe, expect, test } from '@jest/globals';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { keyGroups, rivalsOf } from '../../etl/sealing/candidates-in-files.ts';
import type { DataFile } from '../../etl/table/schema.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';

const contractWithKey = (...keys: string[]): SourceContract =>
  parseContract(
    'c.yaml',
    contractText({
      ...PAYMENTS,
      columns: PAYMENTS.columns.map((column) => ({ ...column, key: keys.includes(column.name) })),
    }),
  ) as SourceContract;
const file = (month: number, recordCount: number, n = 0): DataFile => ({
  key: `${month}-${n}`,
  month,
  recordCount,
  sizeBytes: 1,
  columns: {},
});
const keysOf = (groups: readonly (readonly DataFile[])[]) =>
  groups.map((group) => group.map(({ key }) => key));

describe('files whose records are compared with each other', () => {
  const dated = contractWithKey('id', PAYMENTS.partitionColumn);

  test('are few groups where there are many small months', () => {
    const months = Array.from({ length: 240 }, (_, month) => file(month, 1000));
    expect(keyGroups(dated, months)).toEqual([months]);
  });

  test('are whole months, however large', () => {
    const files = [file(1, 1_500_000), file(2, 9), file(3, 3_000_000), file(1, 1_500_000, 1), file(2, 1, 1)];
    expect(keysOf(keyGroups(dated, files))).toEqual([['1-0', '1-1'], ['2-0', '2-1'], ['3-0']]);
  });

  test('are all together where a key may stand in any month', () => {
    const files = [file(1, 5_000_000), file(2, 5_000_000)];
    expect(keyGroups(contractWithKey('id'), files)).toEqual([files]);
  });
});

describe('files of the base that may share a key with the run', () => {
  const contract = contractWithKey('id', PAYMENTS.partitionColumn);
  const bounded = (key: string, id: [string, string], day: [string, string], nullCount = 0): DataFile => {
    const stats = ([min, max]: [string, string]) => ({ valueCount: 1, nullCount, sizeBytes: 1, min, max });
    return { ...file(1, 1), key, columns: { id: stats(id), paid_on: stats(day) } };
  };
  const january: [string, string] = ['2024-01-01', '2024-01-31'];
  const march: [string, string] = ['2024-03-01', '2024-03-31'];
  const base = [
    bounded('before', ['a', 'z'], ['2023-12-01', '2023-12-31']),
    bounded('january', ['a', 'c'], january),
    bounded('january, other ids', ['x', 'z'], january),
    // Within what the run spans as a whole, and yet none of its files has both.
    bounded('february', ['a', 'c'], ['2024-02-01', '2024-02-29']),
    bounded('march, ids of january', ['a', 'c'], march),
    bounded('march', ['m', 'p'], march),
  ];
  const run = [bounded('1', ['b', 'd'], january), bounded('2', ['n', 'o'], march)];
  const rivals = (files: readonly DataFile[]) =>
    rivalsOf({ contract, baseFiles: base }, files).map(({ key }) => key);

  test('are those with which one of its files has keys in common', () => {
    expect(rivals(run)).toEqual(['january', 'march']);
    expect(rivals([])).toEqual([]);
  });

  test('are all where the bounds of one file are unknown', () => {
    expect(rivals([...run, file(1, 1)])).toEqual(base.map(({ key }) => key));
    expect(rivals([bounded('1', ['b', 'd'], january, 1)])).toEqual(base.map(({ key }) => key));
  });
});
