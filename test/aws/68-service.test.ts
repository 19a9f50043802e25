import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { AthenaClient, GetQueryExecutionCommand, ListQueryExecutionsCommand } from '@aws-sdk/client-athena';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { openChromium } from '../console/browser.ts';
import { kindsOf } from '../openlineage/spec-faults.ts';
import { lineageOf } from './support/lineage-server.ts';
import { connect, type Platform } from './support/platform.ts';
import { runScript } from './support/read-tables.ts';
import { doubleOf } from './support/role-double.ts';
import {
  addPerson,
  openWindow,
  type ServicePerson,
  type ServiceWindow,
  sendHere,
} from './support/service-client.ts';
import { badTransaction, transactions } from './support/transactions.ts';

/** The console and the API as they are deployed: people of the user pool, by the gateway, in the service's own role. */

const READER = fileURLToPath(new URL('readers/run_queries.py', import.meta.url));
const DATASET = 'mortgages.transactions';
/** So that the tests can be tried again on a platform that is kept. */
const TAG = randomUUID().slice(0, 8);
const ANN = `ann-${TAG}@example.org`;

let platform: Platform;
let people: Record<'ann' | 'fin' | 'vic', ServicePerson>;
let ann: ServiceWindow;
let url: string;

beforeAll(async () => {
  platform = await connect('service');
  const { outputs } = platform.session;
  url = outputs.ServiceUrl;
  people = {
    ann: await addPerson(outputs, ANN, ['operator', 'analyst', 'steward']),
    fin: await addPerson(outputs, `fin-${TAG}@example.org`, ['analyst']),
    vic: await addPerson(outputs, `vic-${TAG}@example.org`, ['viewer']),
  };
  ann = await openWindow(outputs, people.ann);
});

const bad = (tag: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => badTransaction(`${tag}-bad-${n}`));

describe('the address', () => {
  test('answers who is nobody with nothing, and sends a browser to the pool', async () => {
    const send = (at: string, headers: Record<string, string> = {}) =>
      sendHere(new Request(url + at, { headers, redirect: 'manual' }));
    expect((await send('/v1/datasets')).status).toBe(401);
    expect((await send('/healthz')).status).toBe(200);
    expect((await send('/readyz')).status).toBe(200);
    const opened = await send('/datasets', { accept: 'text/html' });
    expect([opened.status, opened.headers.get('location')]).toEqual([303, '/sign-in?to=%2Fdatasets']);
    expect(opened.headers.get('content-security-policy')).toContain("default-src 'none'");
    const style = await send('/assets/style.css');
    expect([style.status, style.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
  });
});

describe('people of the pool', () => {
  test('see what their groups are for', async () => {
    const vic = await openWindow(platform.session.outputs, people.vic);
    expect((await vic.json('/v1/datasets')).status).toBe(200);
    expect((await vic.json('/v1/runs')).status).toBe(403);
    expect((await ann.json('/v1/runs?limit=1')).status).toBe(200);
    expect((await ann.page('/')).text).toContain(ANN);
  });

  test('have sessions that the table knows by digests alone', async () => {
    const cookie = ann.jar.cookie(new URL(url).host, 'assay') ?? '';
    const { Items = [] } = await new DynamoDBClient().send(
      new ScanCommand({ TableName: 'assay-staging-tickets' }),
    );
    const text = JSON.stringify(Items);
    expect(text).toContain(`session ${createHash('sha256').update(cookie).digest('hex')}`);
    expect(text).not.toContain(cookie);
    for (const { endsAt } of Items) expect(Number(endsAt?.N)).toBeGreaterThan(Date.now() / 1000 - 60);
  });

  test('and programs, which send access tokens of the pool, are known by the same names', async () => {
    const token = await tokenOf(people.ann);
    const ask = (of: string) =>
      sendHere(new Request(`${url}/v1/decisions?limit=1`, { headers: { authorization: `Bearer ${of}` } }));
    expect((await ask(token.access)).status).toBe(200);
    // An ID token tells who signed in, and opens nothing.
    expect((await ask(token.id)).status).toBe(401);
    const [head = '', , signature = ''] = token.access.split('.');
    const claims = Buffer.from(JSON.stringify({ iss: platform.session.outputs.SignInIssuer })).toString(
      'base64url',
    );
    expect((await ask(`${head}.${claims}.${signature}`)).status).toBe(401);
  });
});

/** What the pool gives for a code: the flow by hand, as the specification has it. */
async function tokenOf(person: ServicePerson): Promise<{ readonly access: string; readonly id: string }> {
  const { session } = platform;
  const [verifier, redirect] = [randomBytes(32).toString('base64url'), `${url}/sign-in/callback`];
  const form = {
    ...{
      client_id: session.outputs.SignInClient,
      redirect_uri: redirect,
      scope: 'openid',
      response_type: 'code',
    },
    ...{
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    },
  };
  const body = new URLSearchParams({ ...form, username: person.name, password: person.password });
  const back = await fetch(`${session.plainUrl}/login`, { method: 'POST', body, redirect: 'manual' });
  const code = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const asked = { grant_type: 'authorization_code', code, client_id: form.client_id, redirect_uri: redirect };
  const answer = await fetch(`${session.plainUrl}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...asked, code_verifier: verifier }),
  });
  const { access_token: access = '', id_token: id = '' } = (await answer.json()) as Record<string, string>;
  return { access, id };
}

test('a held run is looked at in Chromium, published there, and the decision has the name of who did', async () => {
  const [record] = await platform.dropAndSettle(DATASET, {
    [`console-${TAG}.csv`]: transactions(`console-${TAG}`, 60, bad(`console-${TAG}`, 10)),
  });
  const { runId = '', status } = record ?? {};
  expect(status).toBe('held');
  const browser = await openChromium();
  try {
    const page = await (await browser.newContext()).newPage();
    const trouble: string[] = [];
    page.on('pageerror', (error) => void trouble.push(error.message));
    await page.goto(`${url}/runs/${runId}`);
    await page.locator('input[name=username]').fill(people.ann.name);
    await page.locator('input[name=password]').fill(people.ann.password);
    await page.locator('button[type=submit]').first().click();
    await page.waitForURL(`${url}/runs/${runId}`);
    await page.getByLabel('Why it may be published').fill('the lender says so');
    await page.getByRole('button', { name: /^Publish/ }).click();
    await page.getByText('promoted').first().waitFor({ timeout: 60_000 });
    expect(trouble).toEqual([]);
  } finally {
    await browser.close();
  }
  const { json } = await ann.json(`/v1/decisions?dataset=${DATASET}&runId=${runId}`);
  expect(json).toMatchObject({ decisions: [{ by: ANN, reason: 'the lender says so' }] });
});

test('a run is refused by the API, and files stay aside', async () => {
  const [record] = await platform.dropAndSettle(DATASET, {
    [`doubtful-${TAG}.csv`]: transactions(`doubtful-${TAG}`, 60, bad(`doubtful-${TAG}`, 10)),
  });
  const runId = record?.runId ?? '';
  expect(await ann.post(`/v1/runs/${runId}/refuse`, { reason: 'not ours' })).toMatchObject({
    status: 200,
    json: { runId, status: 'refused' },
  });
  // A lineage server hears of it from the service.
  expect(kindsOf(await lineageOf(platform.session.outputs.LineageUrl, DATASET, runId))).toEqual(
    ['START', 'OTHER', 'ABORT'].map((kind) => `${kind} ${DATASET}`),
  );
});

test('a file is sent to the bucket, completed, run by its own event, and published', async () => {
  const begun = await ann.post('/v1/uploads', { dataset: DATASET, name: `sent-${TAG}.csv` });
  const {
    id,
    url: bucket,
    fields,
  } = begun.json as { id: string; url: string; fields: Record<string, string> };
  expect(await ann.post(`/v1/uploads/${id}/complete`)).toMatchObject({
    status: 409,
    json: { code: 'NOT_SENT' },
  });
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', new Blob([transactions(`sent-${TAG}`, 40)]), 'sent.csv');
  const sent = await fetch(bucket, { method: 'POST', body: form });
  expect([200, 201, 204]).toContain(sent.status);
  const other = await openWindow(platform.session.outputs, people.vic);
  expect((await other.post(`/v1/uploads/${id}/complete`)).status).toBe(403);
  const completed = await ann.post(`/v1/uploads/${id}/complete`);
  expect(completed).toMatchObject({ status: 200, json: { existed: false } });
  const { key } = completed.json as { key: string };
  const [run] = await platform.settled(DATASET, [key]);
  expect(run).toMatchObject({ status: 'promoted', counts: { silver: 40 } });
  expect(await ann.post(`/v1/uploads/${id}/complete`)).toMatchObject({ status: 404 });
});

test('a run is started from the service, and followed by asking again', async () => {
  const started = await ann.post('/v1/runs', { dataset: DATASET });
  expect(started.status).toBe(202);
  const { runs } = started.json as { runs: { runId: string }[] };
  const at = `/v1/runs/${runs[0]?.runId}`;
  expect(await ann.json(at)).toMatchObject({ status: 202, json: { dataset: DATASET, by: ANN } });
  // The gateway passes on one event, and ends: who follows asks again.
  const told = await ann.page(`${at}/events`);
  expect([told.status, told.text.match(/^event: /gm)]).toEqual([200, ['event: ']]);
});

describe('SQL', () => {
  const ask = async (window: ServiceWindow, sql: string): Promise<{ status: number; json: unknown }> => {
    let answer = await window.post('/v1/query', { sql });
    while (answer.status === 202)
      answer = await window.json(`/v1/queries/${(answer.json as { id: string }).id}`);
    return answer;
  };

  test('is answered by Athena, exactly, and page by page, to who asked alone', async () => {
    const rows = '(VALUES (1, 0.10), (2, 0.20), (3, 12345678901234567890.12)) AS t(n, amount)';
    const first = await ann.post('/v1/query', { sql: `SELECT n, amount FROM ${rows} ORDER BY n`, limit: 2 });
    expect(first).toMatchObject({ status: 200, json: { state: 'answered', rowCount: 3 } });
    const { id } = first.json as { id: string };
    const next = await ann.json(`/v1/queries/${id}?from=2&limit=3`);
    expect(next.json).toMatchObject({ rows: [[3, '12345678901234567890.12']] });
    const file = await ann.page(`/v1/queries/${id}/file?format=csv`);
    expect(file.text).toBe('n,amount\n1,0.10\n2,0.20\n3,12345678901234567890.12\n');
    const fin = await openWindow(platform.session.outputs, people.fin);
    expect((await fin.json(`/v1/queries/${id}`)).status).toBe(404);
    expect((await ann.json(`/v1/queries/${id}`)).status).toBe(200);
    const page = await ann.page('/sql');
    expect([page.status, page.text.includes('12345678901234567890.12')]).toEqual([200, true]);
  });

  /** What Athena was sent last. The emulator's reads no Iceberg: PyIceberg and DuckDB answer it, by the text in Athena's SQL. */
  async function sentBy(window: ServiceWindow, sql: string): Promise<readonly Record<string, unknown>[]> {
    const athena = new AthenaClient();
    const idsNow = async (): Promise<readonly string[]> => {
      const list = new ListQueryExecutionsCommand({ WorkGroup: 'assay-staging-service' });
      return (await athena.send(list)).QueryExecutionIds ?? [];
    };
    const before = await idsNow();
    await window.post('/v1/query', { sql });
    const [QueryExecutionId] = (await idsNow()).filter((id) => !before.includes(id));
    const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    const { url: endpoint, python } = platform.session;
    const queries = [{ name: 'it', sql: QueryExecution?.Query ?? '' }];
    const answer = JSON.parse(await runScript(python, READER, JSON.stringify({ endpoint, queries })));
    return answer.it;
  }

  test('shows who may not see them nothing of protected columns, by no way of asking', async () => {
    const fin = await openWindow(platform.session.outputs, people.fin);
    const ofTag = `FROM silver.mortgages_transactions AS t WHERE t.transaction_id LIKE 'sent-${TAG}%'`;
    const sql = `SELECT DISTINCT t.account_id AS value ${ofTag}`;
    const seen = await sentBy(ann, sql);
    const accounts = ['C-0', 'C-1', 'C-2', 'C-3', 'C-4', 'C-5', 'C-6'];
    expect(seen.map(({ value }) => value).sort()).toEqual(accounts);
    for (const asked of [
      sql,
      'SELECT DISTINCT account_id AS value FROM silver.mortgages_transactions',
      'SELECT DISTINCT silver.mortgages_transactions.account_id AS value FROM silver.mortgages_transactions',
      'WITH a AS (SELECT * FROM silver.mortgages_transactions) SELECT DISTINCT account_id AS value FROM a',
      'SELECT max(b.account_id) AS value FROM (SELECT * FROM "SILVER"."mortgages_transactions") AS b',
    ])
      expect([asked, await sentBy(fin, asked)]).toEqual([asked, [{ value: '•••' }]]);
    // What is no secret is counted as it is.
    expect(await sentBy(fin, `SELECT count(*) AS value ${ofTag}`)).toEqual([{ value: 40 }]);
  });

  test.each([
    ['assay_staging_silver.mortgages_transactions', 400],
    ['"ASSAY_STAGING_SILVER"."mortgages_transactions"', 400],
    ['awsdatacatalog.assay_staging_silver.mortgages_transactions', 400],
    ['information_schema.columns', 400],
    ['silver."mortgages_transactions$files"', 400],
    ['quarantine.mortgages_transactions', 400],
    ['gold.x -- \r, assay_staging_silver.mortgages_transactions', 400],
  ])('can’t read %s', async (table, status) => {
    const fin = await openWindow(platform.session.outputs, people.fin);
    expect((await ask(fin, `SELECT * FROM ${table}`)).status).toBe(status);
  });

  test('lists the tables of a role, and takes no other statement', async () => {
    const fin = await openWindow(platform.session.outputs, people.fin);
    const { json } = await ask(fin, 'SHOW TABLES');
    const text = JSON.stringify((json as { rows: unknown }).rows);
    expect([text.includes('silver.mortgages_transactions'), text.includes('quarantine.')]).toEqual([
      true,
      false,
    ]);
    for (const sql of [
      'DROP TABLE silver.mortgages_transactions',
      'SELECT 1; SELECT 2',
      "UNLOAD (SELECT 1) TO 's3://x'",
    ])
      expect((await ask(fin, sql)).status).toBe(400);
  });
});

test('reports, rows and GraphQL are answered by the function itself', async () => {
  const report = await ann.json('/v1/reports');
  expect(report.status).toBe(200);
  const data = await ann.json(`/v1/data/${DATASET}?limit=2`);
  expect((data.json as { rows?: unknown[] }).rows ?? []).toHaveLength(2);
  const graph = await ann.post('/graphql', {
    query: '{ mortgages__transactions(first: 1) { nodes { amount } } }',
  });
  expect(graph).toMatchObject({ status: 200 });
  const page = await ann.page(`/datasets/${DATASET}`);
  expect(page.status).toBe(200);
  // How to read it, and how to bring files, with this platform's addresses.
  expect(page.text).toContain('https://glue.eu-west-2.amazonaws.com/iceberg');
  expect(page.text).toContain('FROM &quot;assay_staging_silver&quot;.&quot;mortgages_transactions&quot;');
  expect(page.text).toContain(url);
});

test('the role that does all this writes no Silver data and removes no decision', async () => {
  const role = await doubleOf(await platform.roleOf('service'), platform.session.url);
  const { PutObjectCommand, DeleteObjectCommand } = await import('@aws-sdk/client-s3');
  const answerTo = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => 'allowed',
      (error: unknown) => (error instanceof Error ? error.name : String(error)),
    );
  const { store } = platform;
  const [data] = (await store.list('silver/mortgages/')).filter((key) => key.endsWith('.parquet'));
  const [decision] = await store.list('ops/decisions/');
  const put = (Key: string) =>
    answerTo(role.send(new PutObjectCommand({ Bucket: store.bucketOf(Key), Key, Body: 'x' })));
  expect(await put(data ?? '')).toBe('AccessDenied');
  const remove = new DeleteObjectCommand({ Bucket: store.bucketOf(decision ?? ''), Key: decision ?? '' });
  expect(await answerTo(role.send(remove))).toBe('AccessDenied');
});
