import { describe, expect, test } from '@jest/globals';
import { columnOf, contractOf, infer, notesOf } from './infer.ts';

/** Nothing that may be a record is left out by a guess. What is right follows from how each file was put together. */

const HEADER = 'id,day,name,amount\n';
const day = (n: number): string => `2024-01-${String((n % 28) + 1).padStart(2, '0')}`;
const times = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => line(n)).join('');
const record = (n: number): string => `${n},${day(n)},street ${n % 7},${n}.50\n`;
const wider = (n: number): string => `${n},${day(n)},street ${n % 7}, Paris,${n}.50\n`;
const GOOD = HEADER + times(199, record);

describe('no footer is', () => {
  test.each([
    ['records with a field more', times(5, (n) => wider(200 + n))],
    ['a wider header with its records', `id,day,name,city,amount\n${times(10, (n) => wider(200 + n))}`],
    ['texts for no value', '200,n/a,street 1,unknown\n201,n/a,street 2,unknown\n'],
    ['a text where there is a number', 'A-200,2024-01-03,street 1,7.50\n'],
    ['a record that was cut short', '200,2024-01-0'],
    ['a record that has its key alone', '200,,,\n201,,,\n'],
    ['records without a key', ',2024-01-03,,7.50\n,2024-01-04,,8.50\n'],
    ['a table of names below', 'name,amount\nAnn,7.50\nBob,8.50\n'],
    ['a quote that never ends', '200,2024-01-02,"street 7,7.50\n'],
    ['the header again', HEADER],
  ])('%s', async (_, end) => {
    const proposal = await infer({ 'a.csv': GOOD + end });
    expect(proposal.csv.footerLines).toBeUndefined();
    expect(notesOf(proposal)).not.toContain('footer');
  });

  test('a record of text that lacks values, or is of a firm that is called Total', async () => {
    const rows = times(30, (n) => `firm ${'abcdefghij'[n % 10]},Leeds,${day(n)},${n}.50\n`);
    for (const end of ['Ann Smith,,,\n', 'Total Energies,Paris,2024-01-02,5.50\n']) {
      const proposal = await infer({ 'a.csv': `name,city,day,amount\n${rows}${end}` });
      expect(proposal.csv.footerLines).toBeUndefined();
    }
  });
});

describe('a footer is still', () => {
  test.each([
    ['a total', 'Total,,,995.00\n', 1],
    ['balances that are short', 'Opening balance,100.00\nClosing balance,2024-01-31,,250.50\n', 2],
    ['who printed it, and totals without a word', ',,,995.00\nPrinted by Ann\n', 1],
    ['more delimiters than it needs', 'Endsaldo,,,995.00,,\n', 1],
  ])('%s', async (_, end, lines) => {
    expect((await infer({ 'a.csv': GOOD + end })).csv.footerLines).toBe(lines);
  });

  test('a total below names and below codes', async () => {
    const names = times(30, (n) => `${'abcdefghij'[n % 10]}nn,Leeds,${day(n)},${n}.50\n`);
    const proposal = await infer({ 'a.csv': `name,city,day,amount\n${names}Total,,,900.00\n` });
    expect(proposal.csv.footerLines).toBe(1);
    const codes = times(30, (n) => `C-${n + 10},Leeds,${day(n)},${n}.50\n`);
    const coded = await infer({ 'a.csv': `code,city,day,amount\n${codes}all of them,,,900.00\n` });
    expect(coded.csv.footerLines).toBe(1);
  });
});

test('the header as the last line is the header again, and nothing else', async () => {
  const proposal = await infer({ 'a.csv': HEADER + times(49, record) + HEADER });
  expect(proposal.csv).toMatchObject({ repeatedHeader: 'skip' });
  expect(proposal.csv.footerLines).toBeUndefined();
  expect(contractOf(proposal).csv.repeatedHeader).toBe('skip');
  expect(columnOf(proposal, 'id').type.kind).toBe('long');
});

describe('two tables in a file are refused', () => {
  const OLD = HEADER + times(49, record);
  const NEW = `id,day,name,city,amount\n${times(50, (n) => wider(n + 50))}`;
  test.each([
    ['with a column more in the second', OLD + NEW],
    ['of which the first has two records', HEADER + times(2, record) + NEW],
    ['of which the first has no header', times(49, record) + NEW],
    ['of which the second has no header', OLD + times(60, (n) => wider(n + 50))],
    ['with a column less in the second', NEW + HEADER + times(60, record)],
    ['where a spreadsheet filled up the first', OLD.replaceAll('\n', ',\n') + NEW],
    ['of texts', `${times(9, (n) => `Ann,Leeds,Lane ${'abcdefghi'[n]}\n`)}${NEW}`],
    ['of two columns and numbers', `${times(9, (n) => `${n},7.50\n`)}${NEW}`],
  ])('%s', async (_, file) => {
    await expect(infer({ 'a.csv': file })).rejects.toMatchObject({ code: 'TWO_TABLES' });
  });

  test('and what a bank writes above its records is none', async () => {
    const above =
      'Account,GB00 1\nPeriod,01.05.2026 - 30.06.2026\nOpening,100.00\nClosing,250.50\nCurrency,GBP\n';
    for (const lines of [above, above.replaceAll('\n', ',,\n'), 'Kept by,Bank,Branch\n'])
      expect((await infer({ 'a.csv': lines + OLD })).csv.preambleLines).toBe(lines.split('\n').length - 1);
  });
});

describe('records without a header above them', () => {
  test.each([
    ['in the middle', times(49, record) + HEADER + times(50, (n) => record(n + 49)), 99],
    ['behind the first', record(0) + HEADER + times(9, (n) => record(n + 1)), 10],
    ['at the end', times(49, record) + HEADER, 49],
    ['of a file that lacks values first', `0,,n/a,\n${times(49, record)}${HEADER}${times(9, record)}`, 59],
  ])('keep all of them, with the names of the header line %s', async (_, file, records) => {
    const proposal = await infer({ 'a.csv': file });
    expect(proposal.csv).toMatchObject({ columns: ['id', 'day', 'name', 'amount'], repeatedHeader: 'skip' });
    expect(proposal.csv.footerLines).toBeUndefined();
    expect(proposal.files[0]).toMatchObject({ records: records + 1, blank: 1, preambleLines: 0 });
    expect(columnOf(proposal, 'amount').type.kind).toBe('decimal');
    expect(notesOf(proposal)).toContain('review csv: a.csv begins with a record');
    expect(contractOf(proposal).csv.columns).toEqual(['id', 'day', 'name', 'amount']);
  });

  test('take the names from another file that has the line', async () => {
    const proposal = await infer({ 'a.csv': times(9, record), 'b.csv': times(9, record) + HEADER });
    expect(proposal.csv.columns).toEqual(['id', 'day', 'name', 'amount']);
  });

  test.each([
    ['years', times(9, (n) => `20${10 + n},North,Leeds\n`)],
    ['few values', `n/a,2024-01-01,,\n${times(9, record)}`],
  ])('are no header where they hold %s, and a text for a number is none', async (_, file) => {
    const proposal = await infer({ 'a.csv': file.replace('7.50', 'lost') });
    expect(proposal.csv.columns?.[0]).toBe('column_1');
    expect(proposal.files[0]?.records).toBe(file.split('\n').length - 1);
  });
});
