import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { openJudge } from '../../index.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { contractText } from '../stages/contract-text.ts';

const CONTRACT = contractText({
  dataset: 'orders.created',
  columns: [
    { name: 'order_no', key: true },
    { name: 'ordered_on', type: 'date', required: true },
    { name: 'amount', type: 'number', physicalType: 'DECIMAL(9,2)' },
    {
      name: 'mail',
      classification: 'personal',
      more: { logicalTypeOptions: { pattern: '[^@]+@[^@]+' } },
      assay: { path: '/customer/mail' },
    },
  ],
  partitionColumn: 'ordered_on',
  rules: { positive: 'amount > 0' },
  assay: { format: 'jsonl' },
});

test('a program judges records by the contract in a file before it sends them', async () => {
  const { folder, dispose } = await tempFolder();
  const file = path.join(folder, 'created.yaml');
  await writeFile(file, CONTRACT);
  const judge = await openJudge(file);
  expect(judge.notJudged).toEqual(['DUPLICATE', 'MAX_ATTEMPTS', 'PREVIOUSLY_CONDEMNED']);
  const verdicts = await judge.judge([
    '{"order_no": "o1", "ordered_on": "2024-05-01", "amount": 12.50, "customer": {"mail": "ann@example.org"}}',
    '{"order_no": "o2", "ordered_on": "2023-02-29", "amount": -1, "customer": {"mail": "nobody"}}',
    Buffer.from('{"order_no": "o3", "order_no": "o4"}'),
    ' ',
  ]);
  // Batches at the same time don't meet.
  const amounts = [1, -1, 2, -2, 3];
  const each = await Promise.all(
    amounts.map((amount) =>
      judge.judge([`{"order_no": "x", "ordered_on": "2024-05-01", "amount": ${amount}}`]),
    ),
  );
  expect(each.flat().map(({ kind }) => kind)).toEqual(['passed', 'failed', 'passed', 'failed', 'passed']);
  judge.close();
  const hash = createHash('sha256').update('=o1\0=2024-05-01\0=12.50\0=ann@example.org').digest('hex');
  const reason = (code: string, rule: string, column: string | null, value: string | null) => ({
    ...{ rule, column, code, value },
  });
  expect(verdicts.map(({ kind, reasons }) => [kind, reasons])).toEqual([
    ['passed', []],
    [
      'failed',
      [
        reason('RANGE_ERROR', 'calendar', 'ordered_on', '2023-02-29'),
        reason('FORMAT_ERROR', 'pattern', 'mail', null),
        reason('RULE_ERROR', 'positive', null, null),
      ],
    ],
    ['unreadable', [reason('STRUCTURE_ERROR', 'a member twice', null, 'character 20')]],
    ['blank', expect.any(Array)],
  ]);
  expect(verdicts[0]?.rowHash).toBe(hash);
  await dispose();
});

test('a contract that is wrong, or of a Gold table, is told at once', async () => {
  const { folder, dispose } = await tempFolder();
  const file = path.join(folder, 'created.yaml');
  await writeFile(file, CONTRACT.replace(/(logicalType\W+)date/, '$1day'));
  await expect(openJudge(file)).rejects.toThrow(/day/);
  await writeFile(file, CONTRACT.replace('amount > 0', 'no_column > 0'));
  await expect(openJudge(file)).rejects.toMatchObject({ code: 'RULE_INVALID' });
  const gold = {
    ...{ dataset: 'orders.monthly', partitionColumn: 'as_of_month' },
    columns: [{ name: 'as_of_month', type: 'date', key: true }],
    assay: { layer: 'gold', sql: 'orders/monthly.sql', inputs: ['orders.created'], affects: 'same-month' },
  } as const;
  await writeFile(file, contractText(gold));
  await expect(openJudge(file)).rejects.toMatchObject({ code: 'NOT_A_SOURCE' });
  await dispose();
});
