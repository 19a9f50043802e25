import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { readParquetRows } from '../stages/read-rows.ts';
import { type AskedService, openService } from './open-service.ts';

const HEADER = 'sale_id,customer,amount,sold_on\n';
/** 2^53 + 1 pennies and more: as floats they would be others. */
const FIRST = `${HEADER}1,Ann,90071992547409.93,2024-01-02\n2,Bob,0.20,2024-01-31\n3,Cem,7.00,2024-02-01\n`;
const LATE = `${HEADER}4,Dot,1.07,2024-01-15\n`;
const REPORT = '/v1/reports/shop.monthly_sales';

let shop: Shop;
let service: AskedService;
/** The second run. */
let late: string;
/** The report's snapshot after the first run, and the one of Silver that it was made from. */
let printed: string;
let source: string;
beforeAll(async () => {
  shop = await openShop();
  service = await openService(shop.cwd);
  await run('first.csv', FIRST);
  const state = (await service.json(REPORT)) as {
    snapshotId: number;
    madeFrom: { snapshotId: number }[];
  };
  [printed, source] = [String(state.snapshotId), String(state.madeFrom[0]?.snapshotId)];
  late = await run('late.csv', LATE);
});
afterAll(() => shop.dispose());

async function run(name: string, text: string): Promise<string> {
  await shop.write(`drop/${name}`, text);
  await runMain(['ingest', `drop/${name}`, '--dataset', 'shop.sales'], shop);
  const { json } = await runMainJson(['run'], shop);
  return (json as { runId: string }[])[0]?.runId ?? '';
}
const python = async (script: string, ...args: string[]): Promise<unknown> => {
  const program = path.join(import.meta.dirname, script);
  return JSON.parse((await promisify(execFile)('python3', [program, ...args])).stdout);
};
const bodyOf = async (at: string, asked = service): Promise<Buffer> => {
  const answer = await asked.ask(at);
  if (answer.status !== 200) throw new Error(`${at}: ${answer.status} ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer());
};
const textOf = async (at: string, asked = service): Promise<string> => (await bodyOf(at, asked)).toString();
/** A page's text as it is read, without its tags. */
const pageText = async (at: string, asked = service): Promise<string> =>
  (await textOf(at, asked)).replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');

describe('what changed since a report was printed', () => {
  const changed = {
    rowsAdded: 1,
    rowsRemoved: 1,
    keyCount: 1,
    keys: [
      {
        change: 'changed',
        month: '2024-01',
        key: { as_of_month: '2024-01-01' },
        values: {
          sales: { old: '2', new: '3' },
          amount: { old: '90071992547410.13', new: '90071992547411.20' },
        },
      },
    ],
  };

  test('is told with old and new values, the run and the file that came', async () => {
    expect(await service.json(`${REPORT}/changes?since=${printed}`)).toMatchObject({
      ...changed,
      keys: [{ ...changed.keys[0], by: [late] }],
      causes: [{ id: late, kind: 'run', by: null, why: 'from late.csv' }],
    });
    const page = await pageText(`/reports/shop.monthly_sales?since=${printed}`);
    expect(page).toContain('90,071,992,547,410.13 90,071,992,547,411.20');
    expect(page).toContain('from late.csv');
  });

  test('a snapshot of what it was made from names the same moment', async () => {
    expect(await service.json(`${REPORT}/changes?since=${source}`)).toMatchObject(changed);
    const page = await pageText(`/reports/shop.monthly_sales?asOf=${source}`);
    expect(page).toContain('2024-01-01 2 90,071,992,547,410.13');
    expect(await service.json(`${REPORT}/lines?as_of_month=2024-01-01&asOf=${source}`)).toMatchObject({
      figure: { sales: 2 },
      inputs: [{ rows: 2 }],
    });
  });

  test('is told to a viewer without runs and reasons', async () => {
    const viewer = await openService(shop.cwd, { roles: ['viewer'] });
    expect(await viewer.json(`${REPORT}/changes?since=${printed}`)).toMatchObject({
      ...changed,
      keys: [{ by: [] }],
      causes: [],
    });
  });

  test('of another month is nothing, and of a moment before the first state an error', async () => {
    expect(await service.json(`${REPORT}/changes?since=${printed}&month=2024-02`)).toMatchObject({
      keyCount: 0,
      keys: [],
    });
    const answer = await service.ask(`${REPORT}/changes?since=2020-01-01`);
    expect([answer.status, await answer.json()]).toEqual([
      404,
      expect.objectContaining({ code: 'NO_SNAPSHOT' }),
    ]);
  });

  test('two snapshots differ in the same', async () => {
    const { snapshotId } = (await service.json(REPORT)) as { snapshotId: number };
    const between = `dataset=shop.monthly_sales&from=${printed}&to=${snapshotId}`;
    expect(await service.json(`/v1/diff?${between}`)).toMatchObject(changed);
  });
});

describe('a report as a file', () => {
  const asPrinted = 'as_of_month,sales,amount\n2024-01-01,2,90071992547410.13\n2024-02-01,1,7.00\n';

  test('is as it was at the moment asked for: CSV', async () => {
    const csv = await textOf(`${REPORT}?format=csv&asOf=${printed}`);
    expect(csv.split('\n').map((line) => line.split(',').slice(0, 3).join(','))).toEqual(
      asPrinted.split('\n'),
    );
    const page = await pageText(`/reports/shop.monthly_sales?asOf=${printed}`);
    expect(page).toContain('2024-01-01 2 90,071,992,547,410.13');
    expect(page).toContain('This is the report as it was, and not as it is');
  });

  test('has the same cells as a spreadsheet, as another program reads them', async () => {
    const file = path.join(shop.cwd, 'report.xlsx');
    await writeFile(file, await bodyOf(`${REPORT}?format=xlsx&month=2024-01`));
    const cells = (await python('cells.py', file)) as string[][];
    expect(cells.map((row) => row.slice(0, 3))).toEqual([
      ['as_of_month', 'sales', 'amount'],
      // Days since 30 December 1899; more than 15 digits are text.
      ['45292', '3', '90071992547411.20'],
    ]);
  });

  test('has the same rows as Parquet, as another program reads them', async () => {
    const file = path.join(shop.cwd, 'report.parquet');
    await writeFile(file, await bodyOf(`${REPORT}?format=parquet`));
    const rows = await readParquetRows(file);
    expect(rows.map(({ sales }) => Number(sales))).toEqual([3, 1]);
  });
});

describe('from a figure to its lines', () => {
  test('the sums by file are those of Python’s csv and decimal, and add up to the figure', async () => {
    const sums = (await python('sums.py', path.join(shop.cwd, 'drop'), '2024-01')) as Record<
      string,
      { rows: number; amount: string }
    >;
    const { figure, inputs } = (await service.json(`${REPORT}/lines?as_of_month=2024-01-01`)) as {
      figure: object;
      inputs: {
        rows: number;
        measures: object;
        files: { sourceFile: string; rows: number; measures: { amount: string } }[];
        records: { line: number; text: string }[];
      }[];
    };
    expect(figure).toMatchObject({ sales: 3, amount: '90071992547411.20' });
    expect(inputs).toMatchObject([{ rows: 3, measures: { amount: '90071992547411.20' } }]);
    const found = inputs[0]?.files.map(({ sourceFile, rows, measures }) => [
      path.basename(sourceFile),
      { rows, amount: measures.amount },
    ]);
    expect(Object.fromEntries(found ?? [])).toEqual(sums);
    expect(inputs[0]?.records.map(({ line, text }) => [line, text])).toEqual([
      [2, '1,Ann,90071992547409.93,2024-01-02'],
      [3, '2,Bob,0.20,2024-01-31'],
      [2, '4,Dot,1.07,2024-01-15'],
    ]);
  });

  test('each figure of the page leads to them, also of an earlier state', async () => {
    const [, lines = ''] =
      /href="(\/reports\/shop\.monthly_sales\/lines\?[^"]*)"/.exec(
        await textOf(`/reports/shop.monthly_sales?asOf=${printed}`),
      ) ?? [];
    const page = await pageText(lines.replaceAll('&amp;', '&'));
    expect(page).toContain('2 records of shop.sales');
    expect(page).toContain('90,071,992,547,410.13 ✓ as amount says');
    expect(page).toContain('2,Bob,0.20,2024-01-31');
    expect(page).not.toContain('Dot');
  });

  test('an analyst does not see what may be personal', async () => {
    const analyst = await openService(shop.cwd, { roles: ['analyst'] });
    const page = await pageText('/reports/shop.monthly_sales/lines?k.as_of_month=2024-01-01', analyst);
    expect(page).toContain('90,071,992,547,411.20');
    expect(page).not.toContain('Ann');
    const answer = await analyst.json(`${REPORT}/lines?as_of_month=2024-01-01&limit=1&offset=2`);
    expect(answer).toMatchObject({
      inputs: [{ rows: 3, records: [{ sourceRowNumber: 1, text: '•••', values: { customer: '•••' } }] }],
    });
  });

  test('a row that is not there is none', async () => {
    expect((await service.ask(`${REPORT}/lines?as_of_month=2020-01-01`)).status).toBe(404);
    expect((await service.ask(`${REPORT}/lines?as_of_mont=2020-01-01`)).status).toBe(400);
  });
});

describe('months are closed, reopened, and what waits is accepted', () => {
  const reason = 'reported to the board';
  interface Closing {
    readonly id: string;
    readonly month: string;
  }
  const decide = async (
    at: string,
    body: object,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly value: Closing & { readonly code?: string } }> => {
    const answer = await service.post(at, body, headers);
    return { status: answer.status, value: (await answer.json()) as Closing };
  };
  const digest = async (): Promise<string> =>
    ((await service.json(`${REPORT}?month=2024-01`)) as { digest: string }).digest;
  let closing: Closing;

  test('a month is closed with the rows that were looked at, and no others, once', async () => {
    const looked = await digest();
    expect(looked).toMatch(/^[0-9a-f]{64}$/);
    const closings = await service.ask(`${REPORT}/closings`);
    const etag = closings.headers.get('etag') ?? '';
    const other = await decide(`${REPORT}/close`, { month: '2024-01', digest: 'another', reason });
    expect([other.status, other.value.code]).toEqual([409, 'ROWS_CHANGED']);
    const body = { month: '2024-01', digest: looked, reason };
    const keyed = { 'if-match': etag, 'idempotency-key': 'close january' };
    const closed = await decide(`${REPORT}/close`, body, keyed);
    expect(closed).toMatchObject({
      status: 200,
      value: { month: '2024-01', by: 'ann', reason, digest: looked, rows: 1, ended: null },
    });
    closing = closed.value;
    expect(await decide(`${REPORT}/close`, body, keyed)).toEqual(closed);
    const again = await decide(`${REPORT}/close`, body);
    expect([again.status, again.value.code]).toEqual([409, 'CLOSED_ALREADY']);
    const stale = await decide(`${REPORT}/reopen`, { month: '2024-01', reason }, { 'if-match': etag });
    expect([stale.status, stale.value.code]).toEqual([412, 'CHANGED']);
  });

  test('a late file waits, and is accepted as it was looked at; the closed rows stay', async () => {
    await run('later.csv', `${HEADER}5,Eve,100.00,2024-01-20\n`);
    const listed = (await service.json('/v1/restatements?report=monthly_sales')) as {
      restatements: { id: string }[];
    };
    expect(listed).toMatchObject({
      restatements: [
        {
          month: '2024-01',
          closing: closing.id,
          figures: [
            { column: 'amount', old: '90071992547411.20', new: '90071992547511.20' },
            { column: 'sales', old: '3', new: '4' },
          ],
        },
      ],
    });
    const waiting = listed.restatements[0]?.id ?? '';
    const page = await pageText('/reports/shop.monthly_sales?month=2024-01');
    expect(page).toContain('Late data would change 2024-01, which is closed');
    expect(page).toContain('amount 90,071,992,547,411.20 90,071,992,547,511.20');
    const looked = { closing: closing.id, waiting: null };
    const other = await decide(`${REPORT}/reopen`, { month: '2024-01', looked, reason });
    expect([other.status, other.value.code]).toEqual([409, 'CLOSING_CHANGED']);
    expect((await service.ask('/v1/restatements/none')).status).toBe(404);
    const tag = (await service.ask(`/v1/restatements/${waiting}`)).headers.get('etag') ?? '';
    const accepted = await decide(
      `/v1/restatements/${waiting}/accept`,
      { reason: 'agreed with the auditor' },
      { 'if-match': tag },
    );
    expect(accepted).toMatchObject({
      status: 200,
      value: { by: 'ann', replaces: closing.id, restatement: waiting },
    });
    expect(await service.json(`${REPORT}/changes?since=${printed}`)).toMatchObject({
      keys: [{ by: [late, expect.any(String)] }],
      causes: [
        { id: late },
        { kind: 'decision', by: 'ann', why: 'restatement accepted: agreed with the auditor' },
      ],
    });
    const then = await textOf(`${REPORT}/closed?closing=${closing.id}&format=csv`);
    expect(then.split('\n')[1]).toContain('2024-01-01,3,90071992547411.20');
    expect(await service.json(`${REPORT}/closed?month=2024-01`)).toMatchObject({
      closings: [{ id: accepted.value.id }],
      rowCount: 1,
      rows: [{ sales: 4, amount: '90071992547511.20' }],
    });
  });

  test('the page’s forms are bound to what it shows', async () => {
    const cookie = await service.signIn();
    const send = async (at: string, form: Readonly<Record<string, string>>): Promise<Response> =>
      await service.send(at, {
        method: 'POST',
        body: String(new URLSearchParams(form)),
        headers: {
          cookie,
          origin: 'http://assay.test:1',
          'content-type': 'application/x-www-form-urlencoded',
        },
      });
    const page = await (
      await service.send('/reports/shop.monthly_sales?month=2024-02', { headers: { cookie } })
    ).text();
    const field = (name: string): string =>
      new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1] ?? '';
    const at = '/reports/shop.monthly_sales/close';
    const form = { csrf: field('csrf'), digest: field('digest'), month: '2024-02', reason };
    expect((await send(at, { ...form, digest: '' })).status).toBe(409);
    expect((await send(at, { ...form, reason: ' ' })).status).toBe(400);
    const closed = await send(at, form);
    expect([closed.status, closed.headers.get('location')]).toEqual([
      303,
      '/reports/shop.monthly_sales?month=2024-02',
    ]);
    const after = await pageText('/reports/shop.monthly_sales');
    expect(after).toContain(`ann ${reason}`);
  });
});
