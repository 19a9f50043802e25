import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type IncomingRows, loadAnswer } from '../../adapters/aws/athena-answer.ts';
import { scratchOpener } from '../../adapters/local/scratch.ts';
import { withEngine } from '../../etl/engine/engine.ts';
import { tempFolder } from './temp-folder.ts';

/** What Athena says as text becomes values of DuckDB's types, so that it prints as an embedded answer does. */

let folder: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  ({ folder, dispose } = await tempFolder());
});
afterAll(() => dispose());

type Cell = string | null;

/** The answer's columns and rows; each page is a list of rows. */
async function load(columns: IncomingRows['columns'], pages: readonly (readonly Cell[][])[]) {
  const scratch = await scratchOpener(folder)('answer');
  try {
    const options = { memoryLimitMb: 100, threads: 1 };
    return await withEngine(options, path.join(scratch.directory, 'spill'), async (engine) => {
      const answer = await loadAnswer(engine, scratch, {
        columns,
        async *pages() {
          yield* pages;
        },
      });
      return { columns: answer.columns, count: answer.rowCount, rows: await answer.rows(0, answer.rowCount) };
    });
  } finally {
    await scratch.dispose();
  }
}

/** A column of one type: its values as DuckDB has them. */
async function column(Type: string, values: readonly Cell[], more: object = {}) {
  const { columns, rows } = await load([{ Name: 'v', Type, ...more }], [values.map((value) => [value])]);
  return { type: columns[0]?.type, values: rows.map(([value]) => value) };
}

describe('types', () => {
  test.each([
    ['integer', ['1', null], 'INTEGER', [1, null]],
    ['bigint', ['9223372036854775807'], 'BIGINT', ['9223372036854775807']],
    ['boolean', ['true', 'false'], 'BOOLEAN', [true, false]],
    ['date', ['2024-05-01'], 'DATE', ['2024-05-01']],
    ['timestamp', ['2024-05-01 12:00:00.123456'], 'TIMESTAMP', ['2024-05-01 12:00:00.123456']],
    [
      'timestamp with time zone',
      ['2024-05-01 12:00:00.000000 UTC'],
      'TIMESTAMP WITH TIME ZONE',
      ['2024-05-01 12:00:00+00'],
    ],
    ['varchar', ['', null, 'NULL', 'a\n"b", c', '😀'], 'VARCHAR', ['', null, 'NULL', 'a\n"b", c', '😀']],
    ['array', ['[{rule=type, code=TYPE_ERROR}]'], 'VARCHAR', ['[{rule=type, code=TYPE_ERROR}]']],
  ])('%s', async (type, texts, duckType, values) => {
    expect(await column(type, texts)).toEqual({ type: duckType, values });
  });

  test('a decimal keeps every digit, also those that its declaration forgot', async () => {
    expect(await column('decimal', ['12.50', '-0.001', null], { Precision: 38, Scale: 0 })).toEqual({
      type: 'DECIMAL(38,3)',
      values: ['12.500', '-0.001', null],
    });
    expect(await column('decimal', ['12'], { Precision: 18, Scale: 2 })).toEqual({
      type: 'DECIMAL(38,2)',
      values: ['12.00'],
    });
  });

  test('a column with a value that is none of its type stays text', async () => {
    expect(await column('integer', ['1', '1e400'])).toEqual({ type: 'VARCHAR', values: ['1', '1e400'] });
  });
});

describe('rows', () => {
  test('come in the order of the pages, whatever page they were on', async () => {
    const pages = Array.from({ length: 30 }, (_, page) =>
      Array.from({ length: 1000 }, (__, n) => [String(page * 1000 + n)]),
    );
    const { count, rows } = await load([{ Name: 'n', Type: 'integer' }], pages);
    expect(count).toBe(30_000);
    expect(rows.every(([n], at) => n === at)).toBe(true);
  });

  test('none at all still has its columns', async () => {
    const { columns, count } = await load(
      [
        { Name: 'a', Type: 'integer' },
        { Name: 'b', Type: 'varchar' },
      ],
      [[]],
    );
    expect({ columns, count }).toEqual({
      columns: [
        { name: 'a', type: 'INTEGER' },
        { name: 'b', type: 'VARCHAR' },
      ],
      count: 0,
    });
  });

  test('columns of one name are told apart', async () => {
    const { columns, rows } = await load(
      [
        { Name: 'n', Type: 'integer' },
        { Name: 'N', Type: 'integer' },
        { Name: 'n', Type: 'varchar' },
      ],
      [[['1', '2', 'x']]],
    );
    expect({ names: columns.map(({ name }) => name), rows }).toEqual({
      names: ['n', 'N_1', 'n_2'],
      rows: [[1, 2, 'x']],
    });
  });
});
