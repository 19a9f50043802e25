import { describe, expect, test } from '@jest/globals';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { registryVerdicts } from '../../etl/contract/registry-modes.ts';
import { edit, ORDERS, withColumn } from './fixture.ts';

const column = (required: boolean): string =>
  `      - name: note\n        logicalType: string\n        required: ${required}\n        classification: public\n    customProperties:\n`;

/** The modes by which a version may follow. */
function modes(old: string, next: string): string {
  const verdicts = registryVerdicts(parseContract('a', old), parseContract('b', next));
  return Object.entries(verdicts)
    .flatMap(([mode, { compatible }]) => (compatible ? [mode] : []))
    .join(' ');
}

const ALL = 'NONE BACKWARD FORWARD FULL';
const values = (list: string): string =>
  withColumn(
    'status',
    'quality:',
    '  - type: library',
    '    metric: invalidValues',
    '    mustBe: 0',
    `    arguments: {validValues: [${list}]}`,
  );

describe('how versions may follow one another, each with its reverse', () => {
  test.each([
    ['nothing changed', ORDERS, ORDERS, ALL, ALL],
    ['a new optional column', ORDERS, edit('    customProperties:\n', column(false)), ALL, ALL],
    [
      'a new required column',
      ORDERS,
      edit('    customProperties:\n', column(true)),
      'NONE FORWARD',
      'NONE BACKWARD',
    ],
    ['a wider decimal', ORDERS, edit('DECIMAL(10,2)', 'DECIMAL(12,2)'), 'NONE BACKWARD', 'NONE FORWARD'],
    [
      'more digits behind the point, fewer before',
      ORDERS,
      edit('DECIMAL(10,2)', 'DECIMAL(10,3)'),
      'NONE',
      'NONE',
    ],
    [
      'a required value',
      ORDERS,
      edit('      - name: status\n', '      - name: status\n        required: true\n'),
      'NONE FORWARD',
      'NONE BACKWARD',
    ],
    [
      'another type',
      ORDERS,
      edit('name: status\n        logicalType: string', 'name: status\n        logicalType: integer'),
      'NONE',
      'NONE',
    ],
    ['a new list of values', ORDERS, values('a, b'), 'NONE FORWARD', 'NONE BACKWARD'],
    ['one more value', values('a, b'), values('a, b, c'), 'NONE BACKWARD', 'NONE FORWARD'],
    [
      'a column that strangers may not have',
      edit(
        '    customProperties:\n',
        `${column(false)}      - property: assay.unknownColumns\n        value: reject\n`,
      ),
      edit(
        '    customProperties:\n',
        '    customProperties:\n      - property: assay.unknownColumns\n        value: reject\n',
      ),
      'NONE FORWARD',
      'NONE BACKWARD',
    ],
  ])('%s', (_, old, next, there, back) => {
    expect([modes(old, next), modes(next, old)]).toEqual([there, back]);
  });

  test('reasons say by which version, and what', () => {
    const next = edit('    customProperties:\n', column(true));
    expect(registryVerdicts(parseContract('a', ORDERS), parseContract('b', next)).FULL).toEqual({
      compatible: false,
      because: ['by the new version note is required, and was never written'],
    });
  });
});
