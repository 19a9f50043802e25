import { describe, expect, test } from '@jest/globals';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { edit, problemsOf, withColumn } from './fixture.ts';

const checks = (text: string, name: string) =>
  parseContract('orders.yaml', text).columns.find((column) => column.name === name)?.checks;

const quality = (column: string, entry: string): string => withColumn(column, 'quality:', `  - ${entry}`);

describe('logicalTypeOptions', () => {
  test.each([
    ['status', '{minLength: 1, maxLength: 3}', { kind: 'length', rule: 'length', min: 1, max: 3 }],
    ['status', "{pattern: '[A-Z]{2}'}", { kind: 'pattern', rule: 'pattern', pattern: '[A-Z]{2}' }],
    [
      'price',
      '{minimum: 0, maximum: 99.5}',
      { kind: 'range', rule: 'range', min: '0.00', max: '99.50', exclusiveMin: false, exclusiveMax: false },
    ],
    [
      'price',
      '{exclusiveMinimum: 0}',
      { kind: 'range', rule: 'range', min: '0.00', exclusiveMin: true, exclusiveMax: false },
    ],
    [
      'price',
      '{minimum: -1, exclusiveMinimum: true, maximum: 1, exclusiveMaximum: false}',
      { kind: 'range', rule: 'range', min: '-1.00', max: '1.00', exclusiveMin: true, exclusiveMax: false },
    ],
    [
      'ordered_on',
      '{minimum: 2020-02-29}',
      { kind: 'range', rule: 'range', min: '2020-02-29', exclusiveMin: false, exclusiveMax: false },
    ],
  ])('%s %s is a check', (name, options, check) => {
    expect(checks(withColumn(name, `logicalTypeOptions: ${options}`), name)).toEqual([check]);
  });

  test('of a timestamp are instants, and name its zone', () => {
    const options = '{minimum: "2020-01-01T00:00:00+01:00", timezone: true, defaultTimezone: Etc/UTC}';
    const text = edit(
      'logicalType: string',
      `logicalType: timestamp\n        logicalTypeOptions: ${options}`,
    );
    expect(checks(text, 'status')).toEqual([
      {
        kind: 'range',
        rule: 'range',
        min: '2019-12-31T23:00:00.000Z',
        exclusiveMin: false,
        exclusiveMax: false,
      },
    ]);
    expect(problemsOf(edit('Etc/UTC', 'London', text))[0]).toContain(
      "defaultTimezone: is 'London', which is no time zone of IANA (2026f); write one such as Europe/London, or an offset such as +02:00; did you mean 'Europe/London'?",
    );
  });

  test.each([
    [
      'status',
      '{maxLenght: 3}',
      ".maxLenght: is not a field here; use minLength, maxLength, pattern, format; did you mean 'maxLength'?",
    ],
    ['status', '{minLength: 4, maxLength: 3}', '.minLength: is 4, more than maxLength 3; swap them'],
    [
      'status',
      '{minLength: -1}',
      '.minLength: is the number -1, not such a number; write a whole number of at least 0',
    ],
    ['status', '{format: email}', '.format: is not checked by Assay; write a pattern instead'],
    [
      'status',
      "{pattern: '^(?!x)'}",
      '.pattern: uses lookahead, which RE2 does not have; write two checks or a record rule',
    ],
    ['price', '{multipleOf: 5}', '.multipleOf: is not checked by Assay; write a record rule instead'],
    ['price', '{minimum: 2, maximum: 1}', ': has a minimum 2.00 above its maximum 1.00; swap them'],
    [
      'price',
      '{minimum: 0.001}',
      '.minimum: is the number 0.001; write at most 2 decimals, as the column has',
    ],
    [
      'price',
      '{minimum: 0, exclusiveMinimum: 0}',
      '.exclusiveMinimum: stands beside minimum; write one of them',
    ],
    ['price', '{exclusiveMaximum: true}', '.exclusiveMaximum: is true with no maximum; write the bound'],
    [
      'price',
      '{minimum: 12345678901234567890}',
      '.minimum: has more digits than YAML numbers keep; write it in quotes',
    ],
    ['ordered_on', '{minimum: 2023-02-29}', ".minimum: is '2023-02-29'; write a date such as 2024-01-31"],
    ['ordered_on', '{format: dd.mm.yyyy}', '.format: has minutes (mm) and no month; write MM'],
    ['order_id', '{maximum: 1.5}', '.maximum: is the number 1.5; write a whole number'],
  ])('%s %s is a problem', (name, options, message) => {
    const index = ['order_id', 'ordered_on', 'price', 'status'].indexOf(name);
    const line = [12, 17, 21, 25][index];
    expect(problemsOf(withColumn(name, `logicalTypeOptions: ${options}`))).toEqual([
      `orders.yaml:${line}: schema[0].properties[${index}].logicalTypeOptions${message}`,
    ]);
  });
});

describe('quality of a column', () => {
  test.each([
    ['v3.1', '{metric: invalidValues, arguments: {validValues: [A, B]}, mustBe: 0}', 'valid_values'],
    ['v3.0', '{rule: invalidValues, validValues: [A, B]}', 'valid_values'],
    [
      'a name',
      '{name: state, type: library, metric: invalidValues, arguments: {validValues: [A, B]}}',
      'state',
    ],
  ])('in the words of %s lists valid values', (_, entry, rule) => {
    expect(checks(quality('status', entry), 'status')).toEqual([
      { kind: 'values', rule, values: ['A', 'B'] },
    ]);
  });

  test('may list values by the enum of v3.2, or a pattern', () => {
    expect(checks(withColumn('status', 'enum: [{value: A}, {value: B, label: b}]'), 'status')).toEqual([
      { kind: 'values', rule: 'enum', values: ['A', 'B'] },
    ]);
    expect(checks(quality('status', '{metric: invalidValues, arguments: {pattern: a+}}'), 'status')).toEqual([
      { kind: 'pattern', rule: 'pattern', pattern: 'a+' },
    ]);
  });

  test('has values as the column prints them', () => {
    const text = quality(
      'price',
      '{metric: invalidValues, arguments: {validValues: [1, 2.5, "003.10", -0]}}',
    );
    expect(checks(text, 'price')).toEqual([
      { kind: 'values', rule: 'valid_values', values: ['1.00', '2.50', '3.10', '0.00'] },
    ]);
  });

  test('of other engines, and text, is left to them', () => {
    expect(problemsOf(quality('status', '{type: custom, engine: soda, implementation: x}'))).toEqual([]);
    expect(problemsOf(quality('status', '{type: text, description: Mostly A}'))).toEqual([]);
  });

  test.each([
    [
      '{metric: nullValues, mustBe: 0}',
      ': is a nullValues check, which Assay does not make; write metric: invalidValues, or required: true for this',
    ],
    [
      '{metric: duplicateValues, mustBe: 0}',
      ': is a duplicateValues check, which Assay does not make; write metric: invalidValues, or primaryKey: true for this',
    ],
    ['{description: x}', ': names no metric; write metric: invalidValues'],
    [
      '{type: sql, query: SELECT 1, mustBe: 0}',
      '.type: is sql, which Assay does not run; write type: custom, engine: assay and a boolean expression',
    ],
    [
      '{type: libary, metric: invalidValues}',
      '.type: is no type of check; write one of library, text, custom',
    ],
    ['{type: custom}', '.engine: is missing; write the engine that makes the check, e.g. assay'],
    [
      '{type: custom, engine: assay, name: x, implementation: y}',
      ': is a record rule on a column; move it to the quality of the schema object',
    ],
    [
      '{metric: invalidValues, arguments: {validValues: []}}',
      '.arguments.validValues: lists no values; write [A, B, …]',
    ],
    [
      '{metric: invalidValues, arguments: {validValues: [007]}}',
      ".arguments.validValues[0]: is the number 7; write it in quotes: '7'",
    ],
    [
      '{metric: invalidValues, arguments: {values: [A]}, validValues: [A]}',
      ".arguments.values: is not a field here; write validValues or pattern; did you mean 'validValues'?",
    ],
    [
      '{metric: invalidValues, arguments: {validValues: [A]}, mustBeLessThan: 5}',
      '.mustBeLessThan: sets a threshold; Assay judges each record, and the contract limits the rate: write mustBe: 0',
    ],
    [
      '{metric: invalidValues, arguments: {validValues: [A]}, severity: warning}',
      '.severity: is not error; a check here always decides the verdict: write error, or make the check type: text',
    ],
    [
      '{metric: invalidValues, argments: {validValues: [A]}, validValues: [A]}',
      ".argments: is not a field here; engine-specific settings go under customProperties; did you mean 'arguments'?",
    ],
    [
      '{name: No Good, metric: invalidValues, arguments: {validValues: [A]}}',
      ".name: is 'No Good'; write a name of lower-case letters, digits and underscores: it appears in reasons",
    ],
  ])('%s is a problem', (entry, message) => {
    expect(problemsOf(quality('status', entry))).toContain(
      `orders.yaml:26: schema[0].properties[3].quality[0]${message}`,
    );
  });

  test('two checks of one name are a problem', () => {
    const entry = '{metric: invalidValues, arguments: {validValues: [A]}}';
    expect(problemsOf(withColumn('status', `quality: [${entry}, ${entry}]`))).toEqual([
      "orders.yaml:25: schema[0].properties[3].quality: is 'valid_values', which another check here is called already; give each its own name",
    ]);
  });
});

describe('record rules', () => {
  const rules = (...entries: string[]): string =>
    edit(
      '    customProperties:',
      ['    quality:', ...entries.map((entry) => `      - ${entry}`), '    customProperties:'].join('\n'),
    );

  test('are boolean expressions with a name', () => {
    const entry =
      '{name: paid_late, description: Late, type: custom, engine: assay, implementation: "price > 0 OR status = \'X\'"}';
    expect(parseContract('orders.yaml', rules(entry)).rules).toEqual([
      { rule: 'paid_late', description: 'Late', expression: "price > 0 OR status = 'X'" },
    ]);
  });

  test.each([
    [
      '{type: custom, engine: assay, implementation: x}',
      '.name: is missing; write a name of lower-case letters, digits and underscores: it appears in reasons',
    ],
    [
      '{type: custom, engine: assay, name: a}',
      '.implementation: is missing; write a boolean SQL expression over the columns',
    ],
    [
      '{type: library, metric: rowCount, mustBeGreaterThan: 0}',
      ': is a rowCount check, which Assay does not make; write a check on a property, or type: custom with engine: assay',
    ],
    ['just text', ': is not a check; write its fields as `name: value`'],
  ])('%s is a problem', (entry, message) => {
    expect(problemsOf(rules(entry))).toEqual([`orders.yaml:31: schema[0].quality[0]${message}`]);
  });

  test('of one name are a problem', () => {
    const entry = '{type: custom, engine: assay, name: a, implementation: x}';
    expect(problemsOf(rules(entry, entry))).toEqual([
      "orders.yaml:32: schema[0].quality[1].name: is 'a', which another check here is called already; give each its own name",
    ]);
  });
});
