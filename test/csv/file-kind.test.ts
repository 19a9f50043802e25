import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from '@jest/globals';
import { otherKind } from '../../etl/csv/file-kind.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { testLake } from '../stages/harness.ts';

/** What files are, made by other programs or as their specifications say. */

test.each([
  ['%PDF-1.7\n%âãÏÓ', 'a PDF'],
  ['{"id": 1}', 'JSON'],
  ['[\n  {"id": 1}\n]', 'JSON'],
  ['\u00ef\u00bb\u00bf{ "id": 1}', 'JSON'],
  ['<!DOCTYPE html><html>', 'a web page (HTML): perhaps the page that asks to sign in'],
  ['<?xml version="1.0"?>', 'XML'],
  ['PK\u0003\u0004', 'a zip archive (under a name that ends in .zip its files are read, in .xlsx a sheet)'],
  ['#!/bin/sh', 'a script (#!)'],
  ['id,paid_on\n1,2024-01-01', undefined],
  ['[id],[paid on]\n', undefined],
  ['{id},x\n', undefined],
  ['"PK","Payment"\n', undefined],
  ['BZ,Name\n', undefined],
  ['', undefined],
])('%j is %s', (text, kind) => {
  expect(otherKind(Buffer.from(text, 'latin1'))).toBe(kind);
});

test('this program is an executable, and what DuckDB writes a Parquet file', async () => {
  expect(otherKind((await readFile(process.execPath)).subarray(0, 64))).toMatch(/^an executable/);
  const { folder, dispose } = await tempFolder();
  try {
    const db = await DuckDBInstance.create(':memory:');
    const connection = await db.connect();
    await connection.run(`COPY (SELECT 1 AS a) TO '${folder}/a.parquet' (FORMAT parquet)`);
    expect(otherKind(await readFile(`${folder}/a.parquet`))).toBe('a Parquet file');
  } finally {
    await dispose();
  }
});

test('a file that came to Bronze all the same is rejected for what it is', async () => {
  const lake = await testLake({ contracts: [contractText(PAYMENTS)] });
  try {
    const { record } = await lake.dropAndRun({
      'a.csv': '{"id": "1", "paid_on": "2024-01-01"}\n',
      'b.csv': '%PDF-1.7\n',
    });
    expect(record?.files.map(({ note }) => note)).toEqual([
      'it is JSON, and no CSV (a contract says assay.format: jsonl where each line is a JSON object)',
      'it is a PDF, and no CSV',
    ]);
    expect(record).toMatchObject({
      status: 'nothing-published',
      why: [
        'a.csv: it is JSON, and no CSV (a contract says assay.format: jsonl where each line is a JSON object)',
        'b.csv: it is a PDF, and no CSV',
      ],
    });
  } finally {
    await lake.dispose();
  }
});
