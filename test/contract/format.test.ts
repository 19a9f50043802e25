import { describe, expect, test } from '@jest/globals';
import { compareContracts } from '../../etl/contract/compare-contracts.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { readContract } from '../../etl/contract/read-contract.ts';
import { readingContract } from '../../etl/contract/reading-contract.ts';
import { type ColumnText, contractText } from '../stages/contract-text.ts';

const [ID, DAY]: readonly ColumnText[] = [
  { name: 'id', key: true },
  { name: 'day', type: 'date', required: true, assay: { path: '/when/day' } },
];

function textOf(
  more: readonly ColumnText[] = [],
  assay: Readonly<Record<string, unknown>> = { format: 'jsonl' },
  version = '1.0.0',
): string {
  const columns = [ID, DAY, ...more].flatMap((column) => column ?? []);
  return contractText({ columns, partitionColumn: 'day', assay, version });
}

const contract = (...args: Parameters<typeof textOf>): SourceContract =>
  parseContract('c.yaml', textOf(...args)) as SourceContract;

/** What `contracts check` says, without file and line. */
function problems(text: string): string[] {
  const read = readContract('c.yaml', text);
  return read.kind === 'invalid' ? read.problems.map(({ message }) => message) : [];
}

describe('a contract of JSON Lines', () => {
  test('is sound with pointers, one for the whole record among them, and with null spellings', () => {
    const columns = [
      { name: 'raw', assay: { path: '' } },
      { name: 'sku', assay: { path: '/lines/0/a~1b~0' } },
    ];
    const found = contract(columns, { format: 'jsonl', csv: { nullValues: ['n/a'], encodings: ['utf-8'] } });
    expect(found.csv).toMatchObject({ format: 'jsonl', nullValues: ['n/a'] });
    expect(found.columns.map(({ path }) => path)).toEqual([undefined, '/when/day', '', '/lines/0/a~1b~0']);
  });

  test.each([
    ['lines', 'a pointer without a slash', "is 'lines', which is no JSON pointer"],
    ['/a~2', 'a pointer with a wrong escape', "is '/a~2', which is no JSON pointer"],
    ['/when/day', 'the place of another column', 'is /when/day, where column day stands'],
    ['/id', 'the place of a column without a path', 'is /id, where column id stands'],
  ])('with the path %s, %s, has one problem', (path, _, message) => {
    expect(problems(textOf([{ name: 'other', assay: { path } }]))).toEqual([
      expect.stringContaining(message),
    ]);
  });

  test.each([
    ['delimiter', ';'],
    ['columns', ['id', 'day']],
    ['preambleLines', 1],
    ['footerLines', 1],
    ['repeatedHeader', 'skip'],
    ['strayQuotes', 'text'],
  ])('refuses %s, which says something of CSV', (field, value) => {
    expect(problems(textOf([], { format: 'jsonl', csv: { [field]: value } }))).toEqual([
      'is for CSV, and the files are JSON Lines (assay.format); remove it',
    ]);
  });

  test('refuses other encodings, workbooks and headers', () => {
    const assay = { format: 'jsonl', csv: { encodings: ['utf-8', 'windows-1252'] }, xlsx: { sheet: 'A' } };
    expect(problems(textOf([{ name: 'x', assay: { headers: ['X'] } }], assay))).toEqual([
      expect.stringContaining('is for files with a header'),
      expect.stringContaining('JSON Lines are UTF-8'),
      expect.stringContaining('is for workbooks'),
    ]);
  });

  test('may be several places, of which the first is that of today; one more is no breaking change', () => {
    const several = contract([{ name: 'x', assay: { path: ['/y', '/z'] } }]);
    expect(several.columns.find(({ name }) => name === 'x')).toMatchObject({
      path: '/y',
      otherPaths: ['/z'],
    });
    expect(problems(textOf([{ name: 'x', assay: { path: ['/y', '/when/day', 'z'] } }]))).toEqual([
      expect.stringContaining("is 'z', which is no JSON pointer"),
      expect.stringContaining('is /when/day, where column day stands'),
    ]);
    const places = (one: SourceContract, other: SourceContract): string[] =>
      compareContracts(one, other).changes.flatMap(({ kind, path }) =>
        path === 'version' ? [] : [`${kind} ${path}`],
      );
    const one = contract([{ name: 'x', assay: { path: '/z' } }]);
    expect(places(one, several)).toEqual(['neutral columns.x.path']);
    expect(places(several, one)).toEqual(['breaking columns.x.path']);
  });

  test('of changes reads the row and what happened to it', () => {
    const assay = { format: 'jsonl', envelope: 'debezium' };
    expect(problems(textOf([], assay))).toEqual([
      expect.stringContaining('no column reads the row'),
      expect.stringContaining('assay.path: /value/op'),
    ]);
    const row = [
      { name: 'op', assay: { path: '/value/op' } },
      { name: 'sku', assay: { path: '/value/after/sku' } },
    ];
    expect(problems(textOf(row, assay))).toEqual([]);
    expect(problems(textOf(row, { ...assay, envelope: 'avro' }))).toEqual([
      expect.stringContaining("is 'avro'; write debezium"),
    ]);
    expect(problems(textOf([], { envelope: 'debezium' }))).toEqual(
      expect.arrayContaining([expect.stringContaining('write assay.format: jsonl beside it')]),
    );
  });

  test('alone may say where values stand in JSON', () => {
    expect(problems(textOf([], {}))).toEqual([expect.stringContaining('write assay.format: jsonl')]);
    expect(problems(textOf([], { format: 'json' }))).toEqual(
      expect.arrayContaining([expect.stringContaining("is 'json'; write one of csv, jsonl")]),
    );
  });
});

describe('a change', () => {
  const changes = (old: SourceContract, next: SourceContract): string[] =>
    compareContracts(old, next).changes.map(({ kind, path, message }) => `${kind} ${path}: ${message}`);

  test('of the format or of a place is breaking', () => {
    const moved = contract([{ name: 'x', assay: { path: '/y' } }], { format: 'jsonl' }, '2.0.0');
    expect(changes(contract([{ name: 'x' }]), moved)).toEqual(['breaking columns.x.path: was /x, is /y']);
    const csv = parseContract(
      'c.yaml',
      textOf([], {}).replace(
        /"customProperties": \[\s+\{\s+"property": "assay.path"[^\]]*\]/,
        '"customProperties": []',
      ),
    ) as SourceContract;
    expect(changes(csv, contract([], { format: 'jsonl' }, '2.0.0'))).toContain(
      'breaking csv.format: was absent, is jsonl',
    );
  });

  test('of a name at the same place is a renamed column, whose old files are read where they have it', () => {
    const [old, next] = [
      contract([{ name: 'amt', assay: { path: '/a/b' } }]),
      contract([{ name: 'amount', assay: { path: '/a/b' } }, { name: 'late' }], { format: 'jsonl' }, '2.0.0'),
    ];
    expect(changes(old, next)).toContain('breaking columns.amt: was renamed to amount');
    const paths = (one: SourceContract): unknown[] =>
      readingContract(one, old).columns.map(({ name, path }) => [name, path]);
    expect(paths(next)).toEqual([
      ['id', undefined],
      ['day', '/when/day'],
      ['amount', '/a/b'],
      ['late', undefined],
    ]);
    const elsewhere = contract([{ name: 'amt', assay: { path: '/c' } }], { format: 'jsonl' }, '2.0.0');
    expect(paths(elsewhere)).toContainEqual(['amt', '/a/b']);
  });
});
