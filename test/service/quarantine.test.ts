import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { openOutside, rowsOutside } from '../support/outside-table.ts';
import { type AskedService, openService } from './open-service.ts';

/** Two that pass, and eight of which each fails for a reason of its own, or in another file. */
const MIXED = `sale_id,customer,amount,sold_on
1,Ann,1.10,2024-01-02
2,Bob,x,2024-01-03
3,Eve,12.50,2024-02-30
4,Dan,1.50,2024-01-05,
5,Joe,,2024-01-06
6,Kim,y,2024-01-07
7,Leo,z,2024-01-08
8,Mia,8.00,2024-01-09
9,,none,2024-13-01
`;
const MORE = `sale_id,customer,amount,sold_on
20,Sue,q,2024-03-01
21,Tom,r,2024-03-02
`;

interface Shown {
  readonly dataset: string;
  readonly record: string;
  readonly state: string;
  readonly sourceFile: string;
  readonly sourceRowNumber: number;
  readonly reasons: readonly { readonly code: string; readonly column: string | null }[];
  readonly values: Readonly<Record<string, string | null>>;
  readonly isCorrected: boolean;
}

const AT = '/v1/datasets/shop.sales/quarantine';
let shop: Shop;
/** Two stewards and an auditor, each at a service of their own: none may show what was before. */
let [ann, bob, auditor] = [{} as AskedService, {} as AskedService, {} as AskedService];
beforeAll(async () => {
  shop = await openShop();
  for (const [name, text] of [
    ['mixed.csv', MIXED],
    ['more.csv', MORE],
  ] as const) {
    await shop.write(name, text);
    await runMain(['ingest', name, '--dataset', 'shop.sales'], shop);
  }
  expect((await runMainJson(['run'], shop)).json).toMatchObject([{ status: 'promoted' }]);
  ann = await openService(shop.cwd, { roles: ['steward'] });
  bob = await openService(shop.cwd, { name: 'bob', roles: ['steward'] });
  auditor = await openService(shop.cwd, { name: 'cy', roles: ['auditor'] });
});
afterAll(async () => {
  for (const service of [ann, bob, auditor]) await service.close();
  await shop.dispose();
});

const list = async (query = '', service = ann): Promise<Shown[]> =>
  ((await service.json(`/v1/quarantine${query}`)) as { records: Shown[] }).records;
const rowsOf = async (query: string): Promise<number[]> =>
  (await list(query)).map(({ sourceRowNumber }) => sourceRowNumber);
const recordOf = async (row: number, service = ann): Promise<Shown> => {
  const found = (await list('', service)).find((one) => one.sourceRowNumber === row);
  if (found === undefined) throw new Error(`no record ${row} is open`);
  return found;
};
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
/** The sales in Silver, as hyparquet reads them: number and amount. */
const silver = async (): Promise<string[]> => {
  const rows = await rowsOutside(
    await openOutside(path.join(shop.cwd, 'lake'), 'silver/shop/sales/_LATEST.json', 'silver/shop/sales'),
  );
  return rows
    .map((text) => JSON.parse(text))
    .map((row) => `${row.sale_id} ${row.amount}`)
    .sort();
};
const endOf = async (runId: string): Promise<{ readonly status: string }> => {
  for (;;) {
    const answer = await ann.ask(`/v1/runs/${runId}`);
    if (answer.status === 200) return (await answer.json()) as { status: string };
    if (answer.status !== 202) throw new Error(await answer.text());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

test('records are found by dataset, code, column, file and age, page by page', async () => {
  // By hand: rows 2 to 5 and more of the first file (4 can't be parsed), and both of the second.
  expect(await rowsOf('')).toEqual([2, 3, 4, 5, 6, 7, 9, 1, 2]);
  expect(await rowsOf('?dataset=shop.sales&code=null_value')).toEqual([5]);
  expect(await rowsOf('?column=sold_on')).toEqual([3, 9]);
  expect(await rowsOf('?column=sold_on&code=STRUCTURE_ERROR')).toEqual([]);
  expect(await rowsOf('?file=more.csv')).toEqual([1, 2]);
  expect(await rowsOf('?olderThan=1h')).toEqual([]);
  expect(await rowsOf('?corrected=true')).toEqual([]);
  expect(await rowsOf('?state=condemned')).toEqual([]);
  const seen: number[] = [];
  let next: string | null = '';
  for (let pages = 0; next !== null; pages++) {
    const cursor: string = next === '' ? '' : `&cursor=${next}`;
    const page = (await ann.json(`/v1/quarantine?limit=4${cursor}`)) as {
      records: Shown[];
      next: string | null;
    };
    seen.push(...page.records.map(({ sourceRowNumber }) => sourceRowNumber));
    next = page.next;
    expect(pages).toBeLessThan(3);
  }
  expect(seen).toEqual([2, 3, 4, 5, 6, 7, 9, 1, 2]);
  const own = (await ann.json(`${AT}?limit=2`)) as { total: number; records: Shown[]; next: string };
  expect([own.total, own.records.length]).toEqual([9, 2]);
  const rest = (await ann.json(`${AT}?cursor=${own.next}`)) as { total: number; records: Shown[] };
  expect([rest.total, rest.records.length]).toEqual([9, 7]);
  expect(await codeOf(ann.ask(`${AT}?cursor=bm90aGluZw`))).toEqual([400, 'REQUEST']);
});

test('a record is shown with all its reasons, its values and what happened to it; some may not see all', async () => {
  const { record } = await recordOf(9);
  const whole = (await ann.json(`${AT}/records/${record}`)) as Shown & {
    history: object[];
    original: object;
  };
  expect(whole).toMatchObject({
    values: { sale_id: '9', customer: null, amount: 'none', sold_on: '2024-13-01' },
    history: [{ what: 'quarantined' }],
  });
  expect(whole.reasons.map(({ column }) => column).sort()).toEqual(['amount', 'sold_on']);
  const text = await (await auditor.ask(`${AT}/records/${(await recordOf(2)).record}`)).text();
  expect(JSON.parse(text)).toMatchObject({ values: { sale_id: '2', customer: '•••', amount: 'x' } });
  expect(text).not.toContain('Bob');
  expect(await (await auditor.ask('/v1/quarantine')).text()).not.toMatch(/Bob|Dan|Eve/);
  expect(await codeOf(ann.ask(`${AT}/records/${'0'.repeat(16)}`))).toEqual([404, 'NO_RECORDS']);
});

test('a correction that would fail again is told at once, in the answer and at its cell', async () => {
  const { record } = await recordOf(2);
  const body = { cells: { amount: '12,x' }, reason: 'a slip' };
  const answer = await done(ann.post(`${AT}/records/${record}/correct`, body));
  expect(answer).toMatchObject({
    isCorrected: true,
    wouldFail: [{ code: 'TYPE_ERROR', column: 'amount', value: '12,x' }],
  });
  const headers = { cookie: await ann.signIn(), accept: 'text/html' };
  const page = async (): Promise<string> =>
    await (await ann.send('/quarantine?dataset=shop.sales', { headers })).text();
  expect(await page()).toMatch(
    /value="12,x"[^>]*aria-invalid="true"[^<]*\/><small>corrected, and still TYPE_ERROR</,
  );
  const right = { cells: { amount: '2.10' }, reason: 'as on the receipt' };
  expect(await done(ann.post(`${AT}/records/${record}/correct`, right))).toMatchObject({ wouldFail: [] });
  expect(await page()).not.toContain('and still');
});

test('the line of a record is found in its file', async () => {
  const { record } = await recordOf(6);
  const headers = { accept: 'text/html' };
  expect(await (await ann.ask(`/quarantine/shop.sales/${record}`, { headers })).text()).toContain(
    '<dt>line</dt><dd>7</dd>',
  );
});

test('a correction is refused where the record was corrected since it was looked at', async () => {
  const { record } = await recordOf(2);
  const at = `${AT}/records/${record}`;
  const etag = (await bob.ask(at)).headers.get('etag') ?? '';
  const body = { cells: { amount: '2.20' }, reason: 'as on the invoice' };
  expect(
    await done(
      ann.post(`${at}/correct`, body, { 'if-match': (await ann.ask(at)).headers.get('etag') ?? '' }),
    ),
  ).toMatchObject({ isCorrected: true, values: { amount: '2.20', customer: 'Bob' } });
  const late = { cells: { amount: '9.99' }, reason: 'I think' };
  expect(await codeOf(bob.post(`${at}/correct`, late, { 'if-match': etag }))).toEqual([412, 'CHANGED']);
  // What the other service holds is what is there now.
  expect((await recordOf(2, bob)).values.amount).toBe('2.20');
  expect(await codeOf(ann.post(`${at}/correct`, body))).toEqual([409, 'NOTHING_TO_CORRECT']);
  expect(await codeOf(ann.post(`${at}/correct`, { ...body, cells: { amuont: '1' } }))).toEqual([
    400,
    'NO_COLUMN',
  ]);
  expect(await codeOf(ann.post(`${at}/correct`, { cells: { amount: '1' } }))).toEqual([400, 'REQUEST']);
  expect(await rowsOf('?corrected=true')).toEqual([2]);
});

test('what is retried comes to Silver once, by one run, however often the request is sent', async () => {
  expect(await codeOf(ann.post(`${AT}/retry`, { reason: 'try' }))).toEqual([400, 'REQUEST']);
  expect(await codeOf(ann.post(`${AT}/retry`, { corrected: 'true', expected: 2, reason: 'try' }))).toEqual([
    412,
    'CHANGED',
  ]);
  const key = { 'idempotency-key': 'once' };
  const body = { corrected: 'true', expected: 1, reason: 'corrected' };
  const first = await done(ann.post(`${AT}/retry`, body, key), 202);
  expect(first).toMatchObject({ records: 1, skipped: [], run: { dataset: 'shop.sales', by: 'ann' } });
  expect(await done(ann.post(`${AT}/retry`, body, key), 202)).toEqual(first);
  expect(await endOf((first.run as { runId: string }).runId)).toMatchObject({ status: 'promoted' });
  expect(await silver()).toEqual(['1 1.1', '2 2.2', '8 8']);
  expect(await rowsOf('')).toEqual([3, 4, 5, 6, 7, 9, 1, 2]);
  const { records } = (await bob.json(`${AT}?state=open`)) as { records: Shown[] };
  expect(records.map(({ sourceRowNumber }) => sourceRowNumber)).toEqual([3, 4, 5, 6, 7, 9, 1, 2]);
});

test('what another process decides is seen with the next question', async () => {
  const { record } = await recordOf(3);
  const word = ['--dataset', 'shop.sales', '--reason', 'leap year', '--by', 'dee'];
  expect((await runMain(['quarantine', 'correct', record, 'sold_on=2024-02-29', ...word], shop)).code).toBe(
    0,
  );
  expect(await rowsOf('')).toEqual([4, 5, 6, 7, 9, 1, 2]);
  expect(await silver()).toEqual(['1 1.1', '2 2.2', '3 12.5', '8 8']);
  const at = `${AT}/records/${record}`;
  expect(await codeOf(ann.post(`${at}/correct`, { cells: { amount: '1' }, reason: 'no' }))).toEqual([
    409,
    'NOT_OPEN',
  ]);
});

test('condemned records get another life only by two people, and a refused request gives them none', async () => {
  const { record } = await recordOf(6);
  expect(await done(ann.post(`${AT}/condemn`, { records: [record], reason: 'a test sale' }))).toMatchObject({
    records: [record],
  });
  expect(await rowsOf('?state=condemned')).toEqual([6]);
  const ask = async () => {
    const asked = await done(ann.post(`${AT}/release`, { records: [record], reason: 'it was real' }));
    expect(asked).toMatchObject({ state: 'asked', askedBy: 'ann', records: [record] });
    return `/v1/datasets/shop.sales/releases/${asked.request}`;
  };
  const why = { reason: 'looked at it' };
  const first = await ask();
  expect(await codeOf(ann.post(`${first}/approve`, why))).toEqual([409, 'SAME_PERSON']);
  const ailing = (await ann.json('/v1/health?dataset=shop.sales')) as {
    datasets: { ailments: { code: string }[] }[];
  };
  expect(ailing.datasets[0]?.ailments.map(({ code }) => code)).toContain('RELEASE');
  expect(await done(bob.post(`${first}/refuse`, why))).toMatchObject({ askedBy: 'ann', refusedBy: 'bob' });
  expect(await codeOf(bob.post(`${first}/approve`, why))).toEqual([409, 'RELEASE_REFUSED']);
  expect(await rowsOf('?state=condemned')).toEqual([6]);
  const second = await ask();
  const { requests } = (await bob.json('/v1/datasets/shop.sales/releases')) as { requests: object[] };
  expect(requests).toMatchObject([{ askedBy: 'ann', records: 1, reason: 'it was real' }]);
  expect(await done(bob.post(`${second}/approve`, why))).toMatchObject({
    approvedBy: 'bob',
    records: [record],
  });
  expect(await codeOf(bob.post(`${second}/refuse`, why))).toEqual([409, 'RELEASED']);
  expect(await codeOf(bob.post(`${first.slice(0, -4)}none/approve`, why))).toEqual([404, 'NO_REQUEST']);
  expect(await rowsOf('')).toEqual([4, 5, 6, 7, 9, 1, 2]);
  expect(await rowsOf('?state=condemned')).toEqual([]);
  const { decisions } = (await auditor.json('/v1/decisions?limit=3')) as { decisions: object[] };
  expect(decisions).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ kind: 'released', by: 'bob' }),
      expect.objectContaining({ kind: 'release-refused', by: 'bob' }),
    ]),
  );
});
