import { describe, expect, test } from '@jest/globals';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { keyGroups } from '../../etl/sealing/candidates-in-files.ts';
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
