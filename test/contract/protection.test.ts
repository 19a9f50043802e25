import { describe, expect, test } from '@jest/globals';
import { compareContracts } from '../../etl/contract/compare-contracts.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { ContractError } from '../../etl/contract/problems.ts';
import { tableColumns } from '../../etl/contract/table-columns.ts';
import { contractText } from '../stages/contract-text.ts';

type Protects = Readonly<Record<string, unknown>>;

const GOOD = {
  customer: { as: 'pseudonym', group: 'ids' },
  mail: { as: 'encrypted', group: 'contact' },
  birthday: { as: 'encrypted', group: 'identity' },
  note: { as: 'dropped' },
} as const;
const SUBJECT = { column: 'customer', kind: 'customer' };

/** A shop's contract as YAML, its columns protected as said. */
function shop(
  protects: Protects = GOOD,
  { subject = SUBJECT as typeof SUBJECT | null, promises = '', version = '1.0.0' } = {},
): string {
  const column = (
    name: string,
    more: object = {},
  ): { name: string; classification: string; assay?: Protects } => ({
    ...{ name, classification: 'personal', ...more },
    ...(protects[name] === undefined ? {} : { assay: { protect: protects[name] } }),
  });
  return (
    contractText({
      dataset: 'shop.orders',
      version,
      columns: [
        { name: 'order_no', key: true },
        { ...column('customer'), type: 'integer', required: true },
        column('mail'),
        { ...column('birthday'), type: 'date' },
        column('note'),
        { name: 'ordered_on', type: 'date', required: true },
      ],
      partitionColumn: 'ordered_on',
      assay: subject === null ? {} : { subject },
    }) + promises
  );
}

function problemsOf(text: string): string[] {
  try {
    parseContract('c.yaml', text);
    return [];
  } catch (error) {
    if (error instanceof ContractError)
      return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
}

test('a contract says how its columns are protected, whose data they are and how long they are kept', () => {
  const promises =
    'slaProperties:\n  - {property: retention, value: 6, unit: y, element: orders.ordered_on}\n';
  const contract = parseContract('c.yaml', shop(GOOD, { promises })) as SourceContract;
  const said = contract.columns.flatMap(({ name, protect }) => (protect ? [[name, protect]] : []));
  expect(Object.fromEntries(said)).toEqual(GOOD);
  expect(contract.subject).toEqual(SUBJECT);
  expect(contract.retention).toEqual({
    level: { property: 'retention', value: 6, unit: 'y' },
    element: 'ordered_on',
  });
});

test('in its tables protected columns are strings, and dropped ones are not there', () => {
  const columns = tableColumns(parseContract('c.yaml', shop()))
    .map(({ name, type }) => `${name} ${type.kind}`)
    .slice(0, 5);
  expect(columns).toEqual([
    'order_no string',
    'customer string',
    'mail string',
    'birthday string',
    'ordered_on date',
  ]);
});

test('a retention of a dataset that protects nothing is a promise, and changes no digest', () => {
  const [plain, counted] = ['', ', element: orders.shipped_on'].map((element) =>
    parseContract(
      'c.yaml',
      shop({}, { promises: `slaProperties:\n  - {property: retention, value: 6, unit: y${element}}\n` }),
    ),
  );
  expect(counted?.digest).toBe(plain?.digest);
});

describe('contracts check says what is missing, and where', () => {
  test.each<[string, string, RegExp[]]>([
    [
      'a personal column without a word',
      shop({ ...GOOD, note: undefined }),
      [/^schema\[0\]\.properties\[4\]: is personal and says not how it is protected; write assay\.protect/],
    ],
    [
      'no subject',
      shop(GOOD, { subject: null }),
      [
        /properties\[1\].*belongs to nobody/,
        /properties\[2\].*belongs to nobody/,
        /properties\[3\].*belongs to nobody/,
      ],
    ],
    [
      'no group',
      shop({ ...GOOD, mail: { as: 'encrypted' } }),
      [/properties\[2\]\.customProperties\[0\]\.value: names no data group/],
    ],
    [
      'retention from a column that is not there',
      shop(GOOD, {
        promises: 'slaProperties:\n  - {property: retention, value: 6, unit: y, element: left_on}\n',
      }),
      [/^slaProperties: counts retention from 'left_on', which is no date/],
    ],
    [
      'a subject that is no column',
      shop(GOOD, { subject: { column: 'payer', kind: 'customer' } }),
      [
        /properties\[1\].*is a pseudonym, which is the reference/,
        /customProperties.*names a subject by the column 'payer', which isn't there/,
      ],
    ],
  ])('%s', (_, text, expected) => {
    const found = problemsOf(text);
    expect(found).toHaveLength(expected.length);
    for (const [n, one] of expected.entries()) expect(found[n]).toMatch(one);
  });

  test('on a Gold column', () => {
    const gold = shop(GOOD).replace(
      '"assay.partitionColumn"',
      '"assay.layer", "value": "gold"}, {"property": "assay.partitionColumn"',
    );
    expect(problemsOf(gold).some((one) => /assay\.protect, which is for silver contracts/.test(one))).toBe(
      true,
    );
  });
});

describe('a new version', () => {
  const changes = (old: string, next: string): string[] =>
    compareContracts(parseContract('a', old), parseContract('b', next)).changes.map(
      ({ kind, path, message }) => `${kind} ${path}: ${message}`,
    );

  test('that protects what was clear is breaking, column by column', () => {
    const found = changes(shop({}, { subject: null }), shop(GOOD, { version: '2.0.0' }));
    expect(found).toContain('breaking columns.mail.protect: was clear, is encrypted for contact');
    expect(found).toContain('breaking columns.note.protect: was clear, is dropped');
    expect(found).toContain('breaking subject: was nobody, is the customer in customer');
  });

  test('with another group or another person is breaking, with a reason for what is clear it is not', () => {
    const other = { ...GOOD, mail: { as: 'encrypted', group: 'identity' } };
    expect(changes(shop(), shop(other, { version: '2.0.0' }))).toEqual([
      'breaking columns.mail.protect: was encrypted for contact, is encrypted for identity',
    ]);
    const why = { note: { as: 'clear', reason: 'codes only' } };
    expect(changes(shop({}), shop(why, { version: '1.0.1' }))).toEqual([]);
  });
});
