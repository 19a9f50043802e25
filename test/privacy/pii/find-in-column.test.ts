import { expect, test } from '@jest/globals';
import type { SourceContract } from '../../../etl/contract/contract.ts';
import { parseContract } from '../../../etl/contract/parse-contract.ts';
import { findInColumn } from '../../../etl/privacy/pii/find-in-column.ts';
import { testLake } from '../../stages/harness.ts';

const CONTRACT_TEXT = `apiVersion: v3.1.0
kind: DataContract
id: urn:test:c.numbers
domain: c
name: numbers
version: 1.0.0
status: active
team: { name: tests }
description: { purpose: Numbers that look like other things. }
schema:
  - name: numbers
    properties:
      - { name: id, logicalType: integer, required: true, primaryKey: true, classification: internal }
      - { name: day, logicalType: date, required: true, classification: internal }
      - { name: amount, logicalType: number, physicalType: 'DECIMAL(12,2)', classification: internal }
      - { name: rate, logicalType: number, physicalType: DOUBLE, classification: internal }
      - { name: open, logicalType: boolean, classification: internal }
      - { name: note, logicalType: string, classification: internal }
    customProperties: [{ property: assay.partitionColumn, value: day }]
`;
const CONTRACT = parseContract('numbers.yaml', CONTRACT_TEXT) as SourceContract;

test.each<[string, string, string[]]>([
  ['amount', '+12345678.50', []],
  ['amount', ' +1234567 ', []],
  ['amount', '4111111111111111', []],
  ['amount', '+12345678901234', []],
  ['amount', '+44 20 7946 0123', ['phone number']],
  ['amount', 'ada@example.org', ['mail address']],
  ['rate', '+1234567', []],
  ['rate', '+1.5e+1234567', []],
  ['id', '+12345678', []],
  ['id', '02079460123', []],
  ['id', '4111111111111111', ['card number']],
  ['day', '0113 496 0000', ['phone number']],
  ['open', 'LS1 1UR', ['British postcode']],
  ['note', '+12345678', ['phone number']],
  ['note', '4111111111111111', ['card number']],
])('in the column %s, %j is %j', (name, text, kinds) => {
  const column = CONTRACT.columns.find((one) => one.name === name);
  expect(column && findInColumn(column)(text)).toEqual(kinds);
});

test('numbers with a sign hold no run, neither of records that pass nor of those that fail', async () => {
  const lake = await testLake({ contracts: [CONTRACT_TEXT] });
  try {
    const lines = [
      '1,2026-01-05,+12345678.50,+1234567,true,fine',
      '2,no day,+12345678.50,+1234567,true,fails',
      '+12345678,2026-01-05,-5,1,true,fine',
    ];
    const numbers = await lake.dropAndRun({ 'a.csv': `id,day,amount,rate,open,note\n${lines.join('\n')}\n` });
    expect(numbers.record).toMatchObject({ status: 'promoted', why: [] });
    const phone = await lake.dropAndRun({
      'b.csv': 'id,day,amount,rate,open,note\n3,no day,1,1,true,+12345678\n',
    });
    expect(phone.record).toMatchObject({ status: 'held', why: [expect.stringContaining('phone number')] });
  } finally {
    await lake.dispose();
  }
});
