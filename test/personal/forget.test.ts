import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { accessPerson } from '../../etl/personal/access/access-person.ts';
import { approveForgetting, refuseForgetting } from '../../etl/personal/forgetting/approve-forgetting.ts';
import { askForgetting, previewForgetting } from '../../etl/personal/forgetting/ask-forgetting.ts';
import type { Certificate } from '../../etl/personal/forgetting/documents.ts';
import { changePrivacySettings } from '../../etl/personal/forgetting/settings.ts';
import { shownRequest, shownRequests } from '../../etl/personal/forgetting/show-requests.ts';
import type { Effects } from '../../etl/ports.ts';
import type { TestLake } from '../stages/harness.ts';
import { FILE, shopLakeWithGold } from './shop.ts';

const ANN = { by: 'ann', reason: 'letter of 3 May' };
const BOB = { by: 'bob', reason: 'checked who wrote it' };
const [CUSTOMER, OTHER] = [
  { kind: 'customer', id: '42' },
  { kind: 'customer', id: '43' },
];

let lake: TestLake;
let effects: Effects;
let certificate: Certificate;
let before: Awaited<ReturnType<typeof everything>>;
let request: string;
beforeAll(async () => {
  lake = await shopLakeWithGold();
  ({ effects } = lake.lake);
  expect((await lake.dropAndRun({ 'may.csv': FILE })).status).toBe('promoted');
  before = await everything();
  const asked = await askForgetting(effects, { ...CUSTOMER, id: ' 0042 ' }, ANN);
  expect(asked).toMatchObject({ state: 'asked', kind: 'customer' });
  request = asked.request;
  expect(await everything()).toEqual(before);
});
afterAll(() => lake.dispose());

/** Every row of every table, and where the pointers stand. */
async function everything() {
  const tables = await Promise.all(
    (['silver', 'quarantine', 'condemned', 'source_files'] as const).map((layer) => lake.rows(layer)),
  );
  const pointers = await Promise.all(
    ['silver/shop/payments', 'gold/shop/totals'].map(async (folder) =>
      readFile(path.join(lake.lake.root, folder, '_LATEST.json'), 'utf8'),
    ),
  );
  return { tables, gold: await lake.gold('shop.totals'), pointers };
}

const textsOf = async (subject: typeof CUSTOMER): Promise<string> =>
  JSON.stringify((await accessPerson(effects, subject, ANN)).records);

test('a request tells in the lake neither the id nor who it is, and to an officer whom it is about', async () => {
  expect(await shownRequest(effects, request)).toMatchObject({
    state: 'asked',
    subjects: ['42'],
    asked: ANN,
  });
  const folder = path.join(lake.lake.root, 'ops/privacy/requests');
  const [text = ''] = await Promise.all(
    (await readdir(folder)).map((name) => readFile(path.join(folder, name), 'utf8')),
  );
  expect(text).not.toMatch(/\b0*42\b/);
});

test('it takes another person, and one who is wrong about the request gets nowhere', async () => {
  await expect(approveForgetting(effects, request, { ...BOB, by: 'ann' })).rejects.toMatchObject({
    code: 'SAME_PERSON',
  });
  await expect(approveForgetting(effects, 'nothing', BOB)).rejects.toMatchObject({ code: 'NO_REQUEST' });
  await expect(askForgetting(effects, { kind: 'customer', id: '999' }, ANN)).rejects.toMatchObject({
    code: 'NOBODY',
  });
  await expect(askForgetting(effects, { kind: 'customer', id: 'x9' }, ANN)).rejects.toMatchObject({
    code: 'SUBJECT_ID',
  });
  await expect(askForgetting(effects, { kind: 'pet', id: '1' }, ANN)).rejects.toMatchObject({
    code: 'NO_KIND',
    message: expect.stringContaining('there is customer'),
  });
  const other = await askForgetting(effects, OTHER, ANN);
  await refuseForgetting(effects, other.request, ANN);
  await expect(approveForgetting(effects, other.request, BOB)).rejects.toMatchObject({
    code: 'FORGET_REFUSED',
  });
});

test('a dry run says what would go, and nothing does', async () => {
  expect(await previewForgetting(effects, CUSTOMER)).toEqual({
    state: 'dry-run',
    kind: 'customer',
    groups: ['assay.unknown', 'contact', 'ids', 'payees'],
    datasets: [
      {
        dataset: 'shop.payments',
        columns: ['payer', 'payer_mail', 'payee', 'payee_name'],
        clearColumns: ['id', 'day', 'amount'],
      },
    ],
    records: [expect.objectContaining({ dataset: 'shop.payments', layer: 'quarantine', sourceRowNumber: 6 })],
    persons: 2,
    forgottenAt: null,
  });
  expect(await textsOf(CUSTOMER)).toContain('ann-planted@example.org');
});

describe('once somebody is forgotten', () => {
  beforeAll(async () => {
    certificate = await approveForgetting(effects, request, BOB);
  });

  test('it is certified: who, when, which keys, that nothing moved, what is still clear, and until when', () => {
    expect(certificate).toMatchObject({
      state: 'forgotten',
      asked: ANN,
      approved: BOB,
      keys: { groups: ['assay.unknown', 'contact', 'ids', 'payees'], records: 1 },
      clearColumns: [{ dataset: 'shop.payments', columns: ['id', 'day', 'amount'] }],
      tables: { isUnchanged: true, changed: [] },
    });
    const { tables, forgottenAt, unreadableFrom, rememberedUntil } = certificate;
    expect(tables.after).toEqual(tables.before);
    expect(tables.before.map(({ dataset }) => dataset)).toEqual(['shop.payments', 'shop.totals']);
    expect(Date.parse(unreadableFrom) - Date.parse(forgottenAt)).toBe(15 * 60_000);
    expect(rememberedUntil.slice(0, 4)).toBe('2034');
    // The harness gives the key itself, which only a person can exchange.
    expect(certificate.unreadableFromBackups).toBeNull();
  });

  test('no row, no figure and no pointer is another, and audit finds nothing wrong', async () => {
    expect(await everything()).toEqual(before);
    expect((await auditDataset(effects, { dataset: 'shop.payments' })).problems).toEqual([]);
  });

  test('nothing of the person can be read, and all of another can, also what stands in the same records', async () => {
    await expect(textsOf(CUSTOMER)).rejects.toMatchObject({ code: 'NOBODY' });
    const other = await textsOf(OTHER);
    for (const value of [
      'ben-planted@example.org',
      'Ben Planted-Payee',
      'ben-planted-short',
      'ben-planted at',
    ])
      expect(other).toContain(value);
    expect(other).not.toMatch(/ann-planted|Ann Planted/);
  });

  test('the request is gone from the lake with the envelope that it held, and the certificate stays', async () => {
    expect(await readdir(path.join(lake.lake.root, 'ops/privacy/requests'))).toEqual([]);
    expect(await shownRequest(effects, request)).toEqual(certificate);
    expect((await shownRequests(effects)).map(({ state }) => state).sort()).toEqual(['forgotten', 'refused']);
    await expect(approveForgetting(effects, request, BOB)).rejects.toMatchObject({ code: 'FORGOTTEN' });
    await expect(askForgetting(effects, CUSTOMER, ANN)).rejects.toMatchObject({
      code: 'NOBODY',
      message: expect.stringContaining('was forgotten at 2024-07-01'),
    });
  });

  test('the same file again brings nothing back, nor do the figures change', async () => {
    await lake.dropAndRun({ 'again.csv': `${FILE}p9,43,ben-planted@example.org,,,2024-06-05,1.00\n` });
    await expect(textsOf(CUSTOMER)).rejects.toMatchObject({ code: 'NOBODY' });
    expect(await textsOf(OTHER)).not.toMatch(/ann-planted|Ann Planted/);
    const [may] = (await lake.gold('shop.totals')).filter(
      ({ as_of_month: month }) =>
        String(month).includes('2024-05') || (month instanceof Date && month.getUTCMonth() === 4),
    );
    expect(may).toEqual(before.gold[0]);
  });
});

test('one person is enough where the lake says so, and that somebody set it is kept', async () => {
  await changePrivacySettings(effects, { persons: 1, rememberYears: 2 }, ANN);
  const done = await askForgetting(effects, OTHER, BOB);
  expect(done).toMatchObject({ state: 'forgotten', asked: BOB, approved: BOB, keys: { records: 1 } });
  expect((done as Certificate).rememberedUntil.slice(0, 4)).toBe('2026');
  await expect(textsOf(OTHER)).rejects.toMatchObject({ code: 'NOBODY' });
});
