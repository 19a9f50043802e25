import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAssay } from './assay.ts';
import { runMain } from './run-main.ts';
import { openShop, type Shop } from './shop.ts';

const AUDIENCE = ['--oidc-audience', 'a'];
const ISSUER = ['--oidc-issuer', 'https://login.example.org', ...AUDIENCE];

let shop: Shop;
let child: ReturnType<typeof startAssay>;
let started: { readonly url: string; readonly token: string; readonly pid: number };
let errors = '';
beforeAll(async () => {
  shop = await openShop();
  child = startAssay(['serve', '--port', '0', '--json'], shop);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  started = JSON.parse(String(line));
});
afterAll(async () => {
  child.kill('SIGKILL');
  await shop.dispose();
});

describe('assay serve', () => {
  test('says where it is, by which token, and which process it is', async () => {
    expect(started.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(started.pid).toBe(child.pid);
    const headers = { authorization: `Bearer ${started.token}` };
    const answer = await fetch(`${started.url}/v1/datasets`, { headers });
    expect([answer.status, await answer.json()]).toMatchObject([200, { next: null }]);
    expect((await fetch(`${started.url}/v1/datasets`)).status).toBe(401);
  });

  test('opens the console by its address, with its style', async () => {
    const first = await fetch(`${started.url}/?token=${started.token}`, { redirect: 'manual' });
    const cookie = (first.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect(cookie).toMatch(new RegExp(`^assay-${new URL(started.url).port}=`));
    const page = await fetch(started.url, { headers: { cookie } });
    expect([page.status, await page.text()]).toEqual([
      200,
      expect.stringContaining('Nothing is published yet.'),
    ]);
    const style = await fetch(`${started.url}/assets/style.css`);
    expect([style.status, style.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
  });

  test('a port that is taken is an error that says so', async () => {
    const { port } = new URL(started.url);
    const { code, err } = await runMain(['serve', '--port', port], shop);
    expect([code, err]).toEqual([2, expect.stringContaining(`Port ${port} is taken`)]);
  });

  test.each(['0.0.0.0', '::', '192.168.0.1', 'example.com'])(
    '--host %s would answer others: refused',
    async (host) => {
      const { code, err } = await runMain(['serve', '--host', host], shop);
      expect([code, err]).toEqual([2, expect.stringContaining(`--host ${host} would answer other machines`)]);
    },
  );

  test.each([
    [['--port', 'x'], '--port x is no port'],
    [['--port', '65536'], '--port 65536 is no port'],
    [['--oidc-audience', 'a'], '--oidc-audience says more of an issuer: name it by --oidc-issuer'],
    [['--oidc-issuer', 'https://login.example.org'], '--oidc-audience is missing'],
    [['--oidc-issuer', 'login.example.org', ...AUDIENCE], '--oidc-issuer login.example.org is no address'],
    [['--oidc-issuer', 'http://login.example.org', ...AUDIENCE], 'is asked without TLS'],
    [['--host', '0.0.0.0', ...ISSUER], '--host 0.0.0.0 answers other machines, which must find it by https'],
    [['--public-url', 'https://a.example.org'], 'is for others than you'],
    [['--public-url', 'http://a.example.org', ...ISSUER], 'has no TLS'],
    [['--public-url', 'https://a.example.org/assay', ...ISSUER], 'says more than a host'],
    [['--session-hours', '0'], 'write a whole number of hours'],
    [['--lake', 'nowhere'], 'is not a lake'],
    [['--target', 'aws'], "'assay serve' has no --target aws"],
  ])('%j is refused', async (args, message) => {
    const { code, err } = await runMain(['serve', ...args], shop);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  test('ends well at Ctrl-C', async () => {
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(errors).toBe('');
  });
});
