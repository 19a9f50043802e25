import { describe, expect, test } from '@jest/globals';
import type { ColumnProtection, SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { collectProblems } from '../../etl/contract/problems.ts';
import { checkProtection } from '../../etl/privacy/check-protection.ts';
import type { DatasetProtection } from '../../etl/privacy/protection.ts';
import { readColumnProtection, readSubject } from '../../etl/privacy/read-protection.ts';
import { contractText } from '../stages/contract-text.ts';

const CONTRACT = parseContract(
  'c.yaml',
  contractText({
    columns: [
      { name: 'order_no', key: true },
      { name: 'customer', classification: 'personal', required: true },
      { name: 'mail', classification: 'personal' },
      { name: 'note', classification: 'personal' },
      { name: 'ordered_on', type: 'date', required: true },
      { name: 'amount', type: 'number', physicalType: 'DECIMAL(12,2)' },
      { name: 'must', required: true },
    ],
    partitionColumn: 'ordered_on',
    assay: { measures: [{ column: 'amount' }] },
  }),
) as SourceContract;

const GOOD: Readonly<Record<string, ColumnProtection>> = {
  customer: { as: 'pseudonym', group: 'ids' },
  mail: { as: 'encrypted', group: 'contact' },
  note: { as: 'dropped' },
};
const SUBJECT = { column: 'customer', kind: 'customer' };

function problems(
  columns: Readonly<Record<string, ColumnProtection | undefined>>,
  more: Partial<DatasetProtection> = { subject: SUBJECT },
): string[] {
  const said = Object.entries({ ...GOOD, ...columns }).flatMap(([name, one]) =>
    one === undefined ? [] : [[name, one] as const],
  );
  return checkProtection(CONTRACT, { columns: new Map(said), ...more }).map(
    ({ column = '-', message }) => `${column}: ${message}`,
  );
}

describe('a protected dataset', () => {
  test('that says all there is to say has no problem, nor has one that protects nothing', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ note: { as: 'clear', reason: 'codes only' } })).toEqual([]);
    expect(checkProtection(CONTRACT, { columns: new Map() })).toEqual([]);
  });

  const sealed: ColumnProtection = { as: 'encrypted', group: 'contact' };
  test.each<[string, Parameters<typeof problems>, RegExp[]]>([
    ['a personal column that says nothing', [{ note: undefined }], [/^note: is personal and says not how/]],
    [
      'a key that is encrypted',
      [{ order_no: sealed }],
      [/^order_no: is encrypted and can't be part of the key/],
    ],
    ['a measure', [{ amount: sealed }], [/^amount: .*a measure/]],
    ['the partition column', [{ ordered_on: sealed }], [/^ordered_on: .*the partition column/]],
    [
      'a dropped column with checks',
      [{ must: { as: 'dropped' } }],
      [/^must: is dropped before anything is checked/],
    ],
    ['nobody', [{}, {}], [/^customer: belongs to nobody/, /^mail: belongs to nobody/]],
    [
      'a pseudonym of somebody else',
      [{ mail: { as: 'pseudonym', group: 'contact' } }],
      [/^mail: is a pseudonym.*subject: \{column: mail/],
    ],
    [
      'a subject of a column that is missing',
      [{ mail: { ...sealed, subject: { column: 'payee', kind: 'payee' } } }],
      [/^-: names a subject by the column 'payee'/],
    ],
    [
      'a subject in the clear by mistake',
      [{ customer: sealed }],
      [/^customer: names a subject; write.*pseudonym/],
    ],
    [
      'a subject that is an amount',
      [{ mail: { ...sealed, subject: { column: 'amount', kind: 'payee' } } }],
      [/^amount: names a subject, and is neither/, /^amount: names a subject; write/],
    ],
    [
      'a retention that is no time',
      [{}, { subject: SUBJECT, retention: { level: { property: 'retention', value: 6, unit: 'moons' } } }],
      [/^-: keeps values for '6 moons'/],
    ],
    [
      'a retention from a text',
      [
        {},
        {
          subject: SUBJECT,
          retention: { level: { property: 'retention', value: 6, unit: 'y' }, element: 'mail' },
        },
      ],
      [/^-: counts retention from 'mail'/],
    ],
  ])('with %s is told', (_, [columns, more], told) => {
    const found = problems(columns, more);
    expect(found).toHaveLength(told.length);
    for (const [n, one] of told.entries()) expect(found[n]).toMatch(one);
  });

  test('may have a pseudonym in its key, and a payee beside its subject', () => {
    const contract = { ...CONTRACT, key: ['order_no', 'customer'] };
    const payee = { column: 'must', kind: 'payee' };
    const columns = new Map<string, ColumnProtection>([
      ...Object.entries(GOOD),
      ['must', { as: 'pseudonym', group: 'ids', subject: payee }],
      ['mail', { as: 'encrypted', group: 'contact', subject: payee }],
    ]);
    expect(checkProtection(contract, { columns, subject: SUBJECT })).toEqual([]);
  });
});

describe('assay.protect', () => {
  const read = (value: unknown): [unknown, string[]] => {
    const found = collectProblems('c.yaml', () => 1);
    const protection = readColumnProtection(value, ['protect'], found);
    return [protection, found.list.map(({ path, message }) => `${path}: ${message}`)];
  };

  test.each([
    [{ as: 'encrypted', group: 'contact' }],
    [{ as: 'pseudonym', group: 'ids', subject: { column: 'payee', kind: 'payee' } }],
    [{ as: 'dropped' }],
    [{ as: 'clear', reason: 'codes only' }],
  ])('%j is read', (value) => {
    expect(read(value)).toEqual([value, []]);
  });

  test.each<[unknown, RegExp[]]>([
    ['encrypted', [/^protect: .*a map/]],
    [{}, [/^protect.as: is missing/]],
    [{ as: 'encripted', group: 'a' }, [/^protect.as: .*encrypted/]],
    [{ as: 'encrypted' }, [/names no data group/]],
    [{ as: 'encrypted', group: 'Contact.x' }, [/^protect.group: /]],
    [{ as: 'encrypted', group: 'contact', reason: 'x' }, [/reason.*goes group and subject/]],
    [{ as: 'clear' }, [/says not why/]],
    [{ as: 'clear', reason: 'x', group: 'contact' }, [/group.*goes reason/]],
    [
      { as: 'encrypted', group: 'contact', subject: { column: 'a', kind: 'assay.record' } },
      [/subject.kind: /],
    ],
  ])('%j is told', (value, told) => {
    const [, found] = read(value);
    expect(found).toHaveLength(told.length);
    for (const [n, one] of told.entries()) expect(found[n]).toMatch(one);
  });

  test('assay.subject names column and kind, and nothing else', () => {
    const found = collectProblems('c.yaml', () => 1);
    expect(readSubject(SUBJECT, [], found)).toEqual(SUBJECT);
    expect(readSubject({ ...SUBJECT, sort: 1 }, ['subject'], found)).toEqual(SUBJECT);
    expect(readSubject({ column: 'a' }, ['subject'], found)).toBeUndefined();
    expect(found.list.map(({ path }) => path)).toEqual(['subject.sort', 'subject.kind']);
  });
});
