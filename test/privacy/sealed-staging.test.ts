import { afterEach, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { contractText } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

let lake: TestLake;
afterEach(() => lake.dispose());

/** Columns beside those that say something, so that records are staged a slice at a time. */
const contractOf = (more: number, rules: Readonly<Record<string, string>>): string =>
  contractText({
    partitionColumn: 'day',
    columns: [
      { name: 'id', key: true },
      { name: 'customer', classification: 'personal', assay: { protect: { as: 'pseudonym', group: 'who' } } },
      {
        ...{
          name: 'mail',
          classification: 'personal',
          more: { logicalTypeOptions: { pattern: '[^@]+@[^@]+' } },
        },
        assay: { protect: { as: 'encrypted', group: 'contact' } },
      },
      { name: 'day', type: 'date', required: true },
      ...Array.from({ length: more }, (_, n) => ({ name: `c${n}` })),
      {
        ...{ name: 'age', type: 'integer', classification: 'personal' },
        assay: { protect: { as: 'encrypted', group: 'identity' } },
      },
    ],
    rules,
    assay: {
      subject: { column: 'customer', kind: 'customer' },
      limits: { maxQuarantineRate: 1, maxCondemned: 100 },
    },
  });

const line = (more: number, id: string, customer: string, mail: string, age: string): string =>
  [id, customer, mail, '2024-05-01', ...Array.from({ length: more }, (_, n) => `v${n}`), age].join(',');

const fileOf = (more: number): string =>
  [
    ['id', 'customer', 'mail', 'day', ...Array.from({ length: more }, (_, n) => `c${n}`), 'age'].join(','),
    line(more, 'good', '1', 'one@example.org', '40'),
    line(more, 'mail', '2', 'two at example.org', '40'),
    line(more, 'age', '3', 'three@example.org', 'old'),
    line(more, 'rule', '4', 'four@example.org', '12'),
    line(more, 'both', '5', 'five@example.org', '41'),
    '',
  ].join('\n');

async function verdicts(): Promise<unknown> {
  const failed = (await lake.rows('quarantine')).map((row) => [
    JSON.parse(String(row.record)).id,
    (row.reasons as { code: string; column: string | null }[])
      .map(({ code, column }) => `${code} ${column ?? ''}`)
      .join(),
  ]);
  return Object.fromEntries([...failed, ...(await lake.rows('silver')).map(({ id }) => [id, 'silver'])]);
}

test.each([
  ['a slice of the columns at a time', 500, { grown_up: 'age >= 18' }],
  [
    'in two steps, where a rule has a long list',
    2,
    {
      grown_up: `age >= 18 AND mail NOT IN (${Array.from({ length: 60 }, (_, n) => `'x${n}@example.org'`).join(', ')})`,
    },
  ],
] as const)(
  'records with sealed values are judged %s, before a forgetting and after',
  async (_, more, rules) => {
    lake = await testLake({ contracts: [contractOf(more, rules)], vault: true });
    const { record } = await lake.dropAndRun({ 'f.csv': fileOf(more) });
    expect(record?.why).toEqual([]);
    const expected = {
      good: 'silver',
      both: 'silver',
      mail: 'FORMAT_ERROR mail',
      age: 'TYPE_ERROR age',
      rule: 'RULE_ERROR ',
    };
    expect(await verdicts()).toEqual(expected);
    for (const { customer, mail, age } of await lake.rows('silver')) {
      expect(customer).toMatch(/^[a-z2-7]{26}$/);
      for (const cell of [mail, age]) expect(cell).toMatch(/^~1\./);
    }
    const origin = { by: 'grace', reason: 'a test', until: new Date('2034-01-01') };
    for (const id of ['1', '2', '4']) await lake.lake.effects.vault?.forget({ kind: 'customer', id }, origin);
    expect((await auditDataset(lake.lake.effects, { dataset: lake.dataset })).problems).toEqual([]);
  },
);
