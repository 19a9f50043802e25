import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readParquetRows } from '../stages/read-rows.ts';
import { runMain, runMainJson } from './run-main.ts';
import { QueryFileJson } from './shapes.ts';
import { goodSales, openShop, type Shop } from './shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
  await shop.write('a.csv', goodSales(1, 300));
  await runMain(['ingest', 'a.csv', '--dataset', 'shop.sales'], shop);
  await runMain(['run'], shop);
});
afterAll(() => shop.dispose());

const ask = (sql: string, ...args: string[]) => runMain(['query', sql, ...args], shop);
const read = (name: string): Promise<Buffer> => readFile(path.join(shop.cwd, name));
/** An answer of every kind of value that a format may spoil; rows by number. */
const KINDS = `SELECT range AS n, CAST('12345678901234567890.12' AS DECIMAL(38,2)) AS wide, CAST(1.5 AS DECIMAL(18,2)) AS price,
  9007199254740993 AS big, DATE '2024-02-29' AS day, DATE '1899-12-31' AS early, TIMESTAMPTZ '2024-02-29 13:45:00.25+00' AS at,
  TIMESTAMPTZ '2024-02-29 13:45:00.000001+00' AS fine, range % 2 = 0 AS even, 0.1::DOUBLE AS share, NULL AS nothing, '' AS empty,
  '=1+1 <b> & "' || chr(13) || chr(7) || '_x0041_ ' AS text FROM range(%) ORDER BY n`;
const kinds = (rows: number): string => KINDS.replace('range(%)', `range(${rows})`);

/** The files in a zip by its central directory, as APPNOTE describes it. */
function unzip(zip: Buffer): Map<string, string> {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const files = new Map<string, string>();
  let at = zip.readUInt32LE(end + 16);
  for (let n = 0; n < zip.readUInt16LE(end + 10); n++) {
    const [name, extra, comment] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field));
    const header = zip.readUInt32LE(at + 42);
    const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
    const text = inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(at + 20))).toString();
    files.set(zip.toString('utf8', at + 46, at + 46 + (name ?? 0)), text);
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return files;
}

describe('--out', () => {
  test.each(['answer.doc', 'answer.csv.gz', 'answer', 'answer.xls', 'answer.feather', 'answer.json5'])(
    '%s is refused, with the endings that there are, and nothing is written',
    async (out) => {
      for (const command of [
        ['query', 'SELECT 1'],
        ['report', 'shop.monthly_sales'],
      ]) {
        const { code, err } = await runMain([...command, '--out', out], shop);
        expect(code).toBe(2);
        expect(err).toContain('.txt, .csv, .json, .jsonl, .ndjson, .parquet, .xlsx');
      }
      await expect(stat(path.join(shop.cwd, out))).rejects.toThrow('ENOENT');
    },
  );

  test('a format beside an ending of another is refused', async () => {
    expect((await ask('SELECT 1', '--format', 'csv', '--out', 'a.json')).code).toBe(2);
    expect((await ask('SELECT 1', '--format', 'csv', '--out', 'a.data')).code).toBe(0);
    expect((await ask('SELECT 1', '--format', 'xlsx')).code).toBe(2);
  });

  test('quarantined records are CSV, a proposed contract is YAML, under no other name', async () => {
    const exported = await runMain(
      ['quarantine', 'export', '--dataset', 'shop.sales', '--out', 'q.xlsx'],
      shop,
    );
    expect([exported.code, exported.err]).toEqual([2, expect.stringContaining('.csv')]);
    const inferred = await runMain(['contracts', 'infer', 'a.csv', '--out', 'c.json'], shop);
    expect([inferred.code, inferred.err]).toEqual([2, expect.stringContaining('.yaml')]);
  });

  test.each(['csv', 'json', 'jsonl', 'ndjson', 'parquet', 'xlsx', 'txt', 'CSV'])(
    '.%s has all 2,414 rows',
    async (ending) => {
      const out = `all.${ending}`;
      const { json } = await runMainJson(['query', 'SELECT range AS n FROM range(2414)', '--out', out], shop);
      expect(QueryFileJson.parse(json).rows).toBe(2414);
      const bytes = await read(out);
      if (ending === 'parquet') {
        const rows = await readParquetRows(path.join(shop.cwd, out));
        expect(rows.map(({ n }) => Number(n))).toEqual(Array.from({ length: 2414 }, (_, n) => n));
      } else if (ending === 'xlsx') {
        const sheet = unzip(bytes).get('xl/worksheets/sheet1.xml') ?? '';
        expect(sheet.match(/<row /g)).toHaveLength(2415);
        expect(sheet).toContain('<row r="2415"><c r="A2415" s="4"><v>2413</v></c></row>');
      } else {
        const numbers = [...bytes.toString().matchAll(/\b\d+\b/g)].map(([text]) => Number(text));
        expect(numbers.filter((n) => n === 2413)).toHaveLength(1);
        expect(numbers.length).toBeGreaterThanOrEqual(2414);
      }
    },
  );

  test('jsonl: a row a line, exact', async () => {
    await ask(kinds(2), '--out', 'kinds.jsonl');
    const lines = (await read('kinds.jsonl')).toString().split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      [0, 1].map((n) => ({
        n,
        wide: '12345678901234567890.12',
        price: '1.50',
        big: '9007199254740993',
        day: '2024-02-29',
        early: '1899-12-31',
        at: '2024-02-29 13:45:00.25+00',
        fine: '2024-02-29 13:45:00.000001+00',
        even: n === 0,
        share: 0.1,
        nothing: null,
        empty: '',
        text: '=1+1 <b> & "\r\u0007_x0041_ ',
      })),
    );
  });

  test('xlsx: numbers of 15 digits, days and times as such, the rest as text, and it is said what', async () => {
    const { err } = await ask(kinds(1), '--out', 'kinds.xlsx');
    expect(err).toContain('wide, big, early, fine: written as text');
    const sheet = unzip(await read('kinds.xlsx')).get('xl/worksheets/sheet1.xml') ?? '';
    const cells = [...sheet.matchAll(/<c r="([A-Z]+)2"( s="\d")?( t="\w+")?>(.*?)<\/c>/gs)];
    expect(cells.map(([, at, , , inner = '']) => `${at} ${inner.replace(/<[^>]*>/g, '')}`)).toEqual([
      'A 0',
      'B 12345678901234567890.12',
      'C 1.50',
      'D 9007199254740993',
      // Days since 30 December 1899: 2024-02-29 is 45,351.
      'E 45351',
      'F 1899-12-31',
      `G ${45351 + (13 * 3600 + 45 * 60 + 0.25) / 86400}`,
      'H 2024-02-29 13:45:00.000001+00',
      'I 1',
      'J 0.1',
      'L ',
      'M =1+1 &lt;b&gt; &amp; "&#13;_x0007__x005F_x0041_ ',
    ]);
  });

  test('xlsx: what no sheet takes is refused, and leaves no file', async () => {
    for (const [sql, why] of [
      ['SELECT range FROM range(1048576)', '1,048,575 rows'],
      ["SELECT repeat('x', 32768) AS long", '32,767'],
    ] as const) {
      const { code, err } = await ask(sql, '--out', 'large.xlsx');
      expect([code, err]).toEqual([2, expect.stringContaining(why)]);
      await expect(stat(path.join(shop.cwd, 'large.xlsx'))).rejects.toThrow('ENOENT');
    }
  });

  test('parquet: sums of integers are exact, also in lists, and refused past 38 digits', async () => {
    const sql = `SELECT sum(n) AS total, [sum(n)] AS list, 5 AS "ROWID" FROM (VALUES (9223372036854775807), (9223372036854775807)) AS t(n)`;
    expect((await ask(sql, '--out', 'sum.parquet')).code).toBe(0);
    const meta = (await read('sum.parquet')).toString('latin1');
    expect(meta).toContain('ROWID');
    const { out } = await ask(
      "SELECT typeof(total), total, list, ROWID FROM 'sum.parquet'".replace(
        'sum.parquet',
        path.join(shop.cwd, 'sum.parquet'),
      ),
      '--format',
      'csv',
      '--files',
      '.',
    );
    expect(out.split('\n')[1]).toBe('"DECIMAL(38,0)",18446744073709551614,"[""18446744073709551614""]",5');
    const tooWide = await ask(
      'SELECT 170141183460469231731687303715884105727::HUGEINT AS h',
      '--out',
      'h.parquet',
    );
    expect([tooWide.code, tooWide.err]).toEqual([2, expect.stringContaining("'h'")]);
    await expect(stat(path.join(shop.cwd, 'h.parquet'))).rejects.toThrow('ENOENT');
  });

  test('a report goes to every format', async () => {
    for (const ending of ['csv', 'jsonl', 'xlsx', 'parquet', 'txt']) {
      const { code } = await runMain(['report', 'shop.monthly_sales', '--out', `report.${ending}`], shop);
      expect([ending, code]).toEqual([ending, 0]);
    }
    const [line = ''] = (await read('report.jsonl')).toString().split('\n');
    expect(JSON.parse(line)).toMatchObject({ as_of_month: '2024-03-01', sales: 300, amount: '375.00' });
  });

  test('xlsx: a report has a sheet for each month where that is asked for', async () => {
    await shop.write(
      'b.csv',
      'sale_id,customer,amount,sold_on\n901,Ann,1.00,2024-02-01\n902,Bob,2.00,2023-12-31\n',
    );
    await runMain(['ingest', 'b.csv', '--dataset', 'shop.sales'], shop);
    await runMain(['run'], shop);
    const report = ['report', 'monthly_sales', '--sheet-per-month'];
    expect((await runMain([...report, '--out', 'months.xlsx'], shop)).code).toBe(0);
    const parts = unzip(await read('months.xlsx'));
    expect(
      [...(parts.get('xl/workbook.xml') ?? '').matchAll(/sheet name="([^"]*)"/g)].map(([, name]) => name),
    ).toEqual(['2023-12', '2024-02', '2024-03']);
    for (const [n, amount] of ['<v>2.00</v>', '<v>1.00</v>', '<v>375.00</v>'].entries()) {
      const sheet = parts.get(`xl/worksheets/sheet${n + 1}.xml`) ?? '';
      expect(sheet.match(/<row /g)).toHaveLength(2);
      expect(sheet).toContain(`<c r="C2" s="5">${amount}</c>`);
    }
    expect((await runMain([...report, '--out', 'months.csv'], shop)).code).toBe(2);
  });
});
