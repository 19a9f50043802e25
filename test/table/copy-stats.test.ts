import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { copiedFile, readCopyStats } from '../../etl/table/copy-stats.ts';
import { createTable } from '../../etl/table/create-table.ts';
import type { TableMetadata } from '../../etl/table/metadata.ts';
import { mayContain } from '../../etl/table/prune.ts';
import type { ColumnStats, ColumnType, TableColumn } from '../../etl/table/schema.ts';
import { type Lake, openLake } from './lake.ts';

let lake: Lake;
let file = 0;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());

const column = (
  name: string,
  kind: 'string' | 'double' | 'boolean' | 'binary' | 'int' | 'timestamptz',
): TableColumn => ({
  name,
  type: { kind },
  required: false,
});

function table(...columns: TableColumn[]): TableMetadata {
  return createTable({ location: 'file:///t', columns, uuid: 'u', nowMs: 0 });
}

async function copy(
  select: string,
  metadata: TableMetadata,
  options = '',
): Promise<Readonly<Record<string, ColumnStats>>> {
  file += 1;
  const key = `copy-${file}.parquet`;
  const rows = await lake.rows(
    `COPY (${select}) TO '${lake.directory}/${key}' (FORMAT parquet, RETURN_STATS ${options})`,
  );
  return readCopyStats(rows[0], { metadata, key, month: undefined }).columns;
}

describe('statistics of a COPY', () => {
  test('a column is found by its quoted name, what is nested is left out, booleans are spelled out', async () => {
    const metadata = table(column('odd"na.me', 'boolean'), {
      name: 'list',
      type: { kind: 'list', element: { kind: 'int' } },
      required: false,
    });
    const columns = await copy(
      'SELECT unnest([true, false, NULL]) AS "odd""na.me", [1, 2] AS list',
      metadata,
    );
    expect(columns).toEqual({
      'odd"na.me': { valueCount: 3, nullCount: 1, sizeBytes: expect.any(Number), min: 'false', max: 'true' },
    });
  });

  test('an empty file and a column of NULLs have counts and no bounds', async () => {
    const metadata = table(column('a', 'int'));
    const empty = await copy('SELECT 1 AS a WHERE false', metadata);
    expect(empty).toEqual({ a: { valueCount: 0, nullCount: 0, sizeBytes: 0 } });
    const nulls = await copy('SELECT NULL::INT AS a FROM range(3)', metadata);
    expect(nulls.a).toMatchObject({ valueCount: 3, nullCount: 3 });
    expect(nulls.a).not.toHaveProperty('min');
  });

  test('infinity and NaN are no bounds', async () => {
    const metadata = table(column('d', 'double'), column('n', 'double'), column('t', 'timestamptz'));
    const columns = await copy(
      "SELECT * FROM (VALUES ('inf'::DOUBLE, 'nan'::DOUBLE, 'infinity'::TIMESTAMPTZ), (1, 1, '2024-01-01 00:00:00+00')) v(d, n, t)",
      metadata,
    );
    expect(columns.d).toMatchObject({ min: '1.0' });
    expect(columns.d).not.toHaveProperty('max');
    expect(columns.n).not.toHaveProperty('min');
    expect(columns.t).toMatchObject({ min: '2024-01-01 00:00:00+00' });
    expect(columns.t).not.toHaveProperty('max');
  });

  test('DuckDB 1.5.6 shortens long ASCII text correctly and gives no bounds for other long text', async () => {
    const metadata = table(column('ascii', 'string'), column('accents', 'string'), column('bytes', 'binary'));
    const columns = await copy(
      `SELECT repeat('x', 1000000) AS ascii, repeat('é', 500000) AS accents, encode(repeat('x', 1000000)) AS bytes
       UNION ALL SELECT 'm', 'm', encode('m')`,
      metadata,
    );
    expect(columns.ascii).toMatchObject({ min: 'm', max: `${'x'.repeat(255)}y` });
    expect(columns.accents).not.toHaveProperty('max');
    expect(columns.bytes).toMatchObject({ min: '6D', max: `${'78'.repeat(255)}79` });
  });

  test('a file whose row groups do not all have bounds has none', async () => {
    const columns = await copy(
      "SELECT CASE WHEN i < 2048 THEN 'm' ELSE repeat('é', 300) END AS s FROM range(4096) r(i)",
      table(column('s', 'string')),
      ', ROW_GROUP_SIZE 2048',
    );
    expect(columns.s).not.toHaveProperty('min');
    expect(columns.s).not.toHaveProperty('max');
  });

  test('text with a NUL keeps it', async () => {
    const columns = await copy("SELECT 'a' || chr(0) || 'b' AS s", table(column('s', 'string')));
    expect(columns.s).toMatchObject({ min: 'a\u0000b', max: 'a\u0000b' });
  });

  test('whatever texts and bytes a file holds, it may contain each of them', async () => {
    const char = fc.oneof(
      fc.constantFrom('a', 'é', '€', '😀', '\u007f', '\u{10ffff}', '\u0000'),
      fc.string({ unit: 'grapheme' }),
    );
    const text = fc
      .tuple(fc.array(char, { maxLength: 20 }), fc.constantFrom(1, 40))
      .map(([chars, times]) => chars.join('').repeat(times));
    const types: readonly ColumnType[] = [{ kind: 'string' }, { kind: 'binary' }];
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 5 }), async (texts) => {
        const hex = texts.map((one) => `decode(unhex('${Buffer.from(one).toString('hex')}'))`).join(', ');
        const columns = await copy(
          `SELECT s, encode(s) AS b FROM (SELECT unnest([${hex}]) AS s)`,
          table(column('s', 'string'), column('b', 'binary')),
        );
        const written = { key: 'k', recordCount: texts.length, sizeBytes: 1, columns };
        for (const one of texts) {
          const [string, bytes] = [one, Buffer.from(one).toString('hex')];
          expect(mayContain(written, 's', { type: types[0] as ColumnType, min: string, max: string })).toBe(
            true,
          );
          expect(mayContain(written, 'b', { type: types[1] as ColumnType, min: bytes, max: bytes })).toBe(
            true,
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  test('the folder of a partitioned COPY gives the month', async () => {
    const rows = await lake.rows(
      `COPY (SELECT 1 AS a, 481 AS _month) TO '${lake.directory}/months' (FORMAT parquet, PARTITION_BY (_month), RETURN_STATS)`,
    );
    expect(copiedFile(rows[0])).toEqual({
      path: `${lake.directory}/months/_month=481/data_0.parquet`,
      month: 481,
    });
  });

  test('a row of another shape and a column that the table lacks are refused', async () => {
    const target = { metadata: table(column('a', 'int')), key: 'k', month: undefined };
    expect(() => readCopyStats({ filename: 'x' }, target)).toThrow('gave a row that is not understood');
    await expect(copy('SELECT 1 AS b', target.metadata)).rejects.toThrow("has a column 'b'");
  });
});
