import { afterEach, expect, test } from '@jest/globals';
import { sqlProblems } from '../../cli/contract-sql.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { saleEvent, saleFile } from '../eventstore/sales.ts';
import { contractText } from '../stages/contract-text.ts';
import type { TestLake } from '../stages/harness.ts';
import { projected, salesLake } from './sales-lake.ts';

let lake: TestLake;
afterEach(() => lake.dispose());

const CODE = `
export const initial = { sold: 0, last_event: '' };
export const apply = (state, event) => ({ sold: state.sold + 1, last_event: event.event });
`;

const rated = (rules: Readonly<Record<string, string>> = {}): string =>
  contractText({
    dataset: 'shop.rated',
    columns: [
      { name: 'sale', key: true },
      { name: 'sold', type: 'integer', required: true, more: { logicalTypeOptions: { maximum: 2 } } },
      { name: 'last_event' },
    ],
    rules,
    assay: { layer: 'projection', inputs: ['shop.sales'] },
  });

const A = [saleEvent('s1', 1, 'e1'), saleEvent('s2', 1, 'e2'), saleEvent('s2', 2, 'e3')];

test('a row that fails a check of its column is refused, and the projection stays as it was', async () => {
  lake = await salesLake([rated()], { 'shop/rated.ts': CODE });
  await lake.dropAndRun({ 'a.csv': saleFile(A) });
  expect(lake.alerts).toEqual([]);
  const before = await projected(lake, 'rated');
  expect(before.map(({ sale, sold }) => [sale, sold])).toEqual([
    ['s1', 1n],
    ['s2', 2n],
  ]);
  await lake.dropAndRun({ 'b.csv': saleFile([saleEvent('s1', 2, 'e4'), saleEvent('s2', 3, 'e5')]) });
  expect(await projected(lake, 'rated')).toEqual(before);
  expect(lake.alerts).toMatchObject([
    {
      kind: 'projection-failed',
      dataset: 'shop.rated',
      title: expect.stringMatching(/1 row that breaks the rule '\w+' of sold \(the first: stream s2\)/),
      details: { code: 'PROJECTION_BREAKS_CONTRACT', stream: 's2' },
    },
  ]);
});

test('so is one that breaks a rule over the row; a rule that is no condition is a problem of the contract', async () => {
  lake = await salesLake([rated({ named: "sold < 2 OR last_event <> 'e3'" })], { 'shop/rated.ts': CODE });
  await lake.dropAndRun({ 'a.csv': saleFile(A) });
  expect(lake.alerts).toMatchObject([
    { title: expect.stringContaining("the rule 'named' (the first: stream s2)") },
  ]);
  expect(await projected(lake, 'rated')).toEqual([]);
  await lake.dispose();
  lake = await salesLake([rated({ wrong: 'sold + 1', other: 'nowhere > 1' })], { 'shop/rated.ts': CODE });
  const { contracts } = await loadContracts(lake.lake.effects.contracts);
  const problems = await sqlProblems([...contracts.values()], lake.lake.effects.contracts);
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringContaining("the rule 'wrong' gives"),
    expect.stringContaining("names 'nowhere'"),
  ]);
});
