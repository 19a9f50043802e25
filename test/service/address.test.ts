import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openShop, type Shop } from '../cli/shop.ts';
import { type AskedService, HOST, openService } from './open-service.ts';

let shop: Shop;
let service: AskedService;
beforeAll(async () => {
  shop = await openShop();
  service = await openService(shop.cwd);
});
afterAll(() => shop.dispose());

const html = { accept: 'text/html' };
const codeOf = async (answer: Response): Promise<unknown> => [
  answer.status,
  ((await answer.json()) as { code?: unknown }).code,
];

describe('the host', () => {
  test.each(['evil.example', 'evil.example:1', `${HOST}.evil.example`, 'assay.test', ''])(
    'a request for %j is refused, though its token is right (DNS rebinding)',
    async (host) => {
      const answer = await service.ask('/v1/datasets', { headers: { host } });
      expect(await codeOf(answer)).toEqual([421, 'OTHER_HOST']);
    },
  );
});

describe('the token in the address', () => {
  test('works once, becomes a cookie that scripts and other sites do not get, and is gone from the address', async () => {
    const own = await openService(shop.cwd);
    const at = '/runs?status=held&token=the-token-of-the-tests';
    const first = await own.send(at, { headers: html });
    expect([first.status, first.headers.get('location')]).toEqual([303, '/runs?status=held']);
    const cookie = first.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^assay-1=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/);
    expect((await own.send('/runs', { headers: { ...html, cookie } })).status).toBe(200);
    const again = await own.send(at, { headers: html });
    expect([again.status, again.headers.get('set-cookie')]).toEqual([401, null]);
    // Who is signed in already is not sent away.
    expect((await own.send(at, { headers: { ...html, cookie } })).status).toBe(303);
    // For programs it works on.
    expect((await own.ask('/v1/datasets')).status).toBe(200);
  });

  test.each(['', 'x', 'the-token-of-the-test', 'the-token-of-the-testss'])('%j is none', async (token) => {
    const answer = await service.send(`/?token=${token}`, { headers: html });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
  });

  test('leads to no other host', async () => {
    const own = await openService(shop.cwd);
    const answer = await own.send('//evil.example/?token=the-token-of-the-tests', { headers: html });
    expect(answer.headers.get('location') ?? '/').toMatch(/^\/(?!\/)/);
  });
});

describe('the Authorization header', () => {
  test.each(['Bearer wrong', 'Bearer ', 'Basic dGhlLXRva2Vu', 'the-token-of-the-tests'])(
    '%j is nobody, also with the cookie of a session',
    async (authorization) => {
      const own = await openService(shop.cwd);
      const cookie = await own.signIn();
      const answer = await own.send('/v1/datasets', { headers: { authorization, cookie } });
      expect(await codeOf(answer)).toEqual([401, 'NOT_SIGNED_IN']);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="assay"');
    },
  );

  test('a cookie of another server is nobody', async () => {
    const answer = await service.send('/v1/datasets', { headers: { cookie: 'assay-1=invented' } });
    expect(answer.status).toBe(401);
  });
});

describe('a change by cookie', () => {
  const change = async (headers: Record<string, string>, own: AskedService): Promise<Response> =>
    await own.send('/v1/runs/none/refuse', {
      method: 'POST',
      body: '{"reason":"r"}',
      headers: { 'content-type': 'application/json', ...headers },
    });

  test('needs this site as its origin, and the secret of its page', async () => {
    const own = await openService(shop.cwd);
    const cookie = await own.signIn();
    const secret = 'guessed';
    const others: Record<string, string>[] = [
      {},
      { 'x-csrf-token': secret },
      { origin: 'http://evil.example', 'x-csrf-token': secret },
      { origin: 'null', 'x-csrf-token': secret },
      { origin: `http://${HOST}` },
      { origin: `http://${HOST}`, 'x-csrf-token': secret },
    ];
    for (const headers of others)
      expect(await codeOf(await change({ cookie, ...headers }, own))).toEqual([403, 'OTHER_SITE']);
  });

  test('by a form of another site is refused', async () => {
    const own = await openService(shop.cwd);
    const cookie = await own.signIn();
    const answer = await own.send('/runs/none/approve', {
      method: 'POST',
      body: 'digest=d&reason=r&csrf=guessed',
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie, origin: 'http://evil.example' },
    });
    expect(await codeOf(answer)).toEqual([403, 'OTHER_SITE']);
  });
});

describe('what is sent', () => {
  test('may have a MiB', async () => {
    const answer = await service.post('/v1/runs/none/refuse', { reason: 'x'.repeat(1024 * 1024) });
    expect(await codeOf(answer)).toEqual([413, 'TOO_LARGE']);
  });

  test('is JSON, and says that it is', async () => {
    const send = (type: string, body: string): Promise<Response> =>
      service.ask('/v1/runs/none/refuse', { method: 'POST', body, headers: { 'content-type': type } });
    expect(await codeOf(await send('text/plain', '{"reason":"r"}'))).toEqual([415, 'NOT_JSON']);
    expect(await codeOf(await send('application/json', '{'))).toEqual([400, 'REQUEST']);
    expect(await codeOf(await send('application/json', '{"reason":"r","by":"eve"}'))).toEqual([
      400,
      'REQUEST',
    ]);
    expect(await codeOf(await send('application/json', '{"reason":"  "}'))).toEqual([400, 'REQUEST']);
  });

  test('by another method is refused by name', async () => {
    const answer = await service.ask('/v1/datasets', { method: 'DELETE' });
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
    expect(await codeOf(answer)).toEqual([405, 'WRONG_METHOD']);
  });

  test.each([
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/v1/datasets/..%2f..%2fetc',
    '/v1/datasets/..%2f..%2flake.json/contract',
    '/v1/runs/..%2f..%2flake',
    '/v1/runs?dataset=..%2f..%2f..',
    '/v1/decisions?dataset=..%2f..%2f..',
    '/v1/datasets/..%2f..%2f../quarantine',
  ])('%s leads nowhere', async (at) => {
    const { status } = await service.ask(at);
    expect([400, 404]).toContain(status);
  });
});

describe('every answer', () => {
  test('lets browsers run and load nothing from elsewhere', async () => {
    for (const at of ['/', '/healthz', '/v1/datasets', '/nowhere']) {
      const { headers } = await service.ask(at, { headers: html });
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  test('that is an error is a problem (RFC 9457), or for people a page', async () => {
    const problem = await service.ask('/v1/datasets/shop.salse');
    expect(problem.headers.get('content-type')).toBe('application/problem+json');
    expect(await problem.json()).toMatchObject({
      status: 404,
      code: 'NO_CONTRACT',
      type: 'urn:assay:problem:NO_CONTRACT',
    });
    const page = await service.ask('/datasets/shop.salse', { headers: html });
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8']);
    expect(await page.text()).toContain('Did you mean shop.sales?');
  });

  test('beyond the rate of one identity waits', async () => {
    const own = await openService(shop.cwd);
    const answers = await Promise.all(Array.from({ length: 3000 }, () => own.ask('/healthz')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect((await own.send('/healthz')).status).toBe(200);
  });
});
