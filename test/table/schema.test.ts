import { describe, expect, test } from '@jest/globals';
import { createTable } from '../../etl/table/create-table.ts';
import { evolveSchema, schemaIncompatibilities } from '../../etl/table/evolve-schema.ts';
import { copyOptions, fieldIds, printFieldIds } from '../../etl/table/field-ids.ts';
import { currentSchema, parseMetadata, printMetadata } from '../../etl/table/metadata.ts';
import type { ColumnType, TableColumn } from '../../etl/table/schema.ts';

const column = (name: string, type: ColumnType, required = false): TableColumn => ({ name, type, required });
const LONG: ColumnType = { kind: 'long' };
const INT: ColumnType = { kind: 'int' };
const decimal = (precision: number, scale: number): ColumnType => ({ kind: 'decimal', precision, scale });
const reasons = (...fields: TableColumn[]): TableColumn =>
  column('reasons', { kind: 'list', element: { kind: 'struct', fields } });

const COLUMNS: readonly TableColumn[] = [
  column('id', INT, true),
  column('paid_on', { kind: 'date' }, true),
  reasons(column('rule', { kind: 'string' }), column('code', INT)),
  column('amount', decimal(9, 2)),
];
const create = (columns = COLUMNS) =>
  createTable({
    location: 's3://lake/t/',
    columns,
    partition: { column: 'paid_on', transform: 'month' },
    uuid: 'u',
    nowMs: 1,
  });
const table = create();
const replace = (name: string, ...by: TableColumn[]): TableColumn[] =>
  COLUMNS.flatMap((one) => (one.name === name ? by : [one]));

describe('a new table', () => {
  test('gives every column and everything nested an id of its own', () => {
    expect(fieldIds(table)).toEqual({
      id: 1,
      paid_on: 2,
      reasons: { __duckdb_field_id: 3, element: { __duckdb_field_id: 4, rule: 5, code: 6 } },
      amount: 7,
    });
    expect(table['last-column-id']).toBe(7);
  });

  test('maps names to ids, nested ones too', () => {
    expect(JSON.parse(table.properties['schema.name-mapping.default'] ?? '')).toEqual([
      { 'field-id': 1, names: ['id'] },
      { 'field-id': 2, names: ['paid_on'] },
      {
        'field-id': 3,
        names: ['reasons'],
        fields: [
          {
            'field-id': 4,
            names: ['element'],
            fields: [
              { 'field-id': 5, names: ['rule'] },
              { 'field-id': 6, names: ['code'] },
            ],
          },
        ],
      },
      { 'field-id': 7, names: ['amount'] },
    ]);
  });

  test('is partitioned by a column that has months, or not at all', () => {
    expect(table['partition-specs']).toEqual([
      {
        'spec-id': 0,
        fields: [{ 'source-id': 2, 'field-id': 1000, name: 'paid_on_month', transform: 'month' }],
      },
    ]);
    for (const name of ['id', 'nowhere']) {
      const partition = { column: name, transform: 'month' } as const;
      expect(() => createTable({ location: 'x', columns: COLUMNS, partition, uuid: 'u', nowMs: 1 })).toThrow(
        'name a column of type date or timestamptz',
      );
    }
  });

  test('refuses two names that differ only in case', () => {
    expect(() => create([...COLUMNS, column('ID', LONG)])).toThrow("Column 'ID' appears twice");
  });

  test('its metadata survives a file, and anything else is refused as such', () => {
    expect(parseMetadata(printMetadata(table))).toEqual(table);
    for (const text of [
      '{',
      '{}',
      '{"format-version":1}',
      JSON.stringify({ ...table, 'last-column-id': 2 ** 60 }),
    ]) {
      expect(() => parseMetadata(Buffer.from(text))).toThrow('not Iceberg v2 table metadata');
    }
  });
});

describe('field ids for COPY', () => {
  test('are a DuckDB literal with quoted names', () => {
    const odd = create([
      column('paid_on', { kind: 'date' }),
      column('a"b', LONG),
      reasons(column('x y', LONG)),
    ]);
    expect(printFieldIds(fieldIds(odd))).toBe(
      '{"paid_on": 1, "a""b": 2, "reasons": {"__duckdb_field_id": 3, "element": {"__duckdb_field_id": 4, "x y": 5}}}',
    );
  });

  test('come with the schema, as a literal that a quote in a description cannot end', () => {
    const quoted = create([{ name: 'paid_on', type: { kind: 'date' }, required: true, doc: "payer's day" }]);
    expect(copyOptions(quoted)).toContain(`"doc":"payer''s day"`);
  });
});

describe('schema evolution', () => {
  test('the same columns leave the same table, in any order', () => {
    expect(evolveSchema(table, COLUMNS)).toBe(table);
    expect(evolveSchema(table, COLUMNS.toReversed())).toBe(table);
  });

  test('optional columns are added with new ids, wherever they are nested', () => {
    const wider = evolveSchema(table, [
      column('note', { kind: 'string' }),
      ...replace(
        'reasons',
        reasons(column('rule', { kind: 'string' }), column('code', INT), column('value', LONG)),
      ),
    ]);
    expect(fieldIds(wider)).toEqual({
      id: 1,
      paid_on: 2,
      reasons: { __duckdb_field_id: 3, element: { __duckdb_field_id: 4, rule: 5, code: 6, value: 8 } },
      amount: 7,
      note: 9,
    });
    expect(wider).toMatchObject({ 'current-schema-id': 1, 'last-column-id': 9 });
    expect(wider.schemas).toHaveLength(2);
    expect(wider.properties['schema.name-mapping.default']).toContain('"note"');
    expect(table.schemas).toHaveLength(1);
  });

  test.each([
    ['int to long', replace('id', column('id', LONG, true)), 'long'],
    ['required to optional', replace('id', column('id', INT)), 'int'],
    ['a wider decimal', replace('amount', column('amount', decimal(18, 2))), 'decimal(18, 2)'],
    ['a new description', replace('id', { ...column('id', INT, true), doc: 'the id' }), 'int'],
  ])('%s is taken', (_name, columns, type) => {
    expect(schemaIncompatibilities(table, columns)).toEqual([]);
    const evolved = evolveSchema(table, columns);
    expect(evolved['current-schema-id']).toBe(1);
    expect(currentSchema(evolved).fields.map((field) => field.type)).toContain(type);
    expect(evolved['last-column-id']).toBe(7);
  });

  test.each([
    ['a removed column', replace('amount'), 'removed', 'amount'],
    ['a new required column', [...COLUMNS, column('note', LONG, true)], 'required-added', 'note'],
    [
      'a column made required',
      replace('amount', column('amount', decimal(9, 2), true)),
      'made-required',
      'amount',
    ],
    ['another type', replace('amount', column('amount', { kind: 'string' })), 'type-changed', 'amount'],
    ['another scale', replace('amount', column('amount', decimal(12, 3))), 'type-changed', 'amount'],
    ['a narrower decimal', replace('amount', column('amount', decimal(8, 2))), 'type-changed', 'amount'],
    [
      'a primitive made a list',
      replace('id', column('id', { kind: 'list', element: INT }, true)),
      'type-changed',
      'id',
    ],
    ['a list made a primitive', replace('reasons', column('reasons', LONG)), 'type-changed', 'reasons'],
    [
      'a removed nested field',
      replace('reasons', reasons(column('rule', { kind: 'string' }))),
      'removed',
      'reasons.element.code',
    ],
  ])('%s is refused by name', (_name, columns, kind, name) => {
    expect(schemaIncompatibilities(table, columns)).toMatchObject([{ kind, column: name }]);
    expect(() => evolveSchema(table, columns)).toThrow(
      expect.objectContaining({
        name: 'ConfigError',
        code: 'SCHEMA_INCOMPATIBLE',
        message: expect.stringMatching(new RegExp(`'${name}'.*new major version`)),
      }),
    );
  });

  test('a long column is not narrowed to int', () => {
    const long = create(replace('id', column('id', LONG, true)));
    expect(schemaIncompatibilities(long, COLUMNS)).toMatchObject([{ kind: 'type-changed', column: 'id' }]);
  });

  test('every problem is named at once', () => {
    const columns = [...replace('amount', column('amount', LONG)), column('note', LONG, true)];
    expect(schemaIncompatibilities(table, columns).map((one) => one.column)).toEqual(['amount', 'note']);
  });
});
