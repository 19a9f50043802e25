import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { type AskedService, openService } from './open-service.ts';

const CLOSED = { dataset: 'shop.sales', state: 'closed' };
const AT = '/v1/datasets/shop.sales/breaker';

let shop: Shop;
let service: AskedService;
beforeAll(async () => {
  shop = await openShop(
    '{ maxQuarantineRate: 0.9, smallBatchRecords: 1, breakerErrors: 2, breakerShare: 0.01 }',
  );
  service = await openService(shop.cwd);
});
afterAll(async () => {
  await service.close();
  await shop.dispose();
});

/** Drops a file of records without an amount, and one good one; returns how its run ended. */
async function run(name: string, bad: number): Promise<{ status: string; runId: string }> {
  const lines = Array.from({ length: bad }, (_, n) => `${name}-${n},Ann,x,2024-01-02`);
  const text = ['sale_id,customer,amount,sold_on', `${name}-good,Eve,1.00,2024-01-03`, ...lines, ''].join(
    '\n',
  );
  await runMain(['ingest', await shop.write(`${name}.csv`, text), '--dataset', 'shop.sales'], shop);
  const { json } = await runMainJson(['run', '--dataset', 'shop.sales'], shop);
  const [one] = json as { status: string; runId: string }[];
  if (one === undefined) throw new Error('nothing ran');
  return one;
}

/** Whom the address's token, which works once, signed in. */
const cookies = new Map<AskedService, string>();

/** A page as a browser has it, and what its forms send back. */
async function page(at: string, of = service): Promise<{ html: string; csrf: string; cookie: string }> {
  const cookie = cookies.get(of) ?? (await of.signIn());
  cookies.set(of, cookie);
  const html = await (await of.send(at, { headers: { cookie, accept: 'text/html' } })).text();
  return { html, csrf: /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? '', cookie };
}

/** Sends the form that closes the breaker. */
async function sendForm(
  { csrf, cookie }: { csrf: string; cookie: string },
  fields: Readonly<Record<string, string>>,
): Promise<Response> {
  return await service.send('/datasets/shop.sales/breaker', {
    method: 'POST',
    body: new URLSearchParams({ csrf, ...fields }),
    headers: { cookie, origin: 'http://assay.test:1', accept: 'text/html' },
  });
}

describe('a circuit breaker that opened', () => {
  test('is closed where nothing is wrong, and can not be reset then', async () => {
    expect(await service.json(AT)).toEqual(CLOSED);
    const refused = await service.post(`${AT}/reset`, { reason: 'why not' });
    expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'BREAKER_CLOSED' }]);
    expect((await service.ask('/v1/datasets/shop.monthly_sales/breaker')).status).toBe(404);
  });

  test('leads from the overview to its dataset, where it is closed with a reason, and runs start again', async () => {
    const opened = await run('first', 4);
    const overview = await page('/');
    expect(overview.html).toContain('href="/datasets/shop.sales#breaker"');
    expect(overview.html).not.toContain('<code>assay breaker');
    const refused = await run('second', 1);
    expect(refused.status).toBe('refused');
    expect((await page(`/runs/${refused.runId}`)).html).toContain('href="/datasets/shop.sales#breaker"');
    const shown = await page('/datasets/shop.sales');
    expect(shown.html).toContain('id="breaker"');
    expect(shown.html).toContain(`href="/runs/${opened.runId}"`);
    const openedAt = /name="openedAt" value="([^"]+)"/.exec(shown.html)?.[1] ?? '';
    expect(await service.json(AT)).toMatchObject({
      ...{ state: 'open', openedAt, runId: opened.runId, code: 'TYPE_ERROR', errors: 4 },
    });
    expect((await sendForm(shown, { openedAt, reason: ' ' })).status).toBe(400);
    expect((await sendForm(shown, { openedAt: '2020-01-01T00:00:00.000Z', reason: 'late' })).status).toBe(
      409,
    );
    expect(await service.json(AT)).toMatchObject({ state: 'open' });
    const closed = await sendForm(shown, { openedAt, reason: 'the source is <b>mended</b>' });
    expect([closed.status, closed.headers.get('location')]).toEqual([303, '/datasets/shop.sales']);
    expect(await service.json(AT)).toEqual(CLOSED);
    expect((await page('/')).html).not.toContain('#breaker');
    expect((await run('third', 0)).status).not.toBe('refused');
    const { decisions } = (await service.json('/v1/decisions?kind=breaker-reset')) as {
      decisions: object[];
    };
    expect(decisions).toMatchObject([{ by: 'ann', reason: 'the source is <b>mended</b>' }]);
    expect((await page('/activity')).html).toContain('&lt;b&gt;mended');
  });

  test('is reset by a program, which names the one that it looked at', async () => {
    await run('fourth', 4);
    const other = await service.post(`${AT}/reset`, { openedAt: '2020-01-01T00:00:00.000Z', reason: 'x' });
    expect([other.status, await other.json()]).toMatchObject([409, { code: 'OTHER_BREAKER' }]);
    const { openedAt } = (await service.json(AT)) as { openedAt: string };
    const reset = await service.post(`${AT}/reset`, { openedAt, reason: 'mended' });
    expect([reset.status, await reset.json()]).toMatchObject([200, { state: 'closed', openedAt }]);
  });

  test('is seen, and not closed, by who may not decide on runs', async () => {
    await run('fifth', 4);
    const analyst = await openService(shop.cwd, { roles: ['analyst'] });
    const { html } = await page('/datasets/shop.sales', analyst);
    expect(html).toContain('id="breaker"');
    expect(html).not.toContain('name="openedAt"');
    expect((await analyst.post(`${AT}/reset`, { reason: 'x' })).status).toBe(403);
    await analyst.close();
    const viewer = await openService(shop.cwd, { roles: ['viewer'] });
    // A viewer's page leads nowhere that they may not see.
    expect((await page('/', viewer)).html).not.toContain('#breaker');
    await viewer.close();
  });
});
