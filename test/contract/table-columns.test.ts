import { expect, test } from '@jest/globals';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { tableColumns } from '../../etl/contract/table-columns.ts';
import { MONTHLY, ORDERS, withSetting } from './fixture.ts';

const LINEAGE = [
  'row_hash string',
  'source_file_id string',
  'source_row_number long',
  'attempt_count int',
  'ingestion_timestamp timestamptz',
  'run_id string',
];
const brief = (text: string): string[] =>
  tableColumns(parseContract('x', text)).map(({ name, type }) => `${name} ${type.kind}`);

test('a Silver table has the contract’s columns, then lineage', () => {
  const own = ['order_id long', 'ordered_on date', 'price decimal', 'status string', 'email string'];
  expect(brief(ORDERS)).toEqual([...own, ...LINEAGE]);
  expect(brief(withSetting('assay.unknownColumns', 'rescue'))).toEqual([
    ...own,
    'rescued string',
    ...LINEAGE,
  ]);
});

test('a Gold table has the contract’s columns, then its snapshot', () => {
  expect(brief(MONTHLY)).toEqual(['as_of_month date', 'orders long', 'silver_snapshot_id long']);
});

test('no column is required in Iceberg’s sense; the doc says what the contract requires', () => {
  const columns = tableColumns(parseContract('x', ORDERS));
  expect(columns.every(({ required }) => !required)).toBe(true);
  expect(columns.map(({ doc }) => doc).slice(0, 3)).toEqual([
    '[key, required, internal]',
    '[required, public]',
    '[public]',
  ]);
});
