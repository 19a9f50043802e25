import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SqlValue } from '../../etl/engine/engine.ts';
import { withEngine } from '../../etl/engine/engine.ts';
import { type Revealing, runQuery } from '../../etl/query/run-query.ts';
import type { TestLake } from '../stages/harness.ts';
import { FILE, shopLake } from './shop.ts';

const WORD = { by: 'vera', reason: 'case 991' };
const ENVELOPE = /^~1\.[a-z2-7]{8}\.[a-z2-7]{26}\.2024\d\d\.[\w-]+$/;

let lake: TestLake;
beforeAll(async () => {
  lake = await shopLake();
  await lake.dropAndRun({ 'may.csv': FILE });
});
afterAll(() => lake.dispose());

async function ask(sql: string, groups: readonly string[] = []): Promise<readonly SqlValue[][]> {
  const { effects, root } = lake.lake;
  const reveal: Revealing | undefined = groups.length === 0 ? undefined : { groups, ...WORD };
  const spill = path.join(root, '.scratch', 'test', 'spill');
  return await withEngine(effects.engine, spill, async (engine) => {
    const question = { sql, asOf: { kind: 'now' } as const, ...(reveal === undefined ? {} : { reveal }) };
    const answer = await runQuery(engine, effects, question);
    return await answer.rows(0, answer.rowCount);
  });
}

const MAILS = 'SELECT id, payer_mail, payee_name FROM silver.shop_payments ORDER BY id';

test('everybody sees envelopes, also who writes reveal() and names no group', async () => {
  for (const sql of [MAILS, MAILS.replace('payer_mail', 'reveal(payer_mail)')]) {
    const rows = await ask(sql);
    expect(rows.map(([id]) => id)).toEqual(['p1', 'p2', 'p3', 'p8']);
    for (const [, mail] of rows) expect(mail).toMatch(ENVELOPE);
  }
  expect(await ask('SELECT count(*) FROM ops.reveals')).toEqual([['0']]);
});

test('who has a data group sees its values, and those of no other', async () => {
  const rows = await ask(MAILS, ['contact']);
  expect(rows.map(([id, mail]) => [id, mail])).toEqual([
    ['p1', 'ann-planted@example.org'],
    ['p2', 'ann-planted@example.org'],
    ['p3', 'ben-planted@example.org'],
    ['p8', 'ben-planted@example.org'],
  ]);
  for (const [, , name] of rows) expect(name).toMatch(ENVELOPE);
});

test('values decide which rows there are, where the SQL asks by them', async () => {
  const where = "WHERE payer_mail LIKE 'ben%' AND payee_name LIKE 'Ann%'";
  const counted = await ask(`SELECT count(*), min(payee_name) FROM silver.shop_payments ${where}`, [
    'contact',
    'payees',
  ]);
  expect(counted).toEqual([['1', 'Ann Planted-Payee']]);
  const grouped = await ask(
    'SELECT split_part(payer_mail, chr(64), 1) AS who, sum(amount) FROM silver.shop_payments GROUP BY 1 ORDER BY 1',
    ['contact'],
  );
  expect(grouped).toEqual([
    ['ann-planted', '30.00'],
    ['ben-planted', '90.00'],
  ]);
});

test('records that failed show their values, too, as JSON that can be read, and reasons do', async () => {
  const rows = await ask(
    "SELECT json_extract_string(record, '$.payer_mail'), reasons[1].value, raw_text FROM quarantine.shop_payments WHERE record IS NOT NULL ORDER BY ALL",
    ['contact'],
  );
  expect(rows.map(([mail]) => mail)).toEqual(['ann-planted at example.org', 'ben-planted at example.org']);
  expect(rows.map(([, value]) => value)).toEqual([
    'ann-planted at example.org',
    'ben-planted at example.org',
  ]);
  const broken = await ask(
    'SELECT raw_text FROM quarantine.shop_payments WHERE record IS NULL ORDER BY ALL',
    ['assay.unknown'],
  );
  expect(broken).toEqual([['p6,42,ann-planted-short@example.org'], ['p7,43,ben-planted-short@example.org']]);
});

test('that values were seen is kept: who, why, which columns, how many', async () => {
  const seen = await ask(
    'SELECT "by", reason, how, "groups", dataset, "column", "values" FROM ops.reveals ORDER BY ALL',
  );
  expect(seen).toContainEqual(['vera', 'case 991', 'query', ['contact'], 'shop.payments', 'payer_mail', '4']);
  expect(seen).toContainEqual([
    'vera',
    'case 991',
    'query',
    ['assay.unknown'],
    'shop.payments',
    'assay.line',
    '2',
  ]);
  expect(JSON.stringify(seen)).not.toMatch(/planted|example/i);
});

test('a group that is not there is told, with those that are', async () => {
  await expect(ask(MAILS, ['contacts'])).rejects.toMatchObject({
    code: 'NO_GROUP',
    message: "There is no data group 'contacts'; there are assay.unknown, contact, ids, payees.",
  });
});
