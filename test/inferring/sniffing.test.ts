import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import { findHeader } from '../../etl/inferring/find-header.ts';
import { sniffDialect } from '../../etl/inferring/sniff-dialect.ts';

const sniff = (text: string) => sniffDialect(Buffer.from(text), true);
const header = (text: string) => findHeader(Buffer.from(text), true, sniff(text));

describe('the dialect of a text', () => {
  test.each([
    ['commas', 'a,b,c\n1,2,3\n4,5,6\n', { delimiter: ',', quote: '"', escape: '"' }],
    [
      'semicolons beside decimal commas',
      'a;b\n1,5;2,5\n3,5;4,5\n',
      { delimiter: ';', quote: '"', escape: '"' },
    ],
    ['tabs', 'a\tb\n1, x\t2\n3\t4, y\n', { delimiter: '\t', quote: '"', escape: '"' }],
    ['bars', 'a|b|c\r\n1|2|3\r\n', { delimiter: '|', quote: '"', escape: '"' }],
    ['single quotes', "a,b\n'x, y',1\n'z, w, v',2\n", { delimiter: ',', quote: "'", escape: "'" }],
    [
      'a backslash as escape',
      'a,b\n"x \\"y\\", z",1\n"w \\", v",2\n',
      { delimiter: ',', quote: '"', escape: '\\' },
    ],
    [
      'apostrophes that are no quotes',
      "a,b\n's Hertogenbosch,1\nO'Neil,2\n",
      { delimiter: ',', quote: '"', escape: '"' },
    ],
    ['quoted line ends', 'a,b\n"x\ny",1\n"z",2\n', { delimiter: ',', quote: '"', escape: '"' }],
  ])('has %s', (_, text, signs) => {
    const sniffed = sniff(text);
    expect(sniffed.signs).toEqual(signs);
    expect(sniffed.regular).toBe(sniffed.records);
  });

  test('a single column is one', () => {
    expect(sniff('name\nAnn\nBob\n')).toMatchObject({ fields: 1, records: 3, regular: 3 });
  });

  test('a record of another width is counted as irregular', () => {
    expect(sniff('a,b\n1,2\n3\n4,5\n')).toMatchObject({ fields: 2, records: 4, regular: 3 });
  });
});

describe('the header', () => {
  test('is the first record', () => {
    expect(header('id,name\n1,Ann\n2,Bob\n')).toMatchObject({
      kind: 'header',
      names: ['id', 'name'],
      startByte: 0,
      preambleLines: 0,
      sample: [
        ['1', 'Ann'],
        ['2', 'Bob'],
      ],
    });
  });

  test('is found below a preamble, padded or not', () => {
    const text = 'Report of May\n\nPrinted,,\nid,name,city\n1,Ann,Leeds\n2,Bob,York\n3,Cyd,Hull\n';
    expect(header(text)).toMatchObject({
      kind: 'header',
      names: ['id', 'name', 'city'],
      preambleLines: 2,
      startByte: 25,
    });
  });

  test('is found below lines that say two things and were filled up with delimiters', () => {
    const text =
      'Account;GB00 1;;\nPeriod;01.05.2026 - 30.06.2026;;\n;;;\nDate;Text;Amount;Balance\n' +
      '04.05.2026;Coffee;3,20-;1.996,80\n15.05.2026;Salary;2.450,00;4.446,80\n28.05.2026;Rent;1.200,00-;3.246,80\n';
    expect(header(text)).toMatchObject({
      kind: 'header',
      names: ['Date', 'Text', 'Amount', 'Balance'],
      preambleLines: 2,
    });
  });

  test.each([
    ['a column at the end has no name', 'id,name,\n1,Ann,4.5\n2,Bob,5.5\n', ['id', 'name', '']],
    ['nothing but text tells it from a record', 'a,b,\nx,y,z\nu,v,w\n', ['a', 'b', '']],
    ['records lack what it names', 'a,b,c\n1,,\n2,,\n3,4,5\n', ['a', 'b', 'c']],
  ])('stays the first record where %s', (_, text, names) => {
    expect(header(text)).toMatchObject({ kind: 'header', names, preambleLines: 0 });
  });

  test('is missing where the first record holds numbers or dates as those below do', () => {
    expect(header('1,Ann,2024-01-01\n2,Bob,2024-01-02\n')).toMatchObject({ kind: 'none' });
  });

  test('may be made of years', () => {
    expect(header('region,2019,2020\nNorth,1.5,2.5\nSouth,3.5,4.5\n')).toMatchObject({ kind: 'header' });
  });

  test('is no header where there is no record at all', () => {
    expect(header('\n,,\n \n')).toEqual({ kind: 'empty' });
  });
});
