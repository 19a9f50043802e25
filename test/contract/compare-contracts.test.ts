import { describe, expect, test } from '@jest/globals';
import { compareContracts } from '../../etl/contract/compare-contracts.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { edit, MONTHLY, ORDERS, withColumn, withColumnSetting, withSetting } from './fixture.ts';

const compare = (old: string, next: string) =>
  compareContracts(parseContract('a', old), parseContract('b', next));
const brief = (old: string, next: string): string[] =>
  compare(old, next)
    .changes.filter(({ path }) => path !== 'version')
    .map(({ kind, path, message }) => `${kind} ${path}: ${message}`);
const column = (required: boolean): string =>
  `      - name: note\n        logicalType: string\n        required: ${required}\n        classification: public\n    customProperties:\n`;

describe('compareContracts', () => {
  test('finds nothing in the same contract', () => {
    expect(compare(ORDERS, ORDERS)).toEqual({ compatible: true, needsMajor: false, changes: [] });
  });

  test('a new optional column is additive and compatible', () => {
    const next = edit('    customProperties:\n', column(false), edit('1.2.0', '1.3.0'));
    expect(compare(ORDERS, next)).toEqual({
      compatible: true,
      needsMajor: false,
      changes: [{ kind: 'additive', path: 'columns.note', message: 'is new and optional' }],
    });
  });

  test.each([
    [
      'a new required column',
      edit('    customProperties:\n', column(true)),
      'columns.note: is new and required: files without it are rejected',
    ],
    ['a removed column', ORDERS.replace(/ {6}- name: email\n.*\n.*\n/, ''), 'columns.email: was removed'],
    [
      'a changed type',
      edit('DECIMAL(10,2)', 'DECIMAL(12,2)'),
      'columns.price.type: was decimal(10,2), is decimal(12,2)',
    ],
    [
      'a column now required',
      withColumn('status', 'required: true'),
      'columns.status.required: is now required: files without it are rejected',
    ],
    [
      'another key',
      edit('name: ordered_on\n', 'name: ordered_on\n        primaryKey: true\n'),
      'key: was order_id, is order_id, ordered_on',
    ],
    [
      'no header where there was one',
      withSetting('assay.csv', '{columns: [order_id, ordered_on]}'),
      'csv.columns: were those of the header, are order_id, ordered_on',
    ],
    ['another delimiter', withSetting('assay.csv', '{delimiter: ;}'), 'csv.delimiter: was ,, is ;'],
    [
      'a format beside which ISO is gone',
      withColumnSetting('ordered_on', 'assay.formats', '[dd/MM/yyyy]'),
      'columns.ordered_on.formats: no longer has ISO 8601',
    ],
    [
      'refusing unknown columns',
      withSetting('assay.unknownColumns', 'reject'),
      'unknownColumns: was ignore, is reject',
    ],
  ])('%s is breaking', (_, next, change) => {
    expect(brief(ORDERS, next)).toContain(`breaking ${change}`);
    expect(compare(ORDERS, next)).toMatchObject({ compatible: false, needsMajor: true });
    expect(compare(ORDERS, edit('1.2.0', '2.0.0', next))).toMatchObject({
      compatible: false,
      needsMajor: false,
    });
  });

  test('a renamed column is one removed, with its new name, and one added', () => {
    const next = edit(
      'name: status\n',
      'name: state\n        customProperties: [{property: assay.headers, value: [Status]}]\n',
    );
    expect(brief(ORDERS, next)).toEqual([
      'breaking columns.status: was renamed to state',
      'additive columns.state: is new and optional',
    ]);
  });

  test('what was required and may be empty is breaking for readers', () => {
    expect(brief(withColumn('status', 'required: true'), ORDERS)).toEqual([
      'breaking columns.status.required: may now be empty: readers were promised a value',
    ]);
  });

  test('more spellings are neutral, fewer are breaking', () => {
    const few = withColumnSetting('price', 'assay.headers', '[Cost]');
    const more = withColumnSetting('price', 'assay.headers', '[COST, Amount]');
    expect(brief(few, more)).toEqual(['neutral columns.price.headers: also has amount']);
    expect(brief(more, few)).toEqual(['breaking columns.price.headers: no longer has amount']);
    const pounds = withColumnSetting('price', 'assay.number', "{group: ',', symbols: [£]}");
    expect(brief(ORDERS, pounds)).toEqual([
      'neutral columns.price.number.symbols: also has £',
      'neutral columns.price.number: accepts more spellings',
    ]);
    expect(brief(pounds, withColumnSetting('price', 'assay.number', "{decimal: ',', symbols: [£]}"))).toEqual(
      ['breaking columns.price.number: reads or refuses some numbers otherwise'],
    );
  });

  test.each([
    [
      'neutral columns.price.classification: was public, is internal',
      edit(
        'DECIMAL(10,2)\n        classification: public',
        'DECIMAL(10,2)\n        classification: internal',
      ),
    ],
    ['neutral columns.status.checks: changed', withColumn('status', 'logicalTypeOptions: {maxLength: 3}')],
    ['neutral columns.status.description: changed', withColumn('status', 'description: x')],
    ['additive unknownColumns: was ignore, is rescue', withSetting('assay.unknownColumns', 'rescue')],
    ['neutral limits: changed', withSetting('assay.limits', '{maxCondemned: 5}')],
    ['neutral csv.repeatedHeader: was absent, is skip', withSetting('assay.csv', '{repeatedHeader: skip}')],
    ['neutral csv.preambleLines: was 0, is 2', withSetting('assay.csv', '{preambleLines: 2}')],
    ['neutral csv.nullValues: changed', withSetting('assay.csv', '{nullValues: [x]}')],
    ['neutral owner: changed', edit('shop-data', 'others')],
  ])('%s', (change, next) => {
    expect(brief(ORDERS, next)).toEqual([change]);
    expect(compare(ORDERS, next).compatible).toBe(true);
  });

  test('columns in another order are told', () => {
    const next = edit('name: price', 'name: tmp', edit('name: status', 'name: price'));
    const swapped = edit('name: tmp', 'name: status', next);
    expect(brief(ORDERS, swapped)).toContain(
      'neutral columns: were in the order order_id, ordered_on, price, status, email',
    );
  });

  test('a version that stays though the contract changed is told, one that goes back is breaking', () => {
    expect(compare(ORDERS, edit('shop-data', 'others')).changes).toContainEqual({
      kind: 'neutral',
      path: 'version',
      message: 'is still 1.2.0, though the contract changed; raise it',
    });
    expect(compare(edit('1.2.0', '1.10.0'), ORDERS)).toMatchObject({
      compatible: false,
      changes: [{ kind: 'breaking', path: 'version', message: 'went back from 1.10.0 to 1.2.0' }],
    });
  });

  test('a Gold contract’s SQL and inputs are neutral', () => {
    expect(brief(MONTHLY, edit('same-month', 'month-and-later', MONTHLY))).toEqual([
      'neutral affects: changed',
    ]);
  });
});
