import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { writtenNumber } from '../../etl/contract/read-number-format.ts';
import { isIban } from '../../etl/inferring/guess-classification.ts';
import { datePatterns } from '../../etl/inferring/readings.ts';
import { columnOf, contractOf, infer, notesOf } from './infer.ts';

/** A file of a key, a date and one column under test. */
const file = (header: string, values: readonly string[]): string =>
  ['id,sold on', ...values.map((_, n) => `A${n + 1},2024-01-${String((n % 28) + 1).padStart(2, '0')}`)]
    .map((line, n) => `${line},${n === 0 ? header : (values[n - 1] ?? '')}\n`)
    .join('');
const guess = async (header: string, values: readonly string[]) => {
  const proposal = await infer({ 'a.csv': file(header, values) });
  const column = proposal.columns[2];
  if (column === undefined) throw new Error('no third column');
  contractOf(proposal);
  return { ...column, text: notesOf(proposal), csv: proposal.csv };
};

describe('numbers', () => {
  test.each([
    ['whole', ['1', '-20', '300'], { kind: 'long' }, {}],
    ['decimals', ['1.5', '-20.25', '300'], { kind: 'decimal', precision: 18, scale: 2 }, {}],
    ['thousands', ['"1,250.00"', '99.90'], { kind: 'decimal', precision: 18, scale: 2 }, { group: ',' }],
    [
      'a decimal comma',
      ['"1.250,00"', '"99,90"'],
      { kind: 'decimal', precision: 18, scale: 2 },
      { decimal: ',', group: '.' },
    ],
    [
      'pounds and parentheses',
      ['£1.50', '(£2.00)'],
      { kind: 'decimal', precision: 18, scale: 2 },
      { symbols: ['£'], parentheses: true },
    ],
    ['many digits', ['12345678901234567890.123456'], { kind: 'decimal', precision: 38, scale: 6 }, {}],
    ['exponents', ['1e5', '2.5E-3'], { kind: 'double' }, {}],
  ])('%s', async (_, values, type, number) => {
    const column = await guess('size', values);
    expect(column.type).toEqual(type);
    expect(column.number).toEqual({ decimal: '.', symbols: [], parentheses: false, ...number });
  });

  test('leading zeros make a code, which stays text', async () => {
    const column = await guess('branch', ['003', '205', '012']);
    expect(column.type).toEqual({ kind: 'string' });
    expect(column.text).toContain('2 of 3 values begin with a zero');
  });

  test('a header that speaks of a code, too', async () => {
    expect((await guess('cost code', ['3', '205'])).type).toEqual({
      kind: 'decimal',
      precision: 18,
      scale: 2,
    });
    expect((await guess('product code', ['3', '205'])).type).toEqual({ kind: 'string' });
  });

  test('money has two decimals even where none was seen', async () => {
    const column = await guess('Total price', ['10', '20']);
    expect(column.type).toEqual({ kind: 'decimal', precision: 18, scale: 2 });
    expect(column.text).toContain('review columns.total_price: No decimals were seen');
  });

  test('a stray text in a hundred is told, more of them make it text', async () => {
    const values = Array.from({ length: 100 }, (_, n) => (n === 50 ? 'x' : String(n)));
    const column = await guess('size', values);
    expect(column.type).toEqual({ kind: 'long' });
    expect(column.text).toContain(
      'review columns.size: 99 of 100 non-blank values are whole numbers; the other 1 would be quarantined',
    );
    expect(
      (
        await guess(
          'size',
          values.map((value, n) => (n % 10 === 0 ? 'x' : value)),
        )
      ).type,
    ).toEqual({ kind: 'string' });
  });
});

describe('dates', () => {
  test.each([
    ['ISO', ['2024-01-31', '2024-02-01'], 'date', []],
    ['day first, as one of them shows', ['05/01/2024', '31/01/2024'], 'date', ['dd/MM/yyyy']],
    ['month first, as one of them shows', ['05/01/2024', '01/31/2024'], 'date', ['MM/dd/yyyy']],
    ['of one or two digits', ['5/1/2024', '31/12/2024'], 'date', ['d/M/yyyy']],
    [
      'with names of months, in two spellings',
      ['02-Mar-12', '28-May-2013'],
      'date',
      ['dd-MMM-yy', 'dd-MMM-yyyy'],
    ],
    ['long names', ['2 March 2012', '28 May 2013'], 'date', ['d MMMM yyyy']],
    ['months', ['2011-08', '2012-11', '2013-01'], 'date', ['yyyy-MM']],
    ['months, the year behind', ['08/2011', '11/2012'], 'date', ['MM/yyyy']],
    ['months by name', ['Aug 2011', 'Nov 2012'], 'date', ['MMM yyyy']],
    ['months by their whole name', ['August-11', 'November-12'], 'date', ['MMMM-yy']],
    ['no months but financial years', ['2009-10', '2010-11', '2011-12'], 'string', []],
    ['at midnight', ['05/01/2024 00:00:00', '31/01/2024 00:00:00'], 'date', ["dd/MM/yyyy '00:00:00'"]],
    ['and times', ['2024-01-31T13:45:00Z', '2024-02-01T00:00:00.123+01:00'], 'timestamptz', []],
    [
      'and times in another form',
      ['31/01/2024 13:45', '01/02/2024 00:00'],
      'timestamptz',
      ['dd/MM/yyyy HH:mm'],
    ],
    [
      'and times with AM and PM',
      ['1/31/2024 1:45 PM', '2/1/2024 12:00 AM'],
      'timestamptz',
      ['M/d/yyyy h:mm a'],
    ],
  ])('%s', async (_, values, kind, formats) => {
    const column = await guess('when', values);
    expect(column.type).toEqual({ kind });
    expect([...column.formats].sort()).toEqual(formats);
  });

  test('say how many decided between day and month', async () => {
    const { text } = await guess('when', ['05/01/2024', '06/01/2024', '31/01/2024']);
    expect(text).toContain('seen columns.when: 3 of 3 non-blank values parse as dd/MM/yyyy.');
    expect(text).toContain('seen columns.when: 1 of them parse only so, not as MM/dd/yyyy.');
  });

  test('that may be either are to be reviewed', async () => {
    const { text } = await guess('when', ['05/01/2024', '06/01/2024']);
    expect(text).toContain(
      'review columns.when: Nothing tells dd/MM/yyyy from MM/dd/yyyy: every value may be either.',
    );
  });

  test.each([
    ['99/99/9999', ['dd/MM/yyyy', 'MM/dd/yyyy']],
    ['9.9.99', ['d.M.yy', 'M.d.yy']],
    ['99-a-99', ['dd-MMM-yy', 'dd-MMMM-yy']],
    ['9999-99-99 99:99:99.999', ['yyyy-MM-dd HH:mm:ss.SSS']],
    ['99/99/99', ['dd/MM/yy', 'MM/dd/yy', 'yy/MM/dd']],
    ['a 9', []],
    ['999/99/9', []],
  ])('%s may be %j', (text, patterns) => {
    expect(datePatterns(text).patterns).toEqual(patterns);
  });
});

describe('texts', () => {
  test('that say yes or no are booleans, 0 and 1 are numbers', async () => {
    expect((await guess('paid', ['Yes', 'No', 'yes'])).type).toEqual({ kind: 'boolean' });
    expect((await guess('paid', ['0', '1', '1'])).type).toEqual({ kind: 'long' });
  });

  test('that stand for no value are told apart from values', async () => {
    const column = await guess('size', ['1', 'n/a', '2', '-']);
    expect(column.type).toEqual({ kind: 'long' });
    expect(column.required).toBe(false);
    expect(column.csv.nullValues).toEqual(['n/a']);
    expect(column.nullValues).toEqual(['-']);
    expect(column.text).toContain('review columns.size: "-" stands for no value here, 1 times.');
    const kept = await guess('note', ['x', 'none', '-']);
    expect(kept.csv.nullValues).toEqual([]);
  });

  test('currencies are a code list, and group the measures', async () => {
    const text = 'id,day,total,currency\nA,2024-01-01,1.50,GBP\nB,2024-01-02,2.50,EUR\n';
    const proposal = await infer({ 'a.csv': text });
    expect(columnOf(proposal, 'currency').isCurrency).toBe(true);
    expect(proposal.measures).toEqual([{ column: 'total', by: 'currency' }]);
  });

  test.each([
    ['contact point', ['ann@example.org', 'bob@example.org'], 'mail addresses'],
    ['ref', ['GB82WEST12345698765432', 'DE89 3704 0044 0532 0130 00'], 'IBANs; the check digits of 2 of 2'],
    ['reach', ['+44 20 7946 0018', '0113 496 0000'], 'phone numbers'],
    ['where', ['LS1 1UR', 'SW1A 1AA'], 'British postcodes'],
    ['Customer Name', ['Ann Lee', 'Bob Ray'], 'its header speaks of a person'],
    ['Supplier', ['Ann Lee', 'Bob Ray'], 'such names are often those of people'],
    ['Date of Birth', ['1970-01-31', '1980-01-31'], 'its header speaks of a person'],
  ])('%s is personal', async (header, values, why) => {
    const column = await guess(header, values);
    expect(column.classification).toBe('personal');
    expect(column.text).toContain(why);
    for (const value of values) expect(column.text).not.toContain(value);
  });

  test('dates that look like phone numbers are internal', async () => {
    const column = await guess('booked', ['01.03.2024', '02.03.2024', '04.03.2024', '15.03.2024']);
    expect([column.type.kind, column.classification]).toEqual(['date', 'internal']);
  });

  test('what nothing speaks of is internal', async () => {
    expect((await guess('Product name', ['Bolt', 'Nut'])).classification).toBe('internal');
  });

  test.each(['Ship Name', 'Payee', 'Billing Name'])('%s is personal', async (header) => {
    const proposal = await infer({
      'a.csv': `id;day;${header}\n1;2024-01-05;Fry plc\n2;2024-01-06;Ann Lee\n`,
    });
    expect(proposal.columns[2]?.classification).toBe('personal');
  });

  test.each([
    ['product code', 'MG-010', 'seen columns.product_code: Its header says that it is a code'],
    ['iban', 'DE89 3704 0044 0532 0130 00', 'seen columns.iban: Its header says that it is a code'],
    ['branch code', '4711', 'seen columns.branch_code: All digits, but its header says that it is a code'],
  ])('what is said of %s %s is true', async (header, value, evidence) => {
    const rows = [1, 2, 3].map((n) => `${n};2024-01-0${n};${value}\n`).join('');
    expect(notesOf(await infer({ 'a.csv': `id;day;${header}\n${rows}` }))).toContain(evidence);
  });

  test('no value of a personal column goes into the proposal', async () => {
    const rows = ['3,281', '4,902', '7,115'].map(
      (pay, n) => `${n};2024-01-0${n + 1};${pay};${n < 2 ? 'yes' : 'no'}\n`,
    );
    const notes = notesOf(await infer({ 'a.csv': `id;day;salary;contact\n${rows.join('')}` }));
    expect(notes).toContain('review columns.salary: In 3 values, ');
    expect(notes).not.toMatch(/3,281|4,902|7,115|yes \(/);
  });

  test('the check digits of an IBAN', () => {
    expect(isIban('GB82 WEST 1234 5698 7654 32')).toBe(true);
    expect(isIban('GB83 WEST 1234 5698 7654 32')).toBe(false);
    expect(isIban('hello')).toBe(false);
  });
});

describe('the key', () => {
  const rows = (make: (n: number) => string) =>
    Array.from({ length: 300 }, (_, n) => `${make(n)}\n`).join('');

  test('is the one column without repeats whose header speaks of identity', async () => {
    const proposal = await infer({ 'a.csv': `name,number,day\n${rows((n) => `n${n},${n},2024-01-05`)}` });
    expect(proposal.key).toEqual(['number']);
    expect(proposal.partitionColumn).toBe('day');
  });

  test('is two columns where one repeats', async () => {
    const proposal = await infer({
      'a.csv': `number,day\n${rows((n) => `${n % 150},2024-0${n < 150 ? 1 : 2}-05`)}`,
    });
    expect(proposal.key).toEqual(['number', 'day']);
    expect(notesOf(proposal)).toContain('No two of 300 records have the same number and day.');
  });

  test('may have a few repeats, to be reviewed', async () => {
    const proposal = await infer({ 'a.csv': `number,day\n${rows((n) => `${n === 7 ? 8 : n},2024-01-05`)}` });
    expect(proposal.key).toEqual(['number']);
    expect(notesOf(proposal)).toContain("review key: 1 record of 300 repeat another's number");
  });

  test('is the whole record where nothing tells records apart', async () => {
    const proposal = await infer({ 'a.csv': `kind,day\n${rows((n) => `${n % 3},2024-01-05`)}` });
    expect(proposal.key).toEqual([]);
    expect(notesOf(proposal)).toContain('review key: No three columns tell the records apart');
    expect(contractOf(proposal)).toMatchObject({ key: [], recordKey: true });
  });

  test('is the whole record where columns that name nothing have a few repeats: they are records of their own', async () => {
    const proposal = await infer({
      'a.csv': `shop,day,paid\n${rows((n) => `s${n === 7 ? 8 : n},2024-01-05,2.50`)}`,
    });
    expect(proposal.key).toEqual([]);
  });
});

test('without a date, the month in which files came partitions the table, and a person is told', async () => {
  const proposal = await infer({ 'a.csv': 'id,name\n1,Ann\n2,Bob\n' });
  expect(proposal.partitionColumn).toBe('arrived_at');
  expect(notesOf(proposal)).toContain(
    'review partitionColumn: No column holds a date in nearly every record',
  );
  expect(contractOf(proposal).partitionColumn).toBe('arrived_at');
  // A column of that name, which is none of dates, is in the way.
  const taken = await infer({ 'a.csv': 'id,Arrived at\n1,Leeds\n2,York\n' });
  expect(taken.partitionColumn).toBeUndefined();
});

test('unit prices, rates, temperatures and states are no measures; totals of them are', async () => {
  const headers = [
    'Unit Price',
    'VAT %',
    'Temp (°C)',
    'FX rate',
    'Preis',
    'Account balance',
    'lat',
    'Avg. spend',
  ];
  const totals = ['Total price', 'Net amount', 'Order value', 'Freight'];
  const all = [...headers, ...totals];
  const row = (n: number): string => [n, '2024-01-05', ...all.map((_, m) => `${n + m}.25`)].join(',');
  const proposal = await infer({
    'a.csv': `id,day,${all.join(',')}\n${Array.from({ length: 20 }, (_, n) => row(n)).join('\n')}\n`,
  });
  expect(proposal.measures.map(({ column }) => column)).toEqual([
    'total_price',
    'net_amount',
    'order_value',
    'freight',
  ]);
  expect(notesOf(proposal)).toContain('review measures: unit_price and ');
});

describe('what lies around the records', () => {
  const rows = 'id,day,amount\n1,2024-01-01,1.50\n2,2024-01-02,2.50\n';

  test('a total row that is met, and one that is not', async () => {
    const met = await infer({ 'a.csv': `${rows},,4.00\n` });
    expect(met.csv.totalRowColumn).toBe('amount');
    expect(columnOf(met, 'id').required).toBe(true);
    expect(notesOf(met)).toContain('nothing but 4.00 in amount: the sum of all others');
    const other = await infer({ 'a.csv': `${rows},,5.00\n` });
    expect(notesOf(other)).toContain(
      'review csv: The last record of a.csv holds nothing but 5.00 in amount, which is not the sum',
    );
  });

  test('gzip, UTF-16 and Windows-1252', async () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(rows, 'utf16le')]);
    const latin = Buffer.from('id,day,amount\n3,2024-01-01,£1.50\n', 'latin1');
    const proposal = await infer({ 'a.csv.gz': gzipSync(rows), 'b.csv': utf16, 'c.csv': latin });
    expect(proposal.files.map(({ packing, records }) => [packing, records])).toEqual([
      ['gzip', 2],
      ['UTF-16', 2],
      ['none', 1],
    ]);
    expect(proposal.csv.encodings).toEqual(['utf-8', 'windows-1252']);
    expect(columnOf(proposal, 'amount').number.symbols).toEqual(['£']);
  });

  test('of a workbook it is told which sheet was taken, and which others there are', async () => {
    const workbook = await readFile(new URL('../xlsx/files/payments.xlsx', import.meta.url));
    const proposal = await infer({ 'payments.xlsx': workbook });
    expect(proposal.files[0]).toMatchObject({ packing: 'XLSX', preambleLines: 1 });
    expect(columnOf(proposal, 'day').type.kind).toBe('date');
    expect(notesOf(proposal)).toContain(
      "review csv: payments.xlsx: only its sheet 'Payments' was read, not 'Notes', 'Old'; 1 row that it hides was read, the first is row 8; 1 cell is a formula without a saved value in its sheet 'Payments', the first is G7: open it once in Excel or LibreOffice and save it, or write values. Another sheet is read where assay.xlsx names it.",
    );
  });

  test('header lines among the records of joined files are proposed to be passed over, and are no values', async () => {
    const records = Array.from({ length: 9 }, (_, n) => `${n + 10},2024-01-05,1.00\n`).join('');
    const proposal = await infer({
      'a.csv': `id,day,amount\n${records}ID,Day,Amount\n${records.replaceAll('1.00', '2.00')}`,
    });
    expect(proposal.csv.repeatedHeader).toBe('skip');
    expect(proposal.files[0]).toMatchObject({ records: 19, blank: 1, broken: 0 });
    expect(columnOf(proposal, 'amount').type.kind).toBe('decimal');
    expect(contractOf(proposal).csv.repeatedHeader).toBe('skip');
    expect(notesOf(proposal)).toContain('seen csv: 1 of 19 records of a.csv is its header line again');
    expect((await infer({ 'a.csv': rows })).csv.repeatedHeader).toBeUndefined();
  });

  test('empty fields past the header are proposed to be taken, with how many records have them', async () => {
    const more = Array.from({ length: 6 }, (_, n) => `${n + 10},2024-01-05,1.00${n < 2 ? ',' : ''}\n`);
    const proposal = await infer({ 'a.csv': `id,day,amount\n${more.join('')}` });
    expect(proposal.csv.extraFields).toBe('empty');
    expect(proposal.files[0]).toMatchObject({ records: 6, broken: 0 });
    expect(notesOf(proposal)).toContain(
      'review csv: 2 of 6 records of a.csv have more fields than its header',
    );
    expect((await infer({ 'a.csv': rows })).csv.extraFields).toBeUndefined();
  });

  test.each([
    ['one delimiter', ',', 'id,day,amount'],
    ['two delimiters', ',,', 'id,day,amount'],
    ['a delimiter, of texts alone', ',', 'name,town,street'],
  ])('records that all end with %s have the header that does not', async (_, end, header) => {
    const isText = header.startsWith('name');
    const more = Array.from({ length: 9 }, (_unused, n) =>
      isText ? `Ann ${'abcdefghi'[n]},Leeds,Mill Lane${end}\n` : `${n + 10},2024-01-05,1.00${end}\n`,
    );
    const proposal = await infer({ 'a.csv': `Report of January\n${header}\n${more.join('')}` });
    expect(proposal.columns.map(({ name }) => name)).toEqual(header.split(','));
    expect(proposal.csv).toMatchObject({ extraFields: 'empty', preambleLines: 1 });
    expect(proposal.files[0]).toMatchObject({ records: 9, broken: 0 });
    expect(notesOf(proposal)).toContain(
      'review csv: 9 of 9 records of a.csv have more fields than its header',
    );
  });

  test('a header that ends with a delimiter as its records do is the header, and so is one whose last column is empty', async () => {
    const more = Array.from({ length: 9 }, (_unused, n) => `${n + 10},2024-01-05,1.00,\n`).join('');
    const both = await infer({ 'a.csv': `id,day,amount,\n${more}` });
    expect(both.columns.map(({ name }) => name)).toEqual(['id', 'day', 'amount']);
    const named = await infer({ 'a.csv': `id,day,amount,note\n${more}` });
    expect(named.columns.map(({ name }) => name)).toEqual(['id', 'day', 'amount', 'note']);
    expect(named.csv.extraFields).toBeUndefined();
  });

  test('a footer is passed by the contract, and spoils no type', async () => {
    const some = Array.from(
      { length: 12 },
      (_, n) => `${n + 10};0${(n % 9) + 1}.01.2024;Rent;${n},50\n`,
    ).join('');
    const footer = 'Opening balance;;;100,00\nClosing balance;31.01.2024\nPrinted by Ann;;;\n';
    const file = `no;booked;text;amount\n${some}${footer}`;
    const proposal = await infer({ 'a.csv': file, 'b.csv': file.replaceAll(';Rent', ';Tea') });
    expect(proposal.csv.footerLines).toBe(3);
    expect(columnOf(proposal, 'booked').type.kind).toBe('date');
    expect(columnOf(proposal, 'no').type.kind).toBe('long');
    expect(notesOf(proposal)).toContain(
      'review csv: a.csv ends with 3 records, b.csv ends with 3 records of another kind',
    );
    expect(notesOf(proposal)).not.toContain('Ann');
    expect(contractOf(proposal).csv.footerLines).toBe(3);
    const uneven = await infer({ 'a.csv': file, 'b.csv': `no;booked;text;amount\n${some}` });
    expect(uneven.csv.footerLines).toBeUndefined();
    expect(notesOf(uneven)).toContain('If they are its footer, write footerPattern');
  });

  test('UTF-16 without a mark is proposed as an encoding', async () => {
    const [little, big] = [Buffer.from(rows, 'utf16le'), Buffer.from(rows, 'utf16le').swap16()];
    const alone = await infer({ 'a.csv': little });
    expect(alone.csv.encodings).toEqual(['utf-16le']);
    expect(alone.files[0]).toMatchObject({ packing: 'UTF-16', records: 2, broken: 0 });
    expect(notesOf(alone)).toContain('seen csv: a.csv is utf-16le without a byte order mark.');
    const both = await infer({ 'a.csv.gz': gzipSync(big), 'b.csv': rows });
    expect(both.csv.encodings).toEqual(['utf-8', 'utf-16be']);
  });

  test('a preamble is passed by the contract, as long as the longest', async () => {
    const proposal = await infer({ 'a.csv': `Sales of January\n${rows}` });
    expect(proposal.files[0]).toMatchObject({ records: 2, preambleLines: 1 });
    expect(notesOf(proposal)).toContain('review csv: a.csv has 1 line before its header');
    const both = await infer({ 'a.csv': `Sales of January\n${rows}`, 'b.csv': `Sales\n"by" month\n${rows}` });
    expect(both.csv.preambleLines).toBe(2);
  });

  test('of a large file a sample is read, its end included, and said so', async () => {
    const lines = Array.from({ length: 40_000 }, (_, n) => `${n},2024-01-05,1.00\n`);
    const proposal = await infer({ 'a.csv': `id,day,amount\n${lines.join('')},,40000.00\n` }, 100_000);
    const [one] = proposal.files;
    expect(one?.isSampled).toBe(true);
    expect(one?.readBytes).toBeLessThanOrEqual(100_000);
    expect(one?.records).toBeGreaterThan(4_000);
    expect(one?.broken).toBe(0);
    expect(proposal.csv.totalRowColumn).toBe('amount');
    expect(notesOf(proposal)).toContain("whether it is the sum, the sample can't say");
  });
});

describe('files that nothing can be inferred from', () => {
  test.each([
    ['an empty one', { 'a.csv': '' }, 'NO_RECORDS', 'a.csv is empty'],
    ['one of blank records', { 'a.csv': ',,\n,,\n' }, 'NO_RECORDS', 'a.csv is empty'],
    ['a header alone', { 'a.csv': 'id,day\n' }, 'NO_RECORDS', 'a.csv has a header and no record'],
    [
      'bytes that are no text',
      { 'a.csv': Buffer.from([0x89, 0x50, 0, 1, 2, 0]) },
      'UNREADABLE',
      'it is not text',
    ],
    [
      'broken gzip',
      { 'a.csv.gz': gzipSync('id,day\n1,2\n').subarray(0, 12) },
      'UNREADABLE',
      'gzip data is damaged',
    ],
    [
      'a header in one file alone',
      { 'a.csv': '1,2024-01-01\n2,2024-01-02\n', 'b.csv': 'id,day\n3,2024-01-01\n4,2024-01-02\n' },
      'NO_HEADER',
      'a.csv has no header, and b.csv has one',
    ],
    [
      'no header, of two widths',
      { 'a.csv': '1,2024-01-01\n2,2024-01-02\n', 'b.csv': '1,2024-01-01,x\n2,2024-01-02,y\n' },
      'NO_HEADER',
      'a.csv has no header and 2 columns, and b.csv has 3',
    ],
    [
      'no header below a preamble',
      { 'a.csv': 'Sales\n1,2024-01-01,5\n2,2024-01-02,5\n3,2024-01-02,5\n' },
      'NO_HEADER',
      'a.csv has 1 line above its records that are no header',
    ],
    [
      'one header twice',
      { 'a.csv': 'id,Total, total\n1,2,3\n' },
      'REPEATED_HEADER',
      "'Total' (field 2) and 'total' (field 3)",
    ],
    [
      'two dialects',
      { 'a.csv': 'id,day\n1,2024-01-01\n2,2024-01-02\n', 'b.csv': 'id;day\n3;2024-01-01\n' },
      'DIALECTS_DIFFER',
      "b.csv has the delimiter ';', and other files ','",
    ],
  ])('%s', async (_, files, code, message) => {
    await expect(infer(files as Record<string, string>)).rejects.toMatchObject({
      name: 'DataError',
      code,
      message: expect.stringContaining(message),
    });
  });

  test('are left out where others have records', async () => {
    const proposal = await infer({ 'a.csv': '', 'b.csv': 'id,day\n1,2024-01-01\n', 'c.csv': 'id,day\n' });
    expect(proposal.files.map(({ name }) => name)).toEqual(['b.csv']);
    expect(notesOf(proposal)).toMatch(/a\.csv is empty[\s\S]*c\.csv has a header and no record/);
  });
});

describe('a sign that may be of decimals or of thousands', () => {
  const of = async (text: string, column = 'v') => {
    const proposal = await infer({ 'a.csv': text });
    contractOf(proposal);
    const { type, number } = columnOf(proposal, column);
    const told = notesOf(proposal)
      .split('\n')
      .filter((line) => line.startsWith(`review columns.${column}:`));
    return { kind: type.kind, decimal: number.decimal, group: number.group, review: told.join() };
  };
  const rows = (head: string, ...lines: string[]) => `${head}\n${lines.join('\n')}\n`;
  const doubt = expect.stringMatching(/may be the decimal sign or stand between thousands/);

  test.each([
    [
      'a semicolon leaves the comma to decimals',
      rows('id;d;v', '1;2026-01-01;3,281'),
      'decimal',
      ',',
      undefined,
    ],
    [
      'a neighbour has a decimal comma',
      rows('id|d|w|v', '1|2026-01-01|1,5|3,281', '2|2026-01-02|2,25|4,100'),
      'decimal',
      ',',
      undefined,
    ],
    [
      'a neighbour has a decimal point',
      rows('id;d;w;v', '1;2026-01-01;1.5;3,281', '2;2026-01-02;2.25;4,100'),
      'long',
      '.',
      ',',
    ],
    [
      'a point among decimal commas is of thousands',
      rows('id;d;w;v', '1;2026-01-01;1,5;1.234', '2;2026-01-02;2,5;5.678'),
      'long',
      ',',
      '.',
    ],
    ['a point behind a semicolon', rows('id;d;v', '1;2026-01-01;1.234'), 'long', ',', '.'],
    ['nothing says anything', rows('id,d,v', '1,2026-01-01,1.234'), 'decimal', '.', undefined],
    ['quoted among commas', rows('id,d,v', '1,2026-01-01,"3,281"'), 'long', '.', ','],
    [
      'no group begins with a zero',
      rows('id|d|v', '1|2026-01-01|3,281', '2|2026-01-02|0,281'),
      'decimal',
      ',',
      undefined,
    ],
    [
      'nor does one with a point',
      rows('id;d;v', '1;2026-01-01;3.281', '2;2026-01-02;0.281'),
      'decimal',
      '.',
      undefined,
    ],
  ])('%s: a guess, and a REVIEW', async (_, text, kind, decimal, group) => {
    expect(await of(text)).toEqual({ kind, decimal, group, review: doubt });
  });

  test.each([
    ['3,28', 'decimal', ',', undefined],
    ['1.234,5', 'decimal', ',', '.'],
    ['1.234.567', 'long', ',', '.'],
    ["1'234", 'long', '.', "'"],
    ['1 234,50', 'decimal', ',', ' '],
    ['1234', 'long', '.', undefined],
  ])('%s can be read in one way only', async (value, kind, decimal, group) => {
    const found = await of(rows('id;d;v', `1;2026-01-01;${value}`, `2;2026-01-02;${value}`));
    expect(found).toMatchObject({
      kind,
      decimal,
      group,
      review: expect.not.stringMatching(/may be the decimal/),
    });
  });
});

test('NA empties the column that it would spoil, and leaves Namibia alone', async () => {
  const lines = Array.from(
    { length: 98 },
    (_, n) => `${n},2024-01-0${(n % 9) + 1},${n % 7 === 0 ? 'NA' : n},${n % 2 === 0 ? 'NA' : 'DE'}`,
  );
  const proposal = await infer({ 'a.csv': `id,day,rate,country\n${lines.join('\n')}\n` });
  expect(proposal.csv.nullValues).toEqual([]);
  expect(columnOf(proposal, 'rate')).toMatchObject({
    type: { kind: 'long' },
    nullValues: ['NA'],
    required: false,
  });
  expect(columnOf(proposal, 'country')).toMatchObject({
    type: { kind: 'string' },
    nullValues: [],
    required: true,
  });
  expect(notesOf(proposal)).toContain(
    'review columns.rate: "NA" stands for no value here, 14 times. What country (49) has of it is not touched by that.',
  );
  const { columns } = contractOf(proposal);
  expect(columns.map(({ name, nullValues }) => [name, nullValues])).toEqual([
    ['id', undefined],
    ['day', undefined],
    ['rate', ['NA']],
    ['country', undefined],
  ]);
});

test("the header's bytes count for the encoding", async () => {
  // Größe in ISO 8859-1, over rows of ASCII.
  const proposal = await infer({ 'a.csv': Buffer.from('id;d;Gr\u00f6\u00dfe\n1;2024-01-01;2\n', 'latin1') });
  expect(proposal.csv.encodings).toEqual(['utf-8', 'windows-1252']);
  expect(notesOf(proposal)).toContain('review csv: a.csv has a header that is not UTF-8');
  expect(notesOf(proposal)).not.toContain('Every record is UTF-8');
  expect(proposal.columns[2]?.headers).toEqual(['Größe']);
});

describe('how sources write numbers', () => {
  /** Values as some source writes them, and what `assay.number` must say to read every one of them. */
  const CASES: readonly (readonly [string, readonly string[], string, Readonly<Record<string, unknown>>])[] =
    [
      [
        'SAP',
        ['5,00-', '1.234,50', '12,75', '7,25-'],
        'decimal',
        { decimal: ',', group: '.', trailingSign: true },
      ],
      [
        'a currency behind',
        ['5,00 €', '12,50 €', '-7,25 €'],
        'decimal',
        { decimal: ',', symbols: ['€'], symbolsAt: 'after' },
      ],
      [
        'no-break spaces',
        ['1\u00a0234,50', '12,75', '2\u00a0345\u00a0678,00'],
        'decimal',
        { decimal: ',', group: '\u00a0' },
      ],
      [
        'narrow ones, with a currency',
        ['1\u202f234,50\u00a0€', '12,75\u00a0€', '5,10\u00a0€'],
        'decimal',
        { decimal: ',', group: '\u202f', symbols: ['€'], symbolsAt: 'after' },
      ],
      [
        'Swiss francs',
        ['CHF 1’234.50', 'CHF 12.75', 'CHF 5.10'],
        'decimal',
        { group: '’', symbols: ['CHF'] },
      ],
      ['lakhs', ['12,34,567.50', '1,234.00', '99.75'], 'decimal', { group: ',', grouping: 'lakh' }],
      [
        'rupees',
        ['₹12,34,567', '₹1,234', '₹99'],
        'decimal',
        { group: ',', grouping: 'lakh', symbols: ['₹'] },
      ],
      ['a spreadsheet with exponents', ['1.0E+5', '12.5', '2.5E+1'], 'decimal', { exponent: true }],
      ['the same with commas', ['1,0E+05', '12,5', '2,5E+01'], 'decimal', { decimal: ',', exponent: true }],
      ['whole numbers with exponents', ['1.0E+5', '12', '7'], 'long', { exponent: true }],
      ['measurements', ['6.02214076E+23', '1.5E-30', '2.0'], 'double', {}],
    ];
  test.each(CASES)('%s', async (_, values, kind, number) => {
    const rows = [...values, ...values, ...values].map((value, n) => `${n};2024-01-05;${value}\n`);
    const proposal = await infer({ 'a.csv': `id;day;worth\n${rows.join('')}` });
    const column = columnOf(proposal, 'worth');
    expect({ kind: column.type.kind, number: writtenNumber(column.number) }).toEqual({ kind, number });
    const read = contractOf(proposal).columns.find(({ name }) => name === 'worth');
    expect(read?.number).toEqual(column.number);
  });
});
