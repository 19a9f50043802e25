import { describe, expect, test } from '@jest/globals';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { edit, MONTHLY, ORDERS, problemsOf, withSetting } from './fixture.ts';

const source = (text: string): SourceContract => {
  const contract = parseContract('orders.yaml', text);
  if (contract.layer !== 'silver') throw new Error('not a source contract');
  return contract;
};

const VALUE = 'schema[0].customProperties[1].value';

describe('settings of a source contract', () => {
  test('are read', () => {
    const csv =
      "{delimiter: ';', quote: \"'\", escape: \"\\\\\", encodings: [utf-16le, windows-1252], nullValues: [' n/a ', 'NULL'], totalRow: {column: price}}";
    const text = `${withSetting('assay.csv', csv)}      - {property: assay.unknownColumns, value: rescue}
      - {property: assay.duplicates, value: keep-first}
      - {property: assay.measures, value: [{column: price, by: status}]}
      - {property: assay.limits, value: {maxQuarantineRate: 0.2, maxAttempts: 5}}
`;
    expect(source(text)).toMatchObject({
      csv: {
        delimiter: ';',
        quote: "'",
        escape: '\\',
        encodings: ['utf-16le', 'windows-1252'],
        nullValues: ['n/a', 'NULL'],
        totalRowColumn: 'price',
      },
      unknownColumns: 'rescue',
      duplicates: 'keep-first',
      measures: [{ column: 'price', by: 'status' }],
      limits: { maxQuarantineRate: 0.2, maxAttempts: 5, maxCondemned: 100 },
    });
  });

  test('say where the names of the columns stand', () => {
    const csv = (value: string) => source(withSetting('assay.csv', value)).csv;
    expect(csv('{preambleLines: 4}').preambleLines).toBe(4);
    expect(csv('{columns: [Order_ID, skipped, ordered_on]}').columns).toEqual([
      'Order_ID',
      'skipped',
      'ordered_on',
    ]);
    expect(csv('{}')).not.toHaveProperty('preambleLines');
    expect(csv('{}')).not.toHaveProperty('columns');
  });

  test('may say how loosely records are written', () => {
    const text = "{delimiter: ', ', escape: none, strayQuotes: text, extraFields: empty, skipSpaces: true}";
    expect(source(withSetting('assay.csv', text)).csv).toMatchObject({
      delimiter: ', ',
      escape: '',
      strayQuotes: 'text',
      extraFields: 'empty',
      skipSpaces: true,
    });
  });

  test('may be a tab as delimiter', () => {
    expect(source(withSetting('assay.csv', '{delimiter: "\\t"}')).csv.delimiter).toBe('\t');
  });

  test.each([
    [
      'assay.csv',
      '{delimeter: x}',
      ".delimeter: is not a field here; use delimiter, quote, escape, escapes, strayQuotes, skipSpaces, extraFields, encodings, nullValues, totalRow, footerLines, footerPattern, preambleLines, columns, skipLines, repeatedHeader; did you mean 'delimiter'?",
    ],
    [
      'assay.csv',
      '{delimiter: "||||||||;"}',
      ".delimiter: is '||||||||;'; write one to 8 ASCII signs or tabs, e.g. ',' or '||'",
    ],
    ['assay.csv', '{delimiter: ", \\""}', ".quote: is '\"', which is in the delimiter; write another sign"],
    [
      'assay.csv',
      '{escape: nothing}',
      ".escape: is 'nothing'; write one ASCII sign or a tab, e.g. '\"', or none",
    ],
    [
      'assay.csv',
      '{escapes: quotes}',
      '.escapes: is set without an escape of its own; write escape, or leave it out',
    ],
    [
      'assay.csv',
      '{delimiter: " ", skipSpaces: true}',
      '.skipSpaces: is set with a delimiter that begins with a space; leave it out',
    ],
    [
      'assay.csv',
      '{skipLines: 1}',
      '.skipLines: is set without columns; write columns, or preambleLines where a header follows',
    ],
    ['assay.csv', '{quote: ","}', ".quote: is ',', the delimiter; write two different signs"],
    ['assay.csv', '{escape: ","}', ".escape: is ',', the delimiter; write two different signs"],
    [
      'assay.csv',
      '{encodings: [utf8]}',
      ".encodings[0]: is 'utf8'; write one of utf-8, windows-1252, iso-8859-1, utf-16le, utf-16be; did you mean 'utf-8'?",
    ],
    [
      'assay.csv',
      '{encodings: [windows-1252, utf-8]}',
      '.encodings[0]: is windows-1252, which reads nearly any bytes, so that what stands after it is not tried; write windows-1252 behind utf-8, and iso-8859-1 last',
    ],
    ['assay.csv', '{nullValues: [NULL]}', ".nullValues[0]: is empty; write it in quotes, e.g. 'NULL'"],
    [
      'assay.csv',
      '{totalRow: {colum: price}}',
      ".totalRow.colum: is not a field here; write column; did you mean 'column'?",
    ],
    [
      'assay.csv',
      '{totalRow: {column: price}}',
      '.totalRow.column: is price, which is no measure; add it to assay.measures, so that the total is checked',
    ],
    [
      'assay.csv',
      '{totalRow: {column: prise}}',
      ".totalRow.column: is 'prise', which is no column of this contract; write one; did you mean 'price'?",
    ],
    [
      'assay.csv',
      '{columns: [order_id, status]}',
      '.columns: names no column for ordered_on, which is required; write its name where it stands',
    ],
    [
      'assay.csv',
      '{columns: [order_id, ordered_on, status, Status]}',
      '.columns: names status twice; give every other column a name of its own',
    ],
    [
      'assay.csv',
      '{columns: [order_id, ordered_on], preambleLines: 2}',
      '.preambleLines: is set beside columns, which say that there is no header; write one of the two, or skipLines for lines that are not to be read',
    ],
    ['assay.unknownColumns', 'keep', ": is 'keep'; write one of ignore, rescue, reject"],
    [
      'assay.duplicates',
      'keepFirst',
      ": is 'keepFirst'; write one of condemn, keep-first, replace; did you mean 'keep-first'?",
    ],
    [
      'assay.measures',
      '[{column: status}]',
      '[0].column: is status, a string; write a decimal or integer column: other sums are not exact',
    ],
    [
      'assay.measures',
      '[{column: cost}]',
      "[0].column: is 'cost', which is no column of this contract; write one",
    ],
    [
      'assay.measures',
      '[{column: price, by: stats}]',
      "[0].by: is 'stats', which is no column of this contract; write one; did you mean 'status'?",
    ],
    [
      'assay.measures',
      '[{column: price, by: email}]',
      '[0].by: is email, which is personal; the seal shows each value of it: write a public or internal column',
    ],
    [
      'assay.measures',
      '[price]',
      "[0]: is 'price', not a map; write its fields as `name: value`, one a line",
    ],
    [
      'assay.limits',
      '{maxQuarantineRate: 5}',
      '.maxQuarantineRate: is the number 5, not such a number; write a number from 0 to 1',
    ],
    [
      'assay.limits',
      '{maxAttempts: 0}',
      '.maxAttempts: is the number 0, not such a number; write a whole number of at least 1',
    ],
    [
      'assay.limits',
      '{maxAtempts: 3}',
      ".maxAtempts: is not a field here; use maxAttempts, maxQuarantineRate, smallBatchRecords, maxCondemned, breakerErrors, breakerShare, breakerWindowMinutes, maxRecordBytes, maxUnpackedBytes; did you mean 'maxAttempts'?",
    ],
  ])('%s %s is a problem', (property, value, message) => {
    expect(problemsOf(withSetting(property, value))).toContain(`orders.yaml:34: ${VALUE}${message}`);
  });

  test.each([
    [
      'assay.sql',
      'x.sql',
      '33: schema[0].customProperties[1]: gives assay.sql, which is for gold contracts; this one is silver: remove it',
    ],
    [
      'assay.measure',
      '[]',
      "33: schema[0].customProperties[1].property: is 'assay.measure', which Assay doesn't know; did you mean 'assay.measures'?",
    ],
    [
      'assay_limits',
      '{}',
      "33: schema[0].customProperties[1].property: is 'assay_limits', which Assay doesn't know; did you mean 'assay.limits'?",
    ],
    [
      'assay.headers',
      '[]',
      '33: schema[0].customProperties[1].property: is assay.headers, which belongs on a column; move it there',
    ],
    [
      'assay.partitionColumn',
      'ordered_on',
      '33: schema[0].customProperties[1]: repeats assay.partitionColumn; write it once',
    ],
  ])('%s %s is a problem of its name', (property, value, problem) => {
    expect(problemsOf(withSetting(property, value))).toEqual([`orders.yaml:${problem}`]);
  });

  test('an unknown name far from all is told which there are', () => {
    expect(problemsOf(withSetting('assay.zzzzzzzz', '1'))[0]).toContain(
      'here it knows assay.layer, assay.partitionColumn, assay.csv',
    );
  });
});

describe('the partition column', () => {
  test.each([
    [
      'value: ordered_on',
      'value: status',
      'is status, a string; write a date or timestamp column: its month partitions the table',
    ],
    [
      'value: ordered_on',
      'value: ordered',
      "is 'ordered', which is no column of this contract; write one; did you mean 'ordered_on'?",
    ],
    [
      'logicalType: date\n        required: true',
      'logicalType: date\n        required: false',
      'is ordered_on, which may be empty; write required: true on it: its month partitions the table',
    ],
  ])('%j → %j is a problem', (piece, by, message) => {
    expect(problemsOf(edit(piece, by))).toContain(
      `orders.yaml:32: schema[0].customProperties[0].value: ${message}`,
    );
  });

  test('is missing', () => {
    const without = ORDERS.slice(0, ORDERS.indexOf('    customProperties:'));
    expect(problemsOf(without)).toEqual([
      'orders.yaml:9: schema[0].customProperties.assay.partitionColumn: is missing; write the date or timestamp column whose month partitions the table, or arrived_at where the files have none',
    ]);
  });
});

describe('settings of a Gold contract', () => {
  test.each([
    [
      'shop/monthly.sql',
      '../x.sql',
      "24: schema[0].customProperties[1].value: is '../x.sql'; write the path of its SQL under sql/gold, e.g. finance/account_balances.sql",
    ],
    [
      '[shop.orders]',
      '[]',
      '26: schema[0].customProperties[2].value: is an empty list; write the Silver datasets that the SQL reads as [domain.name]',
    ],
    [
      '[shop.orders]',
      '[orders]',
      "26: schema[0].customProperties[2].value[0]: is 'orders'; write a Silver dataset as <domain>.<name>",
    ],
    [
      'value: same-month',
      'value: month',
      "28: schema[0].customProperties[3].value: is 'month'; write one of same-month, month-and-later; did you mean 'same-month'?",
    ],
    [
      '      - property: assay.affects\n        value: same-month\n',
      '',
      '20: schema[0].customProperties.assay.affects: is missing; write one of same-month, month-and-later',
    ],
    [
      'assay.layer\n        value: gold',
      'assay.layer\n        value: bronze',
      "22: schema[0].customProperties[0].value: is 'bronze'; write one of silver, gold, projection",
    ],
    [
      'name: orders\n',
      'name: silver_snapshot_id\n',
      "16: schema[0].properties[1].name: is 'silver_snapshot_id', which Assay adds itself (silver_snapshot_id); name it otherwise",
    ],
    [
      'name: orders\n',
      'name: orders\n        customProperties: [{property: assay.headers, value: [A]}]\n',
      '17: schema[0].properties[1].customProperties[0].value: gives assay.headers, which is for silver contracts; remove it',
    ],
  ])('%j → %j is a problem', (piece, by, problem) => {
    expect(problemsOf(edit(piece, by, MONTHLY), 'monthly.yaml')).toContain(`monthly.yaml:${problem}`);
  });
});
