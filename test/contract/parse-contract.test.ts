import { describe, expect, test } from '@jest/globals';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { ContractError } from '../../etl/contract/problems.ts';
import { edit, MONTHLY, ORDERS, problemsOf, withColumn, withSetting } from './fixture.ts';

describe('a contract', () => {
  test('is read with every default', () => {
    const contract = parseContract('orders.yaml', ORDERS);
    expect(contract).toMatchObject({
      dataset: 'shop.orders',
      layer: 'silver',
      owner: 'shop-data',
      version: '1.2.0',
      key: ['order_id'],
      partitionColumn: 'ordered_on',
      unknownColumns: 'ignore',
      duplicates: 'condemn',
      measures: [],
      rules: [],
      csv: { delimiter: ',', quote: '"', escape: '"', encodings: ['utf-8'], nullValues: [] },
      limits: {
        maxAttempts: 3,
        maxQuarantineRate: 0.05,
        smallBatchRecords: 100,
        maxCondemned: 100,
        breakerErrors: 100,
        breakerShare: 0.01,
        breakerWindowMinutes: 60,
        maxRecordBytes: 1048576,
        maxUnpackedBytes: 4_294_967_296,
      },
    });
    expect(contract.columns.map(({ type }) => type)).toEqual([
      { kind: 'long' },
      { kind: 'date' },
      { kind: 'decimal', precision: 10, scale: 2 },
      { kind: 'string' },
      { kind: 'string' },
    ]);
    expect(contract.columns[2]).toEqual({
      name: 'price',
      type: { kind: 'decimal', precision: 10, scale: 2 },
      required: false,
      classification: 'public',
      description: '',
      headers: ['price'],
      formats: [],
      number: { decimal: '.', symbols: [], parentheses: false },
      checks: [],
    });
  });

  test('of a Gold table is read', () => {
    expect(parseContract('monthly.yaml', MONTHLY)).toMatchObject({
      layer: 'gold',
      sql: 'shop/monthly.sql',
      inputs: ['shop.orders'],
      affects: 'same-month',
    });
  });

  test.each([
    ['team:\n  - {username: jo@shop, role: Owner}', 'jo@shop'],
    ['team:\n  members: [{username: al}, {username: jo, name: Jo, role: data owner}]', 'Jo'],
    ['customProperties: [{property: owner, value: shop}]', 'shop'],
  ])('takes its owner from %j', (text, owner) => {
    expect(parseContract('orders.yaml', edit('team: {name: shop-data}', text)).owner).toBe(owner);
  });

  test('keeps what the owner promises', () => {
    const text = `${ORDERS}slaProperties:\n  - {property: latency, value: 1, unit: d}\n`;
    expect(parseContract('orders.yaml', text).sla).toEqual([{ property: 'latency', value: 1, unit: 'd' }]);
  });

  test('may use every standard field and other tools custom properties', () => {
    const text = edit(
      'kind:',
      'status: active\ntenant: t\ntags: [a]\nservers: [{server: s}]\nprice: {}\nkind:',
    );
    expect(problemsOf(text)).toEqual([]);
    expect(problemsOf(withColumn('status', 'businessName: Status', 'criticalDataElement: true'))).toEqual([]);
    expect(problemsOf(withSetting('soda.checks', '{a: 1}'))).toEqual([]);
  });
});

describe('the digest', () => {
  const digest = (text: string, file = 'orders.yaml'): string => parseContract(file, text).digest;

  test('ignores comments, layout, order of fields and the file name', () => {
    const same = edit(
      'kind: DataContract\nid: urn:test:orders',
      '# note\nid:   urn:test:orders\nkind: DataContract',
    );
    expect(digest(same, 'other.yaml')).toBe(digest(ORDERS));
    expect(digest(ORDERS)).toMatch(/^[0-9a-f]{64}$/);
  });

  test('follows anything that means something', () => {
    expect(digest(edit('version: 1.2.0', 'version: 1.2.1'))).not.toBe(digest(ORDERS));
    expect(digest(withColumn('status', 'description: State'))).not.toBe(digest(ORDERS));
  });
});

describe('what is wrong', () => {
  test('is a ConfigError with every problem, in the order of the file', () => {
    const text = edit(
      'classification: personal',
      'classification: pii',
      edit('kind: DataContract', 'kind: Contract'),
    );
    const error = (() => {
      try {
        return parseContract('c/orders.yaml', text);
      } catch (thrown) {
        return thrown;
      }
    })() as ContractError;
    expect(error).toBeInstanceOf(ContractError);
    expect([error.name, error.code]).toEqual(['ConfigError', 'CONTRACT_INVALID']);
    expect(error.problems).toEqual([
      { file: 'c/orders.yaml', line: 2, path: 'kind', message: "is 'Contract'; write DataContract" },
      {
        file: 'c/orders.yaml',
        line: 29,
        path: 'schema[0].properties[4].classification',
        message:
          "is 'pii'; write one of public, internal, confidential, personal: no classification, no contract",
      },
    ]);
    expect(error.message).toBe(
      [
        'c/orders.yaml: the contract has 2 problems:',
        "c/orders.yaml:2: kind: is 'Contract'; write DataContract",
        "c/orders.yaml:29: schema[0].properties[4].classification: is 'pii'; write one of public, internal, confidential, personal: no classification, no contract",
      ].join('\n'),
    );
  });

  test.each([
    ['a:\n\t- x\n', 'orders.yaml:2: (yaml): Tabs are not allowed as indentation; correct the YAML here'],
    ['a: 1\nb: 2\na: 3\n', "orders.yaml:3: (yaml): Map keys must be unique (at 'a'); correct the YAML here"],
    ['a: 1\n---\nb: 2\n', 'orders.yaml:2: (yaml): a second document begins; write one contract a file'],
    [
      'a: !secret x\n',
      "orders.yaml:1: (yaml): Unresolved tag: !secret (at '!secret'); correct the YAML here",
    ],
    [
      'a: *b\n',
      'orders.yaml:1: (yaml): Unresolved alias (the anchor must be set before the alias): b; write the values out',
    ],
    ['', 'orders.yaml:1: (contract): is empty; write its fields as `name: value`, one a line'],
    [
      '- a\n',
      'orders.yaml:1: (contract): is a list, not a map; write its fields as `name: value`, one a line',
    ],
  ])('%j is a problem of YAML', (text, problem) => {
    expect(problemsOf(text)).toContain(problem);
  });

  test('with aliases that explode is a problem, not a stop', () => {
    const bomb = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
    expect(problemsOf(['a0: &a0 [x]', ...bomb].join('\n'))[0]).toMatch(
      /^orders.yaml:1: \(yaml\): Excessive alias count/,
    );
  });
});

describe('the head of a contract', () => {
  test.each([
    [
      'apiVersion: v3.1.0',
      'apiVersion: v2.2.2',
      "1: apiVersion: is 'v2.2.2'; write the version of ODCS, e.g. v3.1.0",
    ],
    ['id: urn:test:orders\n', '', '1: id: is missing; write an identifier that never changes'],
    [
      'version: 1.2.0',
      'version: 1.2',
      "6: version: is the number 1.2, not a text; write it in quotes: '1.2'",
    ],
    [
      'version: 1.2.0',
      'version: "1.2"',
      "6: version: is '1.2'; write the version of the contract in quotes as major.minor.patch, e.g. 1.0.0",
    ],
    [
      'name: orders',
      'name: Orders',
      "5: name: is 'Orders'; write lower-case letters, digits and underscores, e.g. council_payments",
    ],
    [
      'domain: shop',
      'domain:',
      '4: domain: is empty; write lower-case letters, digits and underscores, e.g. spend',
    ],
    ['team: {name: shop-data}', 'team: {}', '7: team: names no owner; write team: {name: …}'],
    [
      'team:',
      'tema:',
      "7: tema: is not a field here; own fields go under customProperties; did you mean 'team'?",
    ],
    [
      'schema:',
      'schema: []\nx-old:',
      '8: schema: has 0 objects; write exactly one: a contract describes one table',
    ],
    [
      'schema:\n',
      'schema:\n  - name: other\n    properties: []\n',
      '8: schema: has 2 objects; write exactly one: a contract describes one table',
    ],
  ])('%j → %j', (piece, by, problem) => {
    expect(problemsOf(edit(piece, by))).toContain(`orders.yaml:${problem}`);
  });

  test('a promise without a value is a problem', () => {
    expect(problemsOf(`${ORDERS}slaProperties:\n  - {property: latency}\n`)).toEqual([
      'orders.yaml:34: slaProperties[0].value: is missing; write the promised value',
    ]);
  });
});
