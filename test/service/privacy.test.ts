import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { groupsOf } from '../../service/identity/identity.ts';
import { identityOf } from '../../service/identity/oidc/identity-of.ts';
import { mayStillSee } from '../../service/queries/ask-revealing.ts';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { FILE, payments } from '../personal/shop.ts';
import { type AskedService, openService } from './open-service.ts';

/** Two privacy officers, an auditor and an analyst, each at a service of their own. */
let shop: Shop;
let [ann, bob, cy] = [{} as AskedService, {} as AskedService, {} as AskedService];
beforeAll(async () => {
  shop = await openShop();
  await shop.write('contracts/shop/payments.yaml', payments);
  await shop.write('may.csv', FILE);
  expect((await runMain(['vault', 'init'], shop)).code).toBe(0);
  expect((await runMain(['ingest', 'may.csv', '--dataset', 'shop.payments'], shop)).code).toBe(0);
  expect((await runMainJson(['run', '--dataset', 'shop.payments'], shop)).json).toMatchObject([
    { status: 'promoted' },
  ]);
  ann = await openService(shop.cwd, { roles: ['privacy'] });
  bob = await openService(shop.cwd, { name: 'bob', roles: ['privacy'] });
  cy = await openService(shop.cwd, { name: 'cy', roles: ['auditor'] });
});
afterAll(async () => {
  for (const service of [ann, bob, cy]) await service.close();
  await shop.dispose();
});

const done = async (answer: Promise<Response>, status = 200): Promise<Record<string, unknown>> => {
  const got = await answer;
  const body = (await got.json()) as Record<string, unknown>;
  expect([got.status, body.code]).toEqual([status, status < 400 ? undefined : body.code]);
  return body;
};
const codeOf = async (answer: Promise<Response>): Promise<[number, unknown]> => {
  const got = await answer;
  return [got.status, ((await got.json()) as { code?: string }).code];
};
const CUSTOMER = { kind: 'customer', id: '42' };
const AT = '/v1/privacy';

test('the map has every protected column with its group, whose it is and for how long', async () => {
  const { columns } = (await cy.json(`${AT}/columns`)) as { columns: { column: string }[] };
  expect(columns.map(({ column }) => column)).toEqual(['payee', 'payee_name', 'payer', 'payer_mail']);
  expect(columns[1]).toEqual({
    ...{ dataset: 'shop.payments', layer: 'silver', column: 'payee_name', as: 'encrypted', group: 'payees' },
    ...{
      layers: ['bronze', 'silver', 'quarantine', 'condemned'],
      subject: { column: 'payee', kind: 'customer' },
    },
    ...{ retention: '6 y', countedFrom: 'day', readable: 'with the data group payees', from: [] },
    months: { first: '2024-05', last: expect.stringMatching(/^\d{4}-\d{2}$/), count: 3 },
  });
  const page = await (await cy.ask('/privacy', { headers: { accept: 'text/html' } })).text();
  expect(page).toContain('4 columns of 1 dataset are protected');
  // Who may not decide sees no form.
  expect(page).not.toContain('action="/privacy/preview"');
});

test('everything about a person is given out with a reason, to who may, and kept nowhere', async () => {
  const asked = { ...CUSTOMER, reason: 'letter of 3 May' };
  const key = { 'idempotency-key': 'once' };
  const answer = await ann.post(`${AT}/access`, asked, key);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const { records } = (await done(Promise.resolve(answer))) as { records: object[] };
  expect(JSON.stringify(records)).toContain('ann-planted@example.org');
  expect(JSON.stringify(records)).not.toContain('ben-planted');
  // Nothing is answered from what was kept under a key: it is done again, and kept again that it was.
  await done(ann.post(`${AT}/access`, asked, key));
  const { decisions } = (await cy.json('/v1/decisions?kind=accessed')) as { decisions: object[] };
  expect(decisions).toHaveLength(2);
  expect(await codeOf(cy.post(`${AT}/access`, asked))).toEqual([403, 'NOT_PERMITTED']);
  expect(await codeOf(ann.post(`${AT}/access`, { ...asked, id: '999' }))).toEqual([404, 'NOBODY']);
  expect(await codeOf(ann.post(`${AT}/access`, CUSTOMER))).toEqual([400, 'REQUEST']);
});

test('values are looked for through every byte: which stands where is told, and no value is', async () => {
  const planted = 'left-in-a-note@example.org';
  await writeFile(path.join(shop.cwd, 'lake/ops/note.txt'), `seen: ${planted}, ${planted}`);
  const values = ['ann-planted@example.org', planted];
  expect(await codeOf(cy.post(`${AT}/verify`, { values }))).toEqual([403, 'NOT_PERMITTED']);
  expect(await codeOf(ann.post(`${AT}/verify`, { values: ['short'] }))).toEqual([400, 'REQUEST']);
  expect(await cy.json(`${AT}/verify`)).toMatchObject({ state: 'none', found: null });
  expect([200, 202]).toContain((await ann.post(`${AT}/verify`, { values })).status);
  const ended = async (service: AskedService): Promise<Record<string, unknown>> => {
    for (;;) {
      const state = (await service.json(`${AT}/verify`)) as Record<string, unknown>;
      if (state.state !== 'under-way') return state;
    }
  };
  const found = await ended(ann);
  expect(found).toMatchObject({ state: 'ended', by: 'ann', notRead: [], error: null });
  expect(found.found).toEqual([
    { file: 'lake/ops/note.txt', inside: [], value: 2, as: 'UTF-8', offset: 6, times: 2 },
  ]);
  expect(JSON.stringify(found)).not.toContain('left-in-a-note');
  await rm(path.join(shop.cwd, 'lake/ops/note.txt'));
  // On the page, as a privacy officer does it.
  const cookie = await bob.signIn();
  const pageOf = async (): Promise<string> =>
    await (await bob.send('/privacy', { headers: { cookie, accept: 'text/html' } })).text();
  const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(await pageOf()) ?? [];
  const body = new URLSearchParams({ csrf, values: values.join('\r\n') });
  const headers = { cookie, origin: 'http://assay.test:1' };
  expect((await bob.send('/privacy/verify', { method: 'POST', body, headers })).status).toBe(303);
  await ended(bob);
  expect(await pageOf()).toContain('Nowhere: 2 values in ');
});

test('an issuer makes somebody a member of data groups by the claim of the roles', () => {
  const claims = { nameClaims: ['sub'], rolesClaim: 'realm.roles' };
  const roles = [
    'steward',
    'reveal:contact',
    'reveal:ids',
    'reveal:',
    'reveal:../x',
    'contact',
    'reveal:ids',
  ];
  expect(identityOf({ sub: 'sue', realm: { roles } }, claims)).toEqual({
    ...{ name: 'sue', roles: ['steward'], groups: ['contact', 'ids'] },
  });
  expect(groupsOf({ name: 'sue', roles: ['privacy'] })).toEqual(new Set());
  expect(groupsOf({ name: 'ada', roles: ['admin'] })).toBe('every');
});

test('sealed values of a record are shown to members of their data group, with a reason that is kept', async () => {
  const sue = await openService(shop.cwd, { name: 'sue', roles: ['steward'], groups: ['contact'] });
  const tom = await openService(shop.cwd, { name: 'tom', roles: ['steward'] });
  const { records } = (await sue.json('/v1/datasets/shop.payments/quarantine?code=FORMAT_ERROR')) as {
    records: { record: string; values: Record<string, string> }[];
  };
  const [first] = records;
  // p4 of the file: the mail has no at sign.
  expect(first?.values.payer_mail).toMatch(/^~1\./);
  const at = `/v1/datasets/shop.payments/quarantine/records/${first?.record}/reveal`;
  const shown = await done(sue.post(at, { reason: 'case 991' }));
  expect(shown).toMatchObject({ values: { payer_mail: 'ann-planted at example.org' } });
  expect(JSON.stringify(shown)).not.toContain('Planted-Payee');
  expect((shown as { sealed: string[] }).sealed).toContain('payee_name');
  expect(await codeOf(sue.post(at, {}))).toEqual([400, 'REQUEST']);
  expect(await codeOf(tom.post(at, { reason: 'case 991' }))).toEqual([403, 'NOTHING_TO_REVEAL']);
  expect(await codeOf(cy.post(at, { reason: 'case 991' }))).toEqual([403, 'NOT_PERMITTED']);
  const folder = path.join(shop.cwd, 'lake/ops/reveals');
  const kept = await Promise.all(
    (await readdir(folder)).map(async (name) => JSON.parse(await readFile(path.join(folder, name), 'utf8'))),
  );
  expect(kept.filter(({ how }) => how === 'record')).toEqual([
    expect.objectContaining({ by: 'sue', reason: 'case 991', groups: ['contact'] }),
  ]);
  // The page does the same, once.
  const cookie = await sue.signIn();
  const page = `/quarantine/shop.payments/${first?.record}`;
  const html = await (await sue.send(page, { headers: { cookie, accept: 'text/html' } })).text();
  const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(html) ?? [];
  const headers = { cookie, origin: 'http://assay.test:1' };
  const body = new URLSearchParams({ csrf, reason: 'case 991' });
  const opened = await sue.send(`${page}/reveal`, { method: 'POST', body, headers });
  expect([opened.status, opened.headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(await opened.text()).toContain('ann-planted at example.org');
  expect(html).not.toContain('ann-planted');
  for (const service of [sue, tom]) await service.close();
});

test('SQL shows the values of the asker’s data groups, also to its conditions, and keeps that they were seen', async () => {
  const sue = await openService(shop.cwd, { name: 'sue', roles: ['steward'], groups: ['contact'] });
  const sql = `SELECT payer_mail, payee_name, reveal(payer_mail) AS again FROM silver.shop_payments WHERE payer_mail LIKE 'ann-%' ORDER BY id`;
  const asks = { sql, groups: ['contact'], reason: 'case 992' };
  const answer = await sue.post('/v1/query/reveal', asks, { 'idempotency-key': 'once' });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const { id, rows } = (await done(Promise.resolve(answer))) as { id: string; rows: string[][] };
  // p1 and p2 of the file.
  expect(rows).toHaveLength(2);
  for (const row of rows) {
    expect([row[0], row[2]]).toEqual(['ann-planted@example.org', 'ann-planted@example.org']);
    expect(row[1]).toMatch(/^~1\./);
  }
  const { rows: unseen } = (await done(
    sue.post('/v1/query', { sql: sql.replace(/, reveal.* AS again/, '') }),
  )) as {
    rows: unknown[];
  };
  expect(unseen).toEqual([]);
  const reveals = 'SELECT "by", reason, how, "column", "values" FROM ops.reveals WHERE how = \'query\'';
  const kept = (await done(cy.post('/v1/query', { sql: reveals }))) as { rows: unknown[] };
  expect(kept.rows).toEqual([['sue', 'case 992', 'query', 'payer_mail', expect.anything()]]);
  // Her answer is a file where that is made in memory, and gone for her once she is no member any more.
  expect(mayStillSee({ name: 'sue', roles: ['steward'], groups: ['ids'] }, ['contact'])).toBe(false);
  const csv = await sue.ask(`/v1/queries/${id}/file?format=csv`);
  expect(await csv.text()).toContain('ann-planted@example.org');
  expect(await codeOf(sue.ask(`/v1/queries/${id}/file?format=parquet`))).toEqual([409, 'STAYS_IN_MEMORY']);
  expect(await codeOf(sue.post('/v1/query/reveal', { ...asks, groups: ['payees'] }))).toEqual([
    403,
    'NOT_YOUR_GROUP',
  ]);
  expect(await codeOf(cy.post('/v1/query/reveal', asks))).toEqual([403, 'NOT_PERMITTED']);
  expect(await codeOf(sue.post('/v1/query', { sql: `SELECT reveal('x')` }))).toEqual([400, 'SQL']);
  expect(await codeOf(sue.post('/v1/query/reveal', { ...asks, sql: `SELECT getenv('HOME')` }))).toEqual([
    400,
    'SQL',
  ]);
  // The page does the same.
  const cookie = await sue.signIn();
  const editor = await (await sue.send('/sql', { headers: { cookie, accept: 'text/html' } })).text();
  const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(editor) ?? [];
  expect([...editor.matchAll(/name="(reveal:[^"]+)"/g)].map(([, name]) => name)).toEqual(['reveal:contact']);
  const headers = { cookie, origin: 'http://assay.test:1' };
  const body = new URLSearchParams({ csrf, sql, 'reveal:contact': 'yes', reason: 'case 993' });
  const led = await sue.send('/sql/reveal', { method: 'POST', body, headers });
  expect(led.status).toBe(303);
  const look = async (): Promise<string> =>
    await (
      await sue.send(led.headers.get('location') ?? '', { headers: { cookie, accept: 'text/html' } })
    ).text();
  let page = await look();
  while (page.includes('Answering, for')) page = await look();
  expect(page).toContain('ann-planted@example.org');
  await sue.close();
});

test('the page shows what forgetting would do, asks, and gives out a zip', async () => {
  const cookie = await ann.signIn();
  const form = async (at: string, fields: Readonly<Record<string, string>>): Promise<Response> => {
    const page = await (await ann.send('/privacy', { headers: { cookie, accept: 'text/html' } })).text();
    const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(page) ?? [];
    const body = new URLSearchParams({ csrf, ...fields });
    return await ann.send(at, { method: 'POST', body, headers: { cookie, origin: 'http://assay.test:1' } });
  };
  const shown = await form('/privacy/preview', { ...CUSTOMER, reason: '' });
  expect([shown.status, await shown.text()]).toEqual([200, expect.stringContaining('readable no more')]);
  expect((await cy.json(`${AT}/requests`)) as object).toEqual({ requests: [], next: null });
  const zip = await form('/privacy/access', { ...CUSTOMER, reason: 'letter' });
  expect(zip.headers.get('content-type')).toBe('application/zip');
  expect(zip.headers.get('content-disposition')).toMatch(
    /^attachment; filename="access-\d{8}T\d{9}Z-[0-9a-f]{8}\.zip"$/,
  );
  const bytes = Buffer.from(await zip.arrayBuffer());
  expect(bytes.subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004');
});

test('it takes two persons; an auditor sees the requests, and not whom they are about', async () => {
  const word = { reason: 'letter of 3 May' };
  const preview = await done(ann.post(`${AT}/preview`, CUSTOMER));
  expect(preview).toMatchObject({ state: 'dry-run', persons: 2, groups: ['contact', 'ids', 'payees'] });
  const asked = await done(ann.post(`${AT}/requests`, { ...CUSTOMER, ...word }));
  expect(asked).toEqual({ state: 'asked', kind: 'customer', request: expect.any(String) });
  const at = `${AT}/requests/${asked.request as string}`;
  expect(await bob.json(at)).toMatchObject({
    state: 'asked',
    subjects: ['42'],
    asked: { by: 'ann', ...word },
  });
  expect(await cy.json(at)).toMatchObject({ state: 'asked', subjects: [] });
  const page = async (service: AskedService) =>
    await (await service.ask('/privacy', { headers: { accept: 'text/html' } })).text();
  expect(await page(bob)).toContain('<b>42</b>');
  expect(await page(cy)).not.toContain('<b>42</b>');
  expect(await codeOf(ann.post(`${at}/approve`, word))).toEqual([409, 'SAME_PERSON']);
  expect(await codeOf(cy.post(`${at}/approve`, word))).toEqual([403, 'NOT_PERMITTED']);
  expect(await codeOf(ann.post(`${AT}/requests/none/approve`, word))).toEqual([404, 'NO_REQUEST']);
  const certificate = await done(bob.post(`${at}/approve`, { reason: 'checked' }));
  expect(certificate).toMatchObject({
    ...{ state: 'forgotten', kind: 'customer', tables: { isUnchanged: true } },
    approved: { by: 'bob', reason: 'checked' },
  });
  expect(await cy.json(at)).toEqual(certificate);
  expect(await codeOf(bob.post(`${at}/refuse`, word))).toEqual([409, 'FORGOTTEN']);
  expect(await codeOf(ann.post(`${AT}/access`, { ...CUSTOMER, ...word }))).toEqual([404, 'NOBODY']);
  const shown = await (
    await cy.ask(`/privacy/requests/${asked.request as string}`, { headers: { accept: 'text/html' } })
  ).text();
  expect(shown).toContain('Certificate: a customer was forgotten');
  expect(shown).toContain('unchanged: ');
  expect(shown).not.toMatch(/[ >]42[ ,.<]/);
});

test('a request is refused, by whoever asked, too, and nothing goes', async () => {
  const other = { kind: 'customer', id: '43', reason: 'by mistake' };
  const { request } = await done(ann.post(`${AT}/requests`, other));
  const at = `${AT}/requests/${request as string}`;
  expect(await done(ann.post(`${at}/refuse`, { reason: 'wrong number' }))).toMatchObject({
    ...{ state: 'refused', refused: { by: 'ann' } },
  });
  expect(await codeOf(bob.post(`${at}/approve`, { reason: 'yes' }))).toEqual([409, 'FORGET_REFUSED']);
  const { records } = (await done(bob.post(`${AT}/access`, other))) as { records: object[] };
  expect(JSON.stringify(records)).toContain('ben-planted@example.org');
});
