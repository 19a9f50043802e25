import { describe, expect, test } from '@jest/globals';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { edit, ORDERS, problemsOf, withColumn, withColumnSetting } from './fixture.ts';

const column = (text: string, name: string) =>
  parseContract('orders.yaml', text).columns.find((found) => found.name === name);

describe('a column', () => {
  test.each([
    ['integer', undefined, { kind: 'long' }],
    ['timestamp', undefined, { kind: 'timestamptz' }],
    ['boolean', 'BOOL', { kind: 'boolean' }],
    ['string', 'VARCHAR(10)', { kind: 'string' }],
    ['number', 'DECIMAL(38,38)', { kind: 'decimal', precision: 38, scale: 38 }],
    ['number', 'numeric(5, 0)', { kind: 'decimal', precision: 5, scale: 0 }],
    ['number', 'DOUBLE', { kind: 'double' }],
  ])('of type %s as %s is a %j', (logical, physical, type) => {
    const lines = [
      `logicalType: ${logical}`,
      ...(physical === undefined ? [] : [`physicalType: ${physical}`]),
    ];
    const text = edit('logicalType: string', lines.join('\n        '));
    expect(column(text, 'status')?.type).toEqual(type);
  });

  test.each([
    [
      'physicalType: DECIMAL(10,2)\n        ',
      '',
      '20: schema[0].properties[2].physicalType: is missing; write DECIMAL(p,s), e.g. DECIMAL(18,2), or DOUBLE if rounding does no harm',
    ],
    [
      'DECIMAL(10,2)',
      'FLOAT',
      "22: schema[0].properties[2].physicalType: is 'FLOAT'; write DECIMAL(p,s) with p from 1 to 38 and s from 0 to p, or DOUBLE",
    ],
    [
      'DECIMAL(10,2)',
      'DECIMAL(39,2)',
      "22: schema[0].properties[2].physicalType: is 'DECIMAL(39,2)'; write DECIMAL(p,s) with p from 1 to 38 and s from 0 to p, or DOUBLE",
    ],
    [
      'logicalType: string',
      'logicalType: text',
      "25: schema[0].properties[3].logicalType: is 'text'; write one of string, integer, number, date, timestamp, boolean",
    ],
    [
      '        logicalType: string\n',
      '',
      '24: schema[0].properties[3].logicalType: is missing; write one of string, integer, number, date, timestamp, boolean',
    ],
    [
      '        classification: internal\n',
      '',
      '11: schema[0].properties[0].classification: is missing; write one of public, internal, confidential, personal: no classification, no contract',
    ],
    [
      'classification: internal',
      'classification: restricted',
      "15: schema[0].properties[0].classification: is 'restricted'; write one of public, internal, confidential, personal: no classification, no contract",
    ],
    [
      'required: true',
      'requird: true',
      "13: schema[0].properties[0].requird: is not a field here; own fields go under customProperties; did you mean 'required'?",
    ],
    [
      'required: true',
      'required: yes',
      "13: schema[0].properties[0].required: is 'yes', not true or false; write true or false",
    ],
    [
      'name: price',
      'name: Price',
      "20: schema[0].properties[2].name: is 'Price'; write a name of lower-case letters, digits and underscores, e.g. net_amount",
    ],
    [
      'name: price',
      'name: run_id',
      "20: schema[0].properties[2].name: is 'run_id', which Assay adds itself (row_hash, source_file_id, source_row_number, attempt_count, ingestion_timestamp, run_id, rescued); name it otherwise",
    ],
    [
      'name: email',
      'name: status',
      "27: schema[0].properties[4].name: is 'status', which another column has; name it otherwise",
    ],
    [
      '        primaryKey: true\n',
      '',
      '10: schema[0].properties: has no key; write primaryKey: true on the columns that tell records apart, or assay.key: record where none do',
    ],
    [
      'required: true\n        primaryKey',
      'required: false\n        primaryKey',
      '13: schema[0].properties[0].required: is not true, but order_id is part of the key; write required: true',
    ],
    [
      'name: price\n',
      'name: price\n        primaryKeyPosition: 1\n',
      '21: schema[0].properties[2].primaryKeyPosition: is 1, but price is not part of the key; write primaryKey: true',
    ],
    [
      'name: price\n',
      'name: price\n        unique: true\n',
      '21: schema[0].properties[2].unique: is a check that Assay makes for the key only; write primaryKey: true',
    ],
  ])('%j → %j', (piece, by, problem) => {
    const found = problemsOf(edit(piece, by));
    expect(found).toContain(`orders.yaml:${problem}`);
    expect(found).toHaveLength(by.startsWith('requird') ? 2 : 1);
  });

  test('of the key has a position, or none has', () => {
    const both = edit(
      'name: ordered_on\n',
      'name: ordered_on\n        primaryKey: true\n        primaryKeyPosition: 1\n',
    );
    expect(problemsOf(both)).toEqual([
      'orders.yaml:18: schema[0].properties[1].primaryKeyPosition: does not put the key in one order; write 1, 2, … on its columns, or on none',
    ]);
    const ordered = edit('primaryKey: true\n', 'primaryKey: true\n        primaryKeyPosition: 2\n', both);
    expect(parseContract('orders.yaml', ordered).key).toEqual(['ordered_on', 'order_id']);
  });
});

describe('headers', () => {
  test('are the name and its aliases, each spelling once', () => {
    const text = withColumnSetting('price', 'assay.headers', "[Price, 'Unit  price', ' unit PRICE', Preis]");
    expect(column(text, 'price')?.headers).toEqual(['price', 'Unit  price', 'Preis']);
  });

  test('can’t mean two columns, whatever their case and blanks', () => {
    const one = withColumnSetting('price', 'assay.headers', "['Order  Value']");
    const two = edit(
      '- name: email\n',
      "- name: email\n        customProperties: [{property: assay.headers, value: ['order value', STATUS]}]\n",
      one,
    );
    expect(problemsOf(two)).toEqual([
      "orders.yaml:30: schema[0].properties[4]: has the header 'order value', which already means column price; keep it on one of them",
      "orders.yaml:30: schema[0].properties[4]: has the header 'STATUS', which already means column status; keep it on one of them",
    ]);
  });

  test.each([
    ['[]', 'is an empty list; write the header spellings as [A, B, …]'],
    ['Price', "is 'Price', not a list; write the header spellings as [A, B, …]"],
  ])('%s is a problem', (value, message) => {
    expect(problemsOf(withColumnSetting('price', 'assay.headers', value))).toEqual([
      `orders.yaml:23: schema[0].properties[2].customProperties[0].value: ${message}`,
    ]);
  });

  test('each wrong spelling is a problem of its own', () => {
    expect(problemsOf(withColumnSetting('price', 'assay.headers', "[1, '']"))).toEqual([
      "orders.yaml:23: schema[0].properties[2].customProperties[0].value[0]: is the number 1, not a text; write it in quotes: '1'",
      'orders.yaml:23: schema[0].properties[2].customProperties[0].value[1]: is empty; write a header spelling',
    ]);
  });
});

describe('formats', () => {
  test('come from assay.formats and logicalTypeOptions.format', () => {
    const text = withColumn(
      'ordered_on',
      'logicalTypeOptions: {format: dd-MMM-yy}',
      'customProperties: [{property: assay.formats, value: [dd/MM/yyyy, dd-MMM-yy]}]',
    );
    expect(column(text, 'ordered_on')?.formats).toEqual(['dd/MM/yyyy', 'dd-MMM-yy']);
  });

  test.each([
    ['[dd/mm/yyyy]', '[0]: has minutes (mm) and no month; write MM'],
    ['[dd/MM]', '[0]: has no year; add it'],
    [
      '[DD/MM/YYYY]',
      "[0]: has 'DD', which Assay doesn't read; write dd, and put plain text between single quotes",
    ],
    ["['%d/%m/%Y']", "[0]: uses strftime's %; write the JDK's letters, e.g. dd/MM/yyyy"],
    [
      '[dd/MM/yyyy, MM/dd/yyyy]',
      ': reads one text as two dates by dd/MM/yyyy and MM/dd/yyyy; keep one of them',
    ],
    [
      '[yyyy-MM-dd HH:mm]',
      "[0]: has a time of day (hour), which a date would lose; use logicalType timestamp, or quote a constant time: '00:00'",
    ],
  ])('%s is a problem', (formats, message) => {
    expect(problemsOf(withColumnSetting('ordered_on', 'assay.formats', formats))).toEqual([
      `orders.yaml:19: schema[0].properties[1].customProperties[0].value${message}`,
    ]);
  });

  test('are for dates and timestamps', () => {
    expect(problemsOf(withColumnSetting('status', 'assay.formats', '[dd/MM/yyyy]'))).toEqual([
      'orders.yaml:27: schema[0].properties[3].customProperties[0].value: is for date and timestamp columns; remove it',
    ]);
  });
});

describe('number spellings', () => {
  test('are read', () => {
    const value = "{decimal: ',', group: '.', symbols: [€, EUR], parentheses: true}";
    expect(column(withColumnSetting('price', 'assay.number', value), 'price')?.number).toEqual({
      decimal: ',',
      group: '.',
      symbols: ['€', 'EUR'],
      parentheses: true,
    });
  });

  test.each([
    ["{group: '.'}", ".group: is '.', the decimal sign; write two different signs"],
    [
      "{groups: ','}",
      ".groups: is not a field here; use decimal, group, grouping, symbols, symbolsAt, trailingSign, exponent, minus, parentheses; did you mean 'group'?",
    ],
    ['{grouping: lakh}', ".grouping: is set without the sign between the groups; write group, e.g. ','"],
    ['{symbolsAt: after}', ".symbolsAt: is set without symbols; write symbols, e.g. ['€'], or leave it out"],
    [
      "{symbols: ['1']}",
      ".symbols[0]: is '1'; write a currency symbol such as £, of letters and currency signs alone",
    ],
    ['{decimal: ;}', ".decimal: is ';'; write one of ., ,"],
  ])('%s is a problem', (value, message) => {
    expect(problemsOf(withColumnSetting('price', 'assay.number', value))).toEqual([
      `orders.yaml:23: schema[0].properties[2].customProperties[0].value${message}`,
    ]);
  });

  test.each([
    ...['-', '\u2212', '\u2010', '\u2013', '\u2014', '\ufe63', '\uff0d', '\u2796', '\u02d7', '\u207b'],
    ...['%', '\u2030', '+', '\u00b1', '(', '.', ',', "'", '\u2019', '\u00a0', '<', '~', '/', '*'],
    ...['2', '\u00b2', '\u00bd', '\u0665', '\u56db', '\u4e00', '\u30fc', '\u2163', 'US1$', '\u20ac\u2212'],
    ...['CR', 'dr', 'minus', 'k', 'Mio'],
  ])('%j is no symbol: a value without it would be another', (symbol) => {
    const problems = problemsOf(
      withColumnSetting('price', 'assay.number', `{symbols: [${JSON.stringify(symbol)}]}`),
    );
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('.symbols[0]: is ');
  });

  test.each([
    '\u00a3',
    'US$',
    'EUR',
    'z\u0142',
    'kr',
    '\u20b9',
    '\u5186',
    'R$',
    '\u062f\u002e\u0625'.replace('.', ''),
  ])('%j is a symbol', (symbol) => {
    const setting = `{symbols: [${JSON.stringify(symbol)}]}`;
    expect(problemsOf(withColumnSetting('price', 'assay.number', setting))).toEqual([]);
  });

  test('dashes may mean a minus, and nothing else may', () => {
    const read = (minus: string) => withColumnSetting('price', 'assay.number', `{minus: ['${minus}']}`);
    expect(column(read('\u2212'), 'price')?.number.minus).toEqual(['\u2212']);
    for (const other of ['-', '+', '~', '\u2212\u2212', 'a'])
      expect(problemsOf(read(other))[0]).toContain('.minus[0]: is ');
  });

  test('are for numbers', () => {
    expect(problemsOf(withColumnSetting('status', 'assay.number', '{}'))).toEqual([
      'orders.yaml:27: schema[0].properties[3].customProperties[0].value: is for number and integer columns; remove it',
    ]);
  });
});

describe('assay.values', () => {
  test('iso-4217 is the list of active currency codes', () => {
    const check = column(withColumnSetting('status', 'assay.values', 'iso-4217'), 'status')?.checks[0];
    expect(check).toMatchObject({ kind: 'values', rule: 'iso_4217' });
    const values = check?.kind === 'values' ? check.values : [];
    expect(values).toHaveLength(178);
    expect(values).toEqual(expect.arrayContaining(['GBP', 'EUR', 'USD', 'JPY', 'XCG']));
    expect(values).not.toContain('DEM');
    expect(values.every((code) => /^[A-Z]{3}$/.test(code))).toBe(true);
  });

  test('another list is a problem', () => {
    expect(problemsOf(withColumnSetting('status', 'assay.values', 'iso-3166'))).toEqual([
      "orders.yaml:27: schema[0].properties[3].customProperties[0].value: is 'iso-3166'; write iso-4217 (own values go into quality: invalidValues)",
    ]);
  });

  test('a setting on the wrong place is a problem', () => {
    expect(problemsOf(withColumnSetting('status', 'assay.measures', '[]'))).toEqual([
      'orders.yaml:26: schema[0].properties[3].customProperties[0].property: is assay.measures, which belongs on the contract or its schema object; move it there',
    ]);
    expect(problemsOf(withColumnSetting('status', 'assay.header', '[A]'))).toEqual([
      "orders.yaml:26: schema[0].properties[3].customProperties[0].property: is 'assay.header', which Assay doesn't know; did you mean 'assay.headers'?",
    ]);
    expect(problemsOf(ORDERS)).toEqual([]);
  });
});
