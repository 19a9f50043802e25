import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openShop, type Shop } from '../cli/shop.ts';
import { type Jar, openJar } from './browser-jar.ts';
import { jwt, startIssuer, type TestIssuer } from './issuer.ts';
import { AUDIENCE } from './oidc-client.ts';
import { type AskedService, HOST, openOidcOf, openService } from './open-service.ts';

const SITE = `http://${HOST}`;
const CALLBACK = `${SITE}/sign-in/callback`;

let shop: Shop;
let issuer: TestIssuer;
let service: AskedService;
beforeAll(async () => {
  shop = await openShop();
  issuer = await startIssuer([CALLBACK]);
  service = await openService(shop.cwd, { issuer: issuer.url });
});
afterAll(async () => {
  await service.close();
  await issuer.stop();
  await shop.dispose();
});

const newJar = (of: AskedService = service): Jar =>
  openJar({ [HOST]: async (request) => await of.send(pathOf(request.url), await plain(request)) });
const pathOf = (url: string): string => url.slice(SITE.length);
async function plain(request: Request): Promise<RequestInit> {
  const { method, headers } = request;
  return { method, headers, ...(method === 'GET' ? {} : { body: await request.text() }) };
}
const bearer = (token: string, of: AskedService = service): Promise<Response> =>
  of.send('/v1/datasets', { headers: { authorization: `Bearer ${token}` } });
const headOf = (head: string): object => JSON.parse(Buffer.from(head, 'base64url').toString());
const codeOf = async (answer: Response): Promise<unknown> => [
  answer.status,
  ((await answer.json()) as { code?: unknown }).code,
];

describe('a person', () => {
  test('who opens a page signs in at the issuer and is at that page, with the roles that the issuer says', async () => {
    const jar = newJar();
    const page = await jar.signIn(`${SITE}/runs?status=held`, 'ann');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8']);
    const text = await page.text();
    expect(text).toContain('<h1>');
    expect(text).toContain('ann');
    // An operator and a steward, and what the issuer says besides is nothing here.
    expect((await jar.send(`${SITE}/activity`)).status).toBe(200);
    expect((await jar.send(`${SITE}/v1/reports/shop.monthly_sales/closings`)).status).toBe(403);
  });

  test('asks the issuer with PKCE, a state, a nonce, and for a code alone', async () => {
    const jar = newJar();
    const first = await jar.send(`${SITE}/datasets`);
    expect([first.status, first.headers.get('location')]).toEqual([303, '/sign-in?to=%2Fdatasets']);
    const second = await jar.send(`${SITE}/sign-in?to=%2Fdatasets`);
    const { searchParams } = new URL(second.headers.get('location') ?? '');
    expect(Object.fromEntries(searchParams)).toEqual({
      client_id: 'assay-tests',
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect(second.headers.get('set-cookie')).toMatch(
      /^assay-1-sign-in=[\w-]{43}; Max-Age=900; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });

  test('of whom the issuer tells only where it is asked has her role', async () => {
    const jar = newJar();
    await jar.signIn(`${SITE}/`, 'una');
    expect((await jar.send(`${SITE}/activity`)).status).toBe(200);
  });

  test('with roles that Assay does not have may do nothing, and is told so', async () => {
    const page = await newJar().signIn(`${SITE}/`, 'eve');
    expect(page.status).toBe(403);
    expect(await page.text()).toContain('eve may not see the datasets');
  });

  test.each([
    '//evil.example/',
    '/\\evil.example',
    'https://evil.example',
    '/%5C%5Cevil',
    '/\t/evil.example',
  ])('is led to no other site: %j', async (to) => {
    const jar = newJar();
    const left = await jar.send(`${SITE}/sign-in?to=${encodeURIComponent(to)}`);
    const landed = await jar.signIn(left.headers.get('location') ?? '', 'vic');
    expect(landed.url === '' || landed.url.startsWith(SITE)).toBe(true);
    expect([200, 404]).toContain(landed.status);
  });

  test('signs out: the cookie is worth nothing any more, wherever it was copied to', async () => {
    const jar = newJar();
    const page = await (await jar.signIn(`${SITE}/`, 'ann')).text();
    const cookie = `assay-1=${jar.cookie(HOST, 'assay-1')}`;
    const csrf = /name="csrf" value="([\w-]+)"/.exec(page)?.[1] ?? '';
    const send = (body: string, origin = SITE) =>
      jar.send(`${SITE}/sign-out`, {
        method: 'POST',
        body,
        headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
      });
    expect((await send('csrf=guessed')).status).toBe(403);
    expect((await send(`csrf=${csrf}`, 'http://evil.example')).status).toBe(403);
    const out = await send(`csrf=${csrf}`);
    expect([out.status, out.headers.get('location')]).toEqual([303, '/signed-out']);
    expect(jar.cookie(HOST, 'assay-1')).toBeUndefined();
    expect((await service.send('/v1/datasets', { headers: { cookie } })).status).toBe(401);
    const goodbye = await (await jar.send(`${SITE}/signed-out`)).text();
    // Where the issuer's own session is ended, as its description says.
    expect(goodbye).toContain(`href="${issuer.url}/session/end?`);
  });

  test('who signs in again has another session, and the one before is over', async () => {
    const jar = newJar();
    await jar.signIn(`${SITE}/`, 'ann');
    const before = jar.cookie(HOST, 'assay-1');
    await jar.signIn(`${SITE}/sign-in`, 'ann');
    expect(jar.cookie(HOST, 'assay-1')).not.toBe(before);
    const old = await service.send('/v1/datasets', { headers: { cookie: `assay-1=${before}` } });
    expect(old.status).toBe(401);
  });
});

describe('the way back', () => {
  /** Signs in at the issuer, and returns the address by which it sends the browser back, which is not followed. */
  async function wayBack(jar: Jar): Promise<string> {
    const left = await jar.send(`${SITE}/sign-in`);
    let found = '';
    const agent = openJar({
      [HOST]: async (request) => {
        found = request.url;
        return new Response('here', { status: 200 });
      },
    });
    await agent.signIn(left.headers.get('location') ?? '', 'ann');
    return found;
  }

  test('works once', async () => {
    const jar = newJar();
    const back = await wayBack(jar);
    expect((await jar.send(back)).headers.get('location')).toBe('/');
    const again = await jar.send(back);
    expect([again.status, again.headers.get('set-cookie')]).toEqual([400, null]);
    expect(await again.text()).toContain('was used already');
  });

  test('is of no use to another browser: nobody is signed in by an address that was sent to them', async () => {
    const back = await wayBack(newJar());
    const other = newJar();
    await other.send(`${SITE}/sign-in`);
    expect((await other.send(back)).status).toBe(400);
    expect(other.cookie(HOST, 'assay-1')).toBeUndefined();
  });

  test('with another state, code or issuer is refused', async () => {
    for (const [name, value] of [
      ['state', 'x'.repeat(43)],
      ['code', 'x'.repeat(43)],
      ['iss', 'https://evil.example'],
    ] as const) {
      const jar = newJar();
      const back = new URL(await wayBack(jar));
      back.searchParams.set(name, value);
      const answer = await jar.send(back.href);
      expect([name, answer.status, jar.cookie(HOST, 'assay-1')]).toEqual([name, 400, undefined]);
    }
  });

  test('whose token has another nonce, or whose code was begun by somebody else, is refused', async () => {
    const { flow } = openOidcOf(issuer.url);
    for (const wrong of [{ nonce: 'x'.repeat(43) }, { verifier: 'x'.repeat(43) }, {}]) {
      const { url, leaving } = await flow.begin();
      let back = '';
      const agent = openJar({
        [HOST]: async ({ url: at }) => {
          back = new URL(at).search;
          return new Response('here');
        },
      });
      await agent.signIn(url.href, 'ann');
      const came = flow.finish(back, { ...leaving, ...wrong }).catch(({ code }: { code: string }) => code);
      expect(await came).toEqual(
        Object.keys(wrong).length > 0 ? 'SIGN_IN' : expect.objectContaining({ name: 'ann' }),
      );
    }
  });

  test('with an error of the issuer says it', async () => {
    const jar = newJar();
    const left = await jar.send(`${SITE}/sign-in`);
    const { searchParams } = new URL(left.headers.get('location') ?? '');
    const state = searchParams.get('state') ?? '';
    const query = new URLSearchParams({
      error: 'access_denied',
      error_description: '<b>no</b>',
      state,
      iss: issuer.url,
    });
    const answer = await jar.send(`${CALLBACK}?${query}`);
    const text = await answer.text();
    expect([answer.status, text.includes('access_denied: &lt;b&gt;no')]).toEqual([400, true]);
  });
});

describe('a program', () => {
  const nowS = Math.floor(Date.now() / 1000);
  const claims = () => ({
    iss: issuer.url,
    aud: AUDIENCE,
    sub: 'program',
    exp: nowS + 600,
    roles: ['viewer'],
  });

  test('with a token that the issuer gave it for this service is let in, with its roles', async () => {
    const token = await issuer.programToken(['ann']);
    expect((await bearer(token)).status).toBe(200);
    const held = { headers: { authorization: `Bearer ${token}` } };
    expect((await service.send('/v1/decisions', held)).status).toBe(200);
    const viewer = await issuer.programToken(['vic']);
    const asked = { headers: { authorization: `Bearer ${viewer}` } };
    expect(await codeOf(await service.send('/v1/decisions', asked))).toEqual([403, 'NOT_PERMITTED']);
    expect((await bearer(await issuer.programToken(['eve']))).status).toBe(403);
  });

  test('with a token for another service is nobody', async () => {
    expect(await codeOf(await bearer(await issuer.programToken(['ann'], 'urn:other')))).toEqual([
      401,
      'NOT_SIGNED_IN',
    ]);
  });

  test('is known by what is signed, and no more', async () => {
    expect((await bearer(issuer.signed(claims()))).status).toBe(200);
    const [head = '', body = '', signature = ''] = issuer.signed(claims()).split('.');
    const forged = Buffer.from(JSON.stringify({ ...claims(), roles: ['admin'] })).toString('base64url');
    const hs = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${forged}`;
    const own = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const byPublicKey = createHmac('sha256', issuer.publicPem).update(hs).digest('base64url');
    const others: Readonly<Record<string, string>> = {
      'other claims': `${head}.${forged}.${signature}`,
      'no signature': `${head}.${body}.`,
      none: jwt({ alg: 'none' }, claims(), undefined),
      None: jwt({ alg: 'None', typ: 'JWT' }, claims(), undefined),
      'HS256 with the public key': `${hs}.${byPublicKey}`,
      'a key of its own': jwt({ alg: 'RS256', ...headOf(head) }, claims(), own),
      'a key that it brings along': jwt({ alg: 'RS256', jwk: own.export({ format: 'jwk' }) }, claims(), own),
      'a critical header': issuer.signed(claims(), { crit: ['x'], x: 1 }),
      'a token to sign out': issuer.signed(claims(), { typ: 'logout+jwt' }),
    };
    for (const [name, token] of Object.entries(others))
      expect([name, (await bearer(token)).status]).toEqual([name, 401]);
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['is over', { exp: nowS - 60 }],
    ['has no end', { exp: undefined }],
    ['begins later', { nbf: nowS + 600 }],
    ['is of another issuer', { iss: 'https://evil.example' }],
    ['is of the issuer with a slash more', { iss: 'slash' }],
    ['is for another', { aud: 'other' }],
    ['is for nobody', { aud: undefined }],
    ['is an ID token', { nonce: 'n' }],
    ['says that it is an ID token', { typ: 'ID' }],
    ['says that it is to refresh others', { typ: 'Refresh' }],
    ['is bound to a key', { cnf: { jkt: 'x' } }],
    ['is an ID token of Cognito', { aud: undefined, client_id: AUDIENCE, token_use: 'id' }],
    ['is an access token of another client', { aud: undefined, client_id: 'other', token_use: 'access' }],
    ['names nobody', { sub: undefined }],
    ['names nobody that can be read', { sub: 'ann\u0000' }],
  ])('with a token that %s is nobody', async (_, wrong) => {
    const { iss, ...rest } = wrong;
    const said = {
      ...claims(),
      ...rest,
      ...(iss === 'slash' ? { iss: `${issuer.url}/` } : iss ? { iss } : {}),
    };
    expect(await codeOf(await bearer(issuer.signed(said)))).toEqual([401, 'NOT_SIGNED_IN']);
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['was over seconds ago', { exp: nowS - 5 }],
    ['is for several', { aud: ['other', AUDIENCE] }],
    ['is of Keycloak', { typ: 'Bearer' }],
    ['is of Cognito', { aud: undefined, client_id: AUDIENCE, token_use: 'access' }],
  ])('with a token that %s is let in', async (_, right) => {
    expect((await bearer(issuer.signed({ ...claims(), ...right }))).status).toBe(200);
  });

  test('is told how to be known, and is led nowhere', async () => {
    const answer = await service.send('/v1/datasets');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="assay"');
    const { detail } = (await answer.json()) as { detail: string };
    expect(detail).toContain(`an access token of ${issuer.url} for '${AUDIENCE}'`);
    // The token that opens a service of one person opens nothing here.
    expect((await service.ask('/v1/datasets')).status).toBe(401);
    const page = await service.send('/?token=the-token-of-the-tests', { headers: { accept: 'text/html' } });
    expect(page.headers.get('set-cookie')).toBeNull();
  });
});

describe('the issuer', () => {
  test('takes another key: new tokens are let in, old ones no more', async () => {
    const other = await startIssuer([CALLBACK]);
    const own = await openService(shop.cwd, { issuer: other.url });
    const old = await other.programToken(['vic']);
    expect((await bearer(old, own)).status).toBe(200);
    await other.rotate();
    expect((await bearer(await other.programToken(['vic']), own)).status).toBe(200);
    expect((await bearer(old, own)).status).toBe(401);
    expect((await newJar(own).signIn(`${SITE}/`, 'ann')).status).toBe(200);
    await other.stop();
    await own.close();
  });

  test('is away: nobody is told that they are nobody', async () => {
    const own = await openService(shop.cwd, { issuer: 'http://127.0.0.1:9' });
    expect(await codeOf(await bearer(issuer.signed({}), own))).toEqual([503, 'ISSUER']);
    const page = await newJar(own).send(`${SITE}/sign-in`);
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5']);
    await own.close();
  });
});
